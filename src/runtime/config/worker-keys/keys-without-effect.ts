/** Keys of Kafka Connect's workers and connectors that are known here and do nothing, each with the reason. docs/settings-without-effect.md */

const DISTRIBUTED = 'only distributed workers use it, and this one is standalone';
const EXACTLY_ONCE = 'exactly-once sources need distributed mode';

/** By the whole key, in alphabetical order. Client settings at the top of a worker file have reasons of their own. */
export const WORKER_KEYS_WITHOUT_EFFECT: ReadonlyMap<string, string> = new Map(
  [
    ...[
      'config.storage.replication.factor',
      'config.storage.topic',
      'connect.protocol',
      'group.id',
      'heartbeat.interval.ms',
      'inter.worker.key.generation.algorithm',
      'inter.worker.key.size',
      'inter.worker.key.ttl.ms',
      'inter.worker.signature.algorithm',
      'inter.worker.verification.algorithms',
      'offset.storage.partitions',
      'offset.storage.replication.factor',
      'offset.storage.topic',
      'rebalance.timeout.ms',
      'scheduled.rebalance.max.delay.ms',
      'session.timeout.ms',
      'status.storage.partitions',
      'status.storage.replication.factor',
      'status.storage.topic',
      'worker.sync.timeout.ms',
      'worker.unsync.backoff.ms',
    ].map((key) => [key, DISTRIBUTED] as const),
    ['exactly.once.source.support', EXACTLY_ONCE] as const,
  ].sort(([a], [b]) => (a < b ? -1 : 1)),
);

/** The same by the first parts of keys. */
export const WORKER_PREFIXES_WITHOUT_EFFECT: ReadonlyMap<string, string> = new Map([
  ['config.storage.', DISTRIBUTED],
  ['internal.key.converter', 'Kafka Connect does not know it since 3.0'],
  ['internal.value.converter', 'Kafka Connect does not know it since 3.0'],
  ['metrics.context.', 'the series at /metrics have the labels of the usual dashboards only'],
  ['offset.storage.', DISTRIBUTED],
  ['status.storage.', DISTRIBUTED],
]);

/** Of source connectors. */
export const SOURCE_KEYS_WITHOUT_EFFECT: ReadonlyMap<string, string> = new Map([
  ['exactly.once.support', EXACTLY_ONCE],
  ['offsets.storage.topic', 'a standalone worker keeps offsets in its file'],
  ['transaction.boundary', EXACTLY_ONCE],
  ['transaction.boundary.interval.ms', EXACTLY_ONCE],
]);

/** Under `consumer.override.` of a source, and the like. */
export const CLIENT_NOT_THERE = 'a connector of this kind has no such client';

/** Of `include` and `exclude` of `topic.creation.default`. */
export const EVERY_OTHER_TOPIC = 'the default group is for every topic that no other group takes';

/** Of client settings, with `bootstrap.servers=embedded:…`. */
export const EMBEDDED = 'the embedded broker has no use for it';

/** Of `ssl.endpoint.identification.algorithm` of a listener. */
export const NO_HOST_NAMES = 'a listener checks certificates of clients, and no host names in them';

/** Why a worker's key that is not declared does nothing; undefined for one that does something, or that nobody knows. */
export function reasonOfWorkerKey(key: string): string | undefined {
  const reason = WORKER_KEYS_WITHOUT_EFFECT.get(key);
  // Most likely a standalone worker's own, misspelt.
  if (reason !== undefined || /^(offset\.storage\.file|config\.storage\.dir)/.test(key)) return reason;
  for (const [prefix, why] of WORKER_PREFIXES_WITHOUT_EFFECT) if (key.startsWith(prefix)) return why;
  return undefined;
}
