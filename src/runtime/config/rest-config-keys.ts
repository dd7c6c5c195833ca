/** Settings of the REST API: Kafka Connect 4.1.1's (2.1, 1.8), then ours. */
import { ConfigValidators } from '../../sdk/config/index.ts';
import { ConfigError } from '../../sdk/errors/index.ts';
import { parseHeaderRules } from './header-rules.ts';

const CONNECT = 'Kafka Connect';
const HOLDFAST = 'Holdfast';

/** With and without its package. */
export const BASIC_AUTH_EXTENSION =
  /^(org\.apache\.kafka\.connect\.rest\.basic\.auth\.extension\.)?BasicAuthSecurityRestExtension$/;

const LISTENER = /^([^/:]+):\/\/[^/]*:(\d+)\/?$/;
const MAX_PORT = 65_535;

/** Kafka Connect looks at protocol and port only when it listens; so all mistakes are named together. */
function listenersValidator(mayBeEmpty: boolean) {
  return ConfigValidators.lambda((key, value) => {
    if (!Array.isArray(value)) return;
    const invalid = (why: string): never => {
      throw new ConfigError(`Invalid value ${value.join(',')} for configuration ${key}: ${why}`);
    };
    if (value.length === 0 && !mayBeEmpty) {
      throw new ConfigError(
        `Invalid value for ${key}, at least one URL is expected, ex: http://localhost:8080,https://localhost:8443.`,
      );
    }
    const listeners = (value as readonly string[]).map((listener) => listener.trim());
    if (listeners.includes('')) throw new ConfigError(`Empty URL found when parsing ${key} list.`);
    for (const listener of listeners) {
      const [, scheme, port] = LISTENER.exec(listener) ?? [];
      if (scheme === undefined) invalid("Listener doesn't have the right format (protocol://hostname:port).");
      if (!/^https?$/i.test(scheme ?? '')) invalid('Listener protocol must be either "http" or "https".');
      if (Number(port) > MAX_PORT) invalid(`${port} is no port: ports go up to ${MAX_PORT}.`);
    }
  }, 'list of URLs such as http://127.0.0.1:8083');
}

const headerRules = ConfigValidators.lambda((_key, value) => {
  if (typeof value === 'string') parseHeaderRules(value);
}, 'list of rules such as add Cache-Control: no-store');

const extensions = ConfigValidators.lambda((key, value) => {
  for (const name of Array.isArray(value) ? (value as readonly string[]) : []) {
    if (BASIC_AUTH_EXTENSION.test(name)) continue;
    throw new ConfigError(
      `Invalid value ${name} for configuration ${key}: a REST extension is a class of Java, which does not run here; only BasicAuthSecurityRestExtension is built in. Remove it, or put what it does into a proxy before the listener.`,
    );
  }
}, 'empty, or org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension');

