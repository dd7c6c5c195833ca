/** Every setting of a standalone worker: Kafka Connect 4.1.1's, then ours. */
import { ConfigDef, ConfigValidators } from '../../sdk/config/index.ts';
import { ConfigError } from '../../sdk/errors/index.ts';
import { anOverridePolicy } from './override-policy.ts';
import { REST_CONFIG_KEYS, REST_TLS_KEYS } from './rest-config-keys.ts';

const CONNECT = 'Kafka Connect';
const HOLDFAST = 'Holdfast';

const metricNames = ConfigValidators.lambda((key, value) => {
  for (const name of Array.isArray(value) ? (value as readonly string[]) : []) {
    if (name === 'strimzi' || name === 'exporter') continue;
    throw new ConfigError(`Invalid value ${name} for configuration ${key}: must be one of strimzi, exporter.`);
  }
}, '[strimzi, exporter]');

export const WORKER_CONFIG = ConfigDef.of({
  'bootstrap.servers': {
    type: 'LIST',
    default: ['localhost:9092'],
    importance: 'high',
    group: CONNECT,
    documentation:
      'The Kafka cluster as host:port pairs, or embedded:<folder> for the embedded broker, which keeps its topics in that folder and needs no Kafka.',
  },
  'key.converter': {
    type: 'CLASS',
    validator: ConfigValidators.nonEmpty(),
    importance: 'high',
    group: CONNECT,
    documentation:
      'Converter of record keys, unless a connector names its own. Its settings have the prefix key.converter.',
  },
  'value.converter': {
    type: 'CLASS',
    validator: ConfigValidators.nonEmpty(),
    importance: 'high',
    group: CONNECT,
    documentation:
      'Converter of record values, unless a connector names its own. Its settings have the prefix value.converter.',
  },
  'header.converter': {
    type: 'CLASS',
    validator: ConfigValidators.nonEmpty(),
    default: 'org.apache.kafka.connect.storage.SimpleHeaderConverter',
    importance: 'low',
    group: CONNECT,
    documentation:
      'Converter of record headers, unless a connector names its own. Its settings have the prefix header.converter.',
  },
  'offset.storage.file.filename': {
    type: 'STRING',
    default: '.holdfast/connect.offsets',
    validator: ConfigValidators.nonEmpty(),
    importance: 'high',
    group: CONNECT,
    documentation:
      'File that keeps the offsets of source connectors. Its folder is created; the file is replaced as a whole and is never half written.',
  },
  'offset.flush.interval.ms': {
    type: 'LONG',
    default: 60_000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: CONNECT,
    documentation: 'How often offsets of source and sink tasks are committed, in ms.',
  },
  'offset.flush.timeout.ms': {
    type: 'LONG',
    default: 5_000,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    group: CONNECT,
    documentation: 'How long a stopping task waits for records in flight before its last commit, in ms.',
  },
  'metrics.sample.window.ms': {
    type: 'LONG',
    default: 30_000,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    group: CONNECT,
    documentation: 'Rates, averages and maxima of metrics are over so many ms, times metrics.num.samples.',
  },
  'metrics.num.samples': {
    type: 'INT',
    default: 2,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: CONNECT,
    documentation: 'How many windows of metrics.sample.window.ms rates, averages and maxima of metrics are over.',
  },
  'metrics.recording.level': {
    type: 'STRING',
    default: 'INFO',
    validator: ConfigValidators.in('INFO', 'DEBUG', 'TRACE'),
    importance: 'low',
    group: CONNECT,
    documentation:
      "The finest level of metrics that is recorded. All metrics here, and all of Kafka Connect's own, are of the level INFO.",
  },
  'metrics.names': {
    type: 'LIST',
    default: ['strimzi', 'exporter'],
    importance: 'low',
    group: HOLDFAST,
    validator: metricNames,
    documentation:
      "Under which names /metrics shows Kafka Connect's metrics: strimzi (kafka_connect_worker_task_count: Strimzi's rules), exporter (kafka_connect_connect_worker_metrics_task_count: the whole name of the MBean, as most other exporters and reporters do), both, or, left empty, none.",
  },
  'task.shutdown.graceful.timeout.ms': {
    type: 'LONG',
    default: 5_000,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    group: CONNECT,
    documentation: 'How long all tasks together have to stop before they are abandoned, in ms.',
  },
  'plugin.path': {
    type: 'LIST',
    default: null,
    importance: 'low',
    group: CONNECT,
    documentation:
      'Folders with plugins, or names of npm packages. A folder that is a package is one plugin; otherwise each package and each .js or .mjs file directly in it is one.',
  },
  'plugin.discovery': {
    type: 'STRING',
    default: 'hybrid_warn',
    validator: ConfigValidators.inIgnoreCase('only_scan', 'service_load', 'hybrid_warn', 'hybrid_fail'),
    importance: 'low',
    group: CONNECT,
    documentation: "Accepted for Kafka Connect's sake: a plugin here always says what it offers in its manifest.",
  },
  ...REST_CONFIG_KEYS,
  'config.providers': {
    type: 'LIST',
    default: [],
    importance: 'low',
    group: CONNECT,
    documentation:
      'Names of config providers, each with its class under config.providers.<name>.class and its settings under config.providers.<name>.param. Settings of the worker and of connectors may then have variables: a dollar sign and {name:path:key}.',
  },
  'topic.creation.enable': {
    type: 'BOOLEAN',
    default: true,
    importance: 'low',
    group: CONNECT,
    documentation: 'Whether source connectors may have their topics created by topic.creation.* settings.',
  },
  'topic.tracking.enable': {
    type: 'BOOLEAN',
    default: true,
    importance: 'low',
    group: CONNECT,
    documentation:
      'Whether GET /connectors/{connector}/topics tells the topics that a connector has written to or read from.',
  },
  'topic.tracking.allow.reset': {
    type: 'BOOLEAN',
    default: true,
    importance: 'low',
    group: CONNECT,
    documentation: 'Whether PUT /connectors/{connector}/topics/reset may be used.',
  },
  'connector.client.config.override.policy': {
    type: 'STRING',
    default: 'All',
    validator: anOverridePolicy,
    importance: 'medium',
    group: CONNECT,
    documentation: 'Which client settings connectors may override: All, None, or Principal (only the credentials).',
  },
  'client.id': {
    type: 'STRING',
    default: '',
    importance: 'low',
    group: CONNECT,
    documentation: 'Prefix of client ids at the broker.',
  },
  'schema.store.dir': {
    type: 'STRING',
    default: null,
    importance: 'medium',
    group: HOLDFAST,
    documentation:
      'Folder of the durable schema store, from which a worker decodes and encodes what it knew while the whole registry is down; by default the folder schema-store beside the offset file. Not together with schema.store.topic.',
  },
  'schema.store.topic': {
    type: 'STRING',
    default: null,
    validator: ConfigValidators.nonEmpty(),
    importance: 'medium',
    group: HOLDFAST,
    documentation:
      'Keeps the schema store in this topic instead of a folder, for workers that lose their disk. It needs one partition and cleanup.policy=compact, and is created so when it is missing. Several workers may share it.',
  },
  'schema.store.replication.factor': {
    type: 'SHORT',
    default: -1,
    validator: ConfigValidators.lambda((key, value) => {
      if (typeof value === 'number' && value !== -1 && value < 1) {
        throw new ConfigError(
          `Invalid value ${value} for configuration ${key}: it must be positive, or -1 for the broker's default.`,
        );
      }
    }, "positive, or -1 for the broker's default"),
    importance: 'low',
    group: HOLDFAST,
    documentation: "Replicas of schema.store.topic when it is created; -1 for the broker's default.",
  },
  'schema.store.load.timeout.ms': {
    type: 'LONG',
    default: 10_000,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'How long converters wait for schema.store.topic to be read after a start, in ms while the broker is there. After that they go on, and the store fills meanwhile.',
  },
  'schema.store.max.entries': {
    type: 'INT',
    default: 200_000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'How many schemas, proofs and versions the schema store keeps. Those written or used longest ago make room. Workers that share a topic need the same limits.',
  },
  'schema.store.max.bytes': {
    type: 'LONG',
    default: 64 * 1024 * 1024,
    validator: ConfigValidators.range({ min: 1024 * 1024 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'How many bytes of them the schema store keeps, as for schema.store.max.entries. The file may take some four times as much until it is rewritten.',
  },
  'status.parked.enable': {
    type: 'BOOLEAN',
    default: true,
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'Whether the status of a task has fields that Kafka Connect does not know: parked, what it waits for, and stuck, which method of its plugin does not return. Turn it off for clients that refuse unknown fields.',
  },
  'metrics.enable': {
    type: 'BOOLEAN',
    default: true,
    importance: 'low',
    group: HOLDFAST,
    documentation: 'Whether the REST API serves metrics for Prometheus at /metrics.',
  },
  'config.storage.dir': {
    type: 'STRING',
    default: null,
    validator: ConfigValidators.nonEmpty(),
    importance: 'medium',
    group: HOLDFAST,
    documentation:
      'Folder that keeps connectors, their configurations and target states over a restart: those of the REST API, and what it did to those of connector files. It is created, for its owner only, as configurations hold passwords. Without it connectors live as long as the worker.',
  },
  'connector.files.dir': {
    type: 'STRING',
    default: null,
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'Folder whose .properties and .json files are started as connectors, in the order of their names, after those of the command line.',
  },
  'log.level': {
    type: 'STRING',
    default: 'info',
    validator: ConfigValidators.inIgnoreCase('trace', 'debug', 'info', 'warn', 'error', 'fatal'),
    importance: 'low',
    group: HOLDFAST,
    documentation: 'The least level that is logged.',
  },
  'task.isolation': {
    type: 'STRING',
    default: 'inline',
    validator: ConfigValidators.inIgnoreCase('inline', 'shared', 'own'),
    importance: 'medium',
    group: HOLDFAST,
    documentation:
      'Where tasks run: inline in the thread of the worker itself, shared in one of task.host.threads threads, or own in a thread for the tasks of that connector only. A plugin that blocks its thread takes nothing but that thread away. A connector may set it for itself.',
  },
  'task.host.threads': {
    type: 'INT',
    default: 0,
    validator: ConfigValidators.range({ min: 0, max: 256 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'How many threads the tasks with task.isolation=shared share. 0: one less than there are processors, and one at least.',
  },
  'task.host.memory.max.mb': {
    type: 'INT',
    default: 0,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'How much memory the objects of one thread of tasks may take, in MiB. A thread that needs more ends, and its tasks fail. 0: what Node gives it. A connector with task.isolation=own may set it for itself.',
  },
  'task.call.warn.ms': {
    type: 'LONG',
    default: 5_000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'How long a call of a plugin may take, or block the loop of its thread, before the log and the status name it. Waiting for records in poll is no such call.',
  },
  'max.inflight.batches': {
    type: 'INT',
    default: 5,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'How many batches of a source task may be on their way to the broker at once. A connector may set it for itself.',
  },
  'max.inflight.bytes': {
    type: 'LONG',
    default: 8 * 1024 * 1024,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'How many bytes of a source task may be on their way to the broker at once. One batch may always go. A connector may set it for itself.',
  },
  'park.timeout.ms': {
    type: 'LONG',
    default: -1,
    validator: ConfigValidators.range({ min: -1 }),
    importance: 'medium',
    group: HOLDFAST,
    documentation:
      'How long a task may be parked before it fails, in ms; -1 for ever. A connector may set it for itself.',
  },
  'park.timeout.action': {
    type: 'STRING',
    default: 'fail',
    validator: ConfigValidators.in('fail', 'warn'),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'What happens to a task that was parked for park.timeout.ms: it fails, or a warning is logged and it stays parked. A connector may set it for itself.',
  },
  'park.backoff.initial.ms': {
    type: 'INT',
    default: 250,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'The first wait of a parked task that nobody tells when to go on, as for a target system, in ms; it doubles. A connector may set it for itself.',
  },
  'park.backoff.max.ms': {
    type: 'INT',
    default: 10_000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: HOLDFAST,
    documentation: 'The longest of these waits, in ms. A connector may set it for itself.',
  },
  'retry.backoff.initial.ms': {
    type: 'INT',
    default: 250,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      "The first wait after a RetriableError of a task's poll or put, in ms; it doubles. A connector may set it for itself.",
  },
  'retry.backoff.max.ms': {
    type: 'INT',
    default: 10_000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: HOLDFAST,
    documentation: 'The longest of these waits, in ms. A connector may set it for itself.',
  },
  'sink.heartbeat.interval.ms': {
    type: 'INT',
    default: 1_000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'How long a sink task that has no records goes without a put of none, in ms. A connector may set it for itself.',
  },
  'embedded.num.partitions': {
    type: 'INT',
    default: 1,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: HOLDFAST,
    documentation: 'Partitions of topics that the embedded broker creates by itself.',
  },
});

/** First parts of keys that are not of the worker itself but handed on to whom they name. */
export const WORKER_PREFIXES = [
  'key.converter.',
  'value.converter.',
  'header.converter.',
  'producer.',
  'consumer.',
  'admin.',
  'config.providers.',
  'registry.',
  'schema.registry.',
  'unknown.id.',
  'basic.auth.',
  'bearer.auth.',
  'proxy.',
  // Kafka client settings at top level, for the worker's own clients.
  'ssl.',
  ...REST_TLS_KEYS,
  'sasl.',
  'security.',
] as const;

/** Keys of distributed workers: a file written for one is a standalone worker's too. */
const DISTRIBUTED_ONLY =
  /^(group\.id|connect\.protocol|exactly\.once\.source\.support|heartbeat\.interval\.ms|rebalance\.timeout\.ms|session\.timeout\.ms|scheduled\.rebalance\.max\.delay\.ms|worker\.(sync|unsync).*|inter\.worker\..*|(config|offset|status)\.storage\.(topic|replication\.factor|partitions)(\..*)?)$/;

/** True for a key of Kafka Connect that is accepted and does nothing. */
export function hasNoEffect(key: string): boolean {
  return WORKER_KEYS_WITHOUT_EFFECT.has(key) || DISTRIBUTED_ONLY.test(key);
}

/** Keys of Kafka Connect that this version accepts and does nothing with; said once at start. */
const WORKER_KEYS_WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  'client.dns.lookup',
  'connections.max.idle.ms',
  'header.converter.plugin.version',
  'key.converter.plugin.version',
  'metadata.max.age.ms',
  'metric.reporters',
  'receive.buffer.bytes',
  'reconnect.backoff.max.ms',
  'reconnect.backoff.ms',
  'request.timeout.ms',
  'retry.backoff.ms',
  'send.buffer.bytes',
  'value.converter.plugin.version',
]);
