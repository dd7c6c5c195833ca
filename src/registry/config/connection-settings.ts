/** How a registry is reached: URLs, proxy, time limits. Names as Confluent's clients have them. */
import { ConfigValidators } from '../../sdk/config/index.ts';

export const CONNECTION_SETTINGS = {
  'schema.registry.url': {
    type: 'LIST',
    importance: 'high',
    documentation:
      'Comma-separated URLs of the nodes of one schema registry. All of them must belong to the same cluster. Reads are shared among them, writes begin with the primary. Credentials may stand in the URL (https://user:password@host). With one URL only, several nodes may stand behind it: a failure is tried again on a new connection.',
  },
  'schema.registry.url.randomize': {
    type: 'BOOLEAN',
    default: false,
    importance: 'low',
    documentation: 'Begin with any of the URLs instead of the first.',
  },
  'http.connect.timeout.ms': {
    type: 'INT',
    default: 2000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    documentation: 'How long a connection to a node may take.',
  },
  'http.read.timeout.ms': {
    type: 'INT',
    default: 5000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    documentation:
      'How long a node may take for a whole answer. A node that passes requests on to a hung primary holds them for up to a minute.',
  },
  'proxy.host': {
    type: 'STRING',
    default: null,
    importance: 'low',
    documentation: 'The HTTP proxy through which every node is reached; https through a tunnel (CONNECT).',
  },
  'proxy.port': {
    type: 'INT',
    default: null,
    validator: ConfigValidators.nullOr(ConfigValidators.range({ min: 1, max: 65_535 })),
    importance: 'low',
    documentation: 'The port of the proxy.',
  },
  'proxy.user.info': {
    type: 'PASSWORD',
    default: null,
    importance: 'low',
    documentation: 'user:password for the proxy, if it asks for them.',
  },
} as const;
