import { ConfigError } from '../../sdk/errors/index.ts';
import { CLIENT_CONFIGS, type ClientKind } from '../kafka/client-config-def.ts';
import { CLIENT_SETTINGS_INVALID } from '../kafka/kafka-errors.ts';
import type { ClientSettings } from '../ports.ts';

/** Settings of Kafka's clients that clients of the embedded broker use. */
export const EMBEDDED_CLIENT_SETTINGS = [
  'allow.auto.create.topics',
  'auto.offset.reset',
  'batch.size',
  'check.crcs',
  'client.id',
  'compression.type',
  'delivery.timeout.ms',
  'fetch.max.bytes',
  'group.instance.id',
  'max.partition.fetch.bytes',
  'max.poll.interval.ms',
  'max.request.size',
  'partition.assignment.strategy',
  'transactional.id',
] as const;

/** What Kafka's own client refuses of its settings. @throws ConfigError `holdfast.broker.settings` that names every mistake */
export function checkClientSettings(kind: ClientKind, settings: ClientSettings): void {
  const problems = CLIENT_CONFIGS[kind]
    .pick((key) => Object.hasOwn(settings, key))
    .validate(settings)
    .flatMap(({ name, errorMessages }) => errorMessages.slice(0, 1).map((message) => ({ key: name, message })));
  if (problems.length === 0) return;
  const list = problems.map(({ key, message }) => (message.includes(key) ? message : `${key} ${message}`)).join('; ');
  throw new ConfigError(`The settings of a client of the embedded broker are wrong: ${list}.`, {
    code: CLIENT_SETTINGS_INVALID,
    problems,
  });
}

/** A whole number of at least 0 from a client's settings. @throws ConfigError for anything else */
export function integerSetting(settings: ClientSettings, key: string, byDefault: number): number {
  const text = settings[key];
  if (text === undefined) return byDefault;
  const value = Number(text);
  if (!/^\d+$/.test(text.trim()) || !Number.isFinite(value)) {
    throw new ConfigError(`${key}=${text} must be a whole number of at least 0.`, {
      problems: [{ key, message: `must be a whole number of at least 0, and is ${text}` }],
    });
  }
  return value;
}

/** true or false from settings, in Java's spelling. @throws ConfigError for anything else */
export function booleanSetting(settings: ClientSettings, key: string, byDefault: boolean): boolean {
  const text = settings[key]?.trim().toLowerCase();
  if (text === undefined) return byDefault;
  if (text === 'true' || text === 'false') return text === 'true';
  throw new ConfigError(`${key}=${text} must be true or false.`, {
    problems: [{ key, message: `must be true or false, and is ${text}` }],
  });
}
