/** What Kafka Connect 4.1.1 has for every worker (2.1, 2.2), but for the REST API and metrics. */
import { ConfigValidators, invalidValue } from '../../../sdk/config/index.ts';
import { anOverridePolicy } from '../override-policy.ts';

const CONNECT = 'Kafka Connect';

const EMBEDDED = 'embedded:';
const HOST_PORT = /^([a-z0-9_]+:\/\/)?(\[[0-9a-f:.%]+\]|[^:/\s]+):(\d{1,5})$/i;

const servers = ConfigValidators.lambda((key, value) => {
  const list = Array.isArray(value) ? (value as readonly string[]).filter((server) => server !== '') : [];
  const [first = ''] = list;
  if (first.startsWith(EMBEDDED) && list.length === 1 && first.length > EMBEDDED.length) return;
  const isServer = (text: string): boolean => {
    const port = Number(HOST_PORT.exec(text)?.[3]);
    return port >= 1 && port <= 65_535;
  };
  const wrong = list.find((server) => !isServer(server));
  if (list.length > 0 && wrong === undefined) return;
  throw invalidValue(
    key,
    Array.isArray(value) ? value.join(',') : value,
    `${wrong === undefined ? '' : `${wrong} is no server: `}write host:port pairs for a Kafka cluster, or embedded:<folder> for the embedded broker.`,
  );
}, 'host:port pairs, or embedded:<folder>');

export const CONNECT_KEYS = {
  'bootstrap.servers': {
    type: 'LIST',
    default: ['localhost:9092'],
    validator: servers,
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
    documentation:
      'What becomes of something in plugin.path that is no plugin, or none that can be used: it is left out with a warning (hybrid_warn, only_scan) or without one (service_load), or the worker does not start and names it (hybrid_fail).',
  },
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
} as const;