export const REST_CONFIG_KEYS = {
  listeners: {
    type: 'LIST',
    default: ['http://:8083'],
    validator: listenersValidator(false),
    importance: 'low',
    group: CONNECT,
    documentation:
      'Where the REST API listens: http://host:port or https://host:port, several with commas; without a host on all interfaces. The certificate of https is under listeners.https.ssl., or, if nothing is, in the ssl. settings of the worker.',
  },
  'admin.listeners': {
    type: 'LIST',
    default: null,
    validator: listenersValidator(true),
    importance: 'low',
    group: CONNECT,
    documentation:
      'Where /admin is served, and nothing else; by default it is on the main listeners. Empty: nowhere. The certificate of https is under admin.listeners.https.ssl., or, if nothing is, in the ssl. settings of the worker.',
  },
  'rest.advertised.host.name': {
    type: 'STRING',
    default: null,
    importance: 'low',
    group: CONNECT,
    documentation: 'Host in the worker_id of statuses.',
  },
  'rest.advertised.port': {
    type: 'INT',
    default: null,
    validator: ConfigValidators.nullOr(ConfigValidators.range({ min: 1, max: MAX_PORT })),
    importance: 'low',
    group: CONNECT,
    documentation: 'Port in the worker_id of statuses.',
  },
  'rest.advertised.listener': {
    type: 'STRING',
    default: null,
    validator: ConfigValidators.lambda((key, value) => {
      if (typeof value === 'string' && !/^(https?)?$/i.test(value)) {
        throw new ConfigError(`Invalid value ${value} for configuration ${key}: it must be http or https.`);
      }
    }, 'http or https'),
    importance: 'low',
    group: CONNECT,
    documentation:
      'Whose host and port the worker_id of statuses has: http or https; by default the first http listener, otherwise the first of https.',
  },
  'access.control.allow.origin': {
    type: 'STRING',
    default: '',
    importance: 'low',
    group: CONNECT,
    documentation:
      'Pages of these origins may call the REST API from a browser: a comma list of origins or regular expressions, or * for all. Empty: none.',
  },
  'access.control.allow.methods': {
    type: 'STRING',
    default: '',
    importance: 'low',
    group: CONNECT,
    documentation: 'Methods that such pages may use, as a comma list; GET, POST and HEAD by default.',
  },
  'response.http.headers.config': {
    type: 'STRING',
    default: '',
    validator: headerRules,
    importance: 'low',
    group: CONNECT,
    documentation:
      'Headers for every answer: rules [action] [name]:[value] with commas between them, in double quotes if they have commas. The action is set, add, setDate or addDate; a date is given in ms from now.',
  },
  'rest.extension.classes': {
    type: 'LIST',
    default: [],
    validator: extensions,
    importance: 'low',
    group: CONNECT,
    documentation:
      'BasicAuthSecurityRestExtension asks every client of the main listeners for user and password: those of rest.basic.auth.file, or of the JAAS file that java.security.auth.login.config names, here or with -D in KAFKA_OPTS. Other extensions are refused.',
  },
  'ssl.client.auth': {
    type: 'STRING',
    default: 'none',
    validator: ConfigValidators.in('required', 'requested', 'none'),
    importance: 'low',
    group: CONNECT,
    documentation:
      'Whether clients of https listeners need a certificate; listeners.https.ssl.client.auth if the certificate is under that prefix.',
  },
  'rest.basic.auth.file': {
    type: 'STRING',
    default: null,
    validator: ConfigValidators.nonEmpty(),
    importance: 'medium',
    group: HOLDFAST,
    documentation:
      'Properties file of user=password for BasicAuthSecurityRestExtension, in place of a JAAS file. Read at start.',
  },
  'java.security.auth.login.config': {
    type: 'STRING',
    default: null,
    validator: ConfigValidators.nonEmpty(),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'JAAS file whose entry KafkaConnect names the PropertyFileLoginModule and its file, for BasicAuthSecurityRestExtension. -Djava.security.auth.login.config=… in KAFKA_OPTS does the same.',
  },
} as const;

const TLS_NAMES = [
  'client.auth',
  'protocol',
  'provider',
  'cipher.suites',
  'enabled.protocols',
  'keystore.type',
  'keystore.location',
  'keystore.password',
  'key.password',
  'keystore.key',
  'keystore.certificate.chain',
  'truststore.certificates',
  'truststore.type',
  'truststore.location',
  'truststore.password',
  'keymanager.algorithm',
  'trustmanager.algorithm',
  'endpoint.identification.algorithm',
  'secure.random.implementation',
  'engine.factory.class',
] as const;

/** The certificates of https listeners, which are read beside the definition: all of a prefix, or all of the worker's own `ssl.` keys. */
export const REST_TLS_KEYS: readonly string[] = ['listeners.https.ssl.', 'admin.listeners.https.ssl.'].flatMap(
  (prefix) => TLS_NAMES.map((name) => prefix + name),
);
