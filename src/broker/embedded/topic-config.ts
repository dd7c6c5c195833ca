import { ConfigError, type ConfigProblem } from '../../sdk/errors/index.ts';
import { TOPIC_INVALID } from '../broker-errors.ts';

/** Settings of a topic that the embedded broker knows: Kafka's names, defaults of Kafka 4.1. Times in ms, sizes in bytes, -1 for no limit. */
export interface TopicConfig {
  readonly cleanupPolicy: { readonly compact: boolean; readonly delete: boolean };
  readonly deleteRetentionMs: number;
  readonly maxMessageBytes: number;
  readonly timestampType: 'CreateTime' | 'LogAppendTime';
  readonly timestampAfterMaxMs: number;
  readonly timestampBeforeMaxMs: number;
  readonly minCleanableDirtyRatio: number;
  readonly retentionBytes: number;
  readonly retentionMs: number;
  readonly segmentBytes: number;
  readonly segmentMs: number;
}

interface Definition {
  readonly default: string;
  /** What is wrong with the value, or null. */
  readonly check: (value: string) => string | null;
}

const MAX_INT = 2 ** 31 - 1;

function integer(minimum: number, maximum = Number.MAX_SAFE_INTEGER): Definition['check'] {
  return (value) => {
    if (!/^[+-]?\d+$/.test(value)) return 'must be a whole number';
    const number = Number(value);
    if (number < minimum) return `must be at least ${minimum}`;
    return number > maximum && BigInt(value) > greatest(maximum) ? `must be at most ${maximum}` : null;
  };
}

/** Kafka's users write Long.MAX_VALUE for "no limit" where any 64-bit number is taken. */
function greatest(maximum: number): bigint {
  return maximum === Number.MAX_SAFE_INTEGER ? 2n ** 63n - 1n : BigInt(maximum);
}

function oneOf(...values: readonly string[]): Definition['check'] {
  return (value) => (values.includes(value) ? null : `must be one of ${values.join(', ')}`);
}

const LONG_MAX = '9223372036854775807';

const DEFINITIONS: Readonly<Record<string, Definition>> = {
  'cleanup.policy': {
    default: 'delete',
    check: (value) =>
      value.split(',').every((policy) => ['compact', 'delete'].includes(policy.trim()))
        ? null
        : 'must be compact, delete, or both separated by a comma',
  },
  'delete.retention.ms': { default: '86400000', check: integer(0) },
  'max.message.bytes': { default: '1048588', check: integer(0, MAX_INT) },
  'message.timestamp.after.max.ms': { default: '3600000', check: integer(0) },
  'message.timestamp.before.max.ms': { default: LONG_MAX, check: integer(0) },
  'message.timestamp.type': { default: 'CreateTime', check: oneOf('CreateTime', 'LogAppendTime') },
  'min.cleanable.dirty.ratio': {
    default: '0.5',
    check: (value) => (Number(value) >= 0 && Number(value) <= 1 ? null : 'must be between 0 and 1'),
  },
  'retention.bytes': { default: '-1', check: integer(-1) },
  'retention.ms': { default: '604800000', check: integer(-1) },
  // Kafka 4 asks for a mebibyte at least; smaller ones do no harm here.
  'segment.bytes': { default: '1073741824', check: integer(14, MAX_INT) },
  'segment.ms': { default: '604800000', check: integer(1) },
  // Accepted with the one value that says what happens here anyway, because tools set them by habit.
  'compression.type': { default: 'producer', check: oneOf('producer') },
  'min.insync.replicas': { default: '1', check: oneOf('1') },
  'unclean.leader.election.enable': { default: 'false', check: oneOf('false') },
};

/** Every mistake in a topic's settings, named at once, as a ConfigError. */
export function checkTopicConfigs(topic: string, configs: Readonly<Record<string, string>>): void {
  const problems: ConfigProblem[] = [];
  for (const [key, value] of Object.entries(configs)) {
    const definition = Object.hasOwn(DEFINITIONS, key) ? DEFINITIONS[key] : undefined;
    const message =
      definition === undefined
        ? `is not supported by the embedded broker; it knows ${Object.keys(DEFINITIONS).join(', ')}`
        : definition.check(value);
    if (message !== null) problems.push({ key, message: `${key}=${value} ${message}` });
  }
  if (problems.length === 0) return;
  throw new ConfigError(
    `Topic '${topic}' can't have these settings: ${problems.map((problem) => problem.message).join('; ')}.`,
    { code: TOPIC_INVALID, problems },
  );
}

/** The effective settings by Kafka's names: defaults, with the topic's own above them. */
export function effectiveConfigs(overrides: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const effective = new Map<string, string>();
  for (const [key, { default: value }] of Object.entries(DEFINITIONS)) effective.set(key, value);
  for (const [key, value] of Object.entries(overrides)) effective.set(key, value);
  return effective;
}

/** Reads checked settings. */
export function topicConfig(overrides: Readonly<Record<string, string>>): TopicConfig {
  const effective = effectiveConfigs(overrides);
  const text = (key: string): string => effective.get(key) ?? '';
  const policies = text('cleanup.policy').split(',');
  const has = (policy: string): boolean => policies.some((one) => one.trim() === policy);
  return {
    cleanupPolicy: { compact: has('compact'), delete: has('delete') },
    deleteRetentionMs: Number(text('delete.retention.ms')),
    maxMessageBytes: Number(text('max.message.bytes')),
    timestampType: text('message.timestamp.type') === 'LogAppendTime' ? 'LogAppendTime' : 'CreateTime',
    timestampAfterMaxMs: Number(text('message.timestamp.after.max.ms')),
    timestampBeforeMaxMs: Number(text('message.timestamp.before.max.ms')),
    minCleanableDirtyRatio: Number(text('min.cleanable.dirty.ratio')),
    retentionBytes: Number(text('retention.bytes')),
    retentionMs: Number(text('retention.ms')),
    segmentBytes: Number(text('segment.bytes')),
    segmentMs: Number(text('segment.ms')),
  };
}
