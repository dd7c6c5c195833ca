/** Keys of a connector's configuration that nothing reads, for the one warning about them. */
import { HOST_SETTINGS } from './task-spec.ts';

/** Looked after by whom they are for: Kafka clients and topics have settings that nobody lists, converters are asked by themselves. */
const PREFIXES = {
  source: ['producer.override.', 'admin.override.', 'topic.creation.'],
  sink: ['producer.override.', 'consumer.override.', 'admin.override.'],
} as const;
/** Of exactly-once sources, which need distributed mode: Kafka Connect's standalone worker takes them without a word. */
const EXACTLY_ONCE: ReadonlySet<string> = new Set([
  'exactly.once.support',
  'transaction.boundary',
  'transaction.boundary.interval.ms',
  'offsets.storage.topic',
]);
const CONVERTER = /^(key|value|header)\.converter\./;

export function unusedKeys(
  type: 'source' | 'sink',
  config: Readonly<Record<string, string | null>>,
  known: ReadonlySet<string>,
): readonly string[] {
  const hostSettings: readonly string[] = HOST_SETTINGS;
  return Object.entries(config)
    .filter(([key, value]) =>
      type === 'source' && EXACTLY_ONCE.has(key)
        ? (value ?? '').trim().toLowerCase() !== 'requested'
        : !known.has(key) &&
          !hostSettings.includes(key) &&
          !CONVERTER.test(key) &&
          !PREFIXES[type].some((prefix) => key.startsWith(prefix)),
    )
    .map(([key]) => key);
}
