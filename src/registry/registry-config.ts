/**
 * The settings of a registry connection, under the names that Confluent's clients use, and those of ours. A converter gets
 * them with its prefix stripped; the worker's own values serve as defaults (merged by the composition root).
 */
import { ConfigDef, ConfigValidators, type ParsedConfig } from '../sdk/config/index.ts';

const connection = {
  'schema.registry.url': {
    type: 'LIST',
    importance: 'high',
    documentation:
      'Comma-separated URLs of the nodes of one schema registry. All of them must belong to the same cluster. Credentials may stand in the URL (https://user:password@host).',
  },
  'schema.registry.url.randomize': {
    type: 'BOOLEAN',
    default: false,
    importance: 'low',
    documentation: 'Begin with any of the URLs instead of the first.',
  },
  'basic.auth.credentials.source': {
    type: 'STRING',
    default: 'URL',
    validator: ConfigValidators.in('URL', 'USER_INFO'),
    importance: 'medium',
    documentation: 'Where the user and password of basic authentication stand: in the URL, or in basic.auth.user.info.',
  },
  'basic.auth.user.info': {
    type: 'PASSWORD',
    default: null,
    importance: 'medium',
    documentation: 'user:password, when basic.auth.credentials.source is USER_INFO.',
  },
  'schema.registry.basic.auth.user.info': {
    type: 'PASSWORD',
    default: null,
    importance: 'low',
    documentation: 'The same as basic.auth.user.info, which comes first; an older name.',
  },
  'bearer.auth.credentials.source': {
    type: 'STRING',
    default: 'STATIC_TOKEN',
    validator: ConfigValidators.in('STATIC_TOKEN'),
    importance: 'low',
    documentation: 'Where the bearer token comes from.',
  },
  'bearer.auth.token': {
    type: 'PASSWORD',
    default: null,
    importance: 'medium',
    documentation: 'A token that is sent with each request as "Authorization: Bearer".',
  },
  'schema.registry.ssl.truststore.location': {
    type: 'STRING',
    default: null,
    importance: 'medium',
    documentation: 'A PEM file with the certificate authorities to trust, instead of those that Node trusts.',
  },
  'schema.registry.ssl.truststore.certificates': {
    type: 'PASSWORD',
    default: null,
    importance: 'low',
    documentation: 'The certificate authorities to trust, as PEM text.',
  },
  'schema.registry.ssl.truststore.type': {
    type: 'STRING',
    default: 'PEM',
    validator: ConfigValidators.in('PEM'),
    importance: 'low',
    documentation: 'The format of the trust store. Convert a JKS or PKCS12 one to PEM.',
  },
  'schema.registry.ssl.keystore.location': {
    type: 'STRING',
    default: null,
    importance: 'medium',
    documentation: "A PEM file with the client's certificate chain and private key, for mutual TLS.",
  },
  'schema.registry.ssl.keystore.certificate.chain': {
    type: 'PASSWORD',
    default: null,
    importance: 'low',
    documentation: "The client's certificate chain, as PEM text.",
  },
  'schema.registry.ssl.keystore.key': {
    type: 'PASSWORD',
    default: null,
    importance: 'low',
    documentation: "The client's private key, as PEM text.",
  },
  'schema.registry.ssl.keystore.type': {
    type: 'STRING',
    default: 'PEM',
    validator: ConfigValidators.in('PEM'),
    importance: 'low',
    documentation: 'The format of the key store. Convert a JKS or PKCS12 one to PEM.',
  },
  'schema.registry.ssl.key.password': {
    type: 'PASSWORD',
    default: null,
    importance: 'low',
    documentation: 'The password of the private key, when it is encrypted.',
  },
  'schema.registry.ssl.endpoint.identification.algorithm': {
    type: 'STRING',
    default: 'https',
    importance: 'low',
    documentation: "Empty: the name in the registry's certificate is not checked.",
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
} as const;

const waiting = {
  'registry.park.timeout.ms': {
    type: 'LONG',
    default: -1,
    validator: ConfigValidators.range({ min: -1 }),
    importance: 'medium',
    documentation:
      'How long a task waits for a registry that is away before it fails. -1 waits without limit. Failovers take 5 to 90 seconds: less than five minutes is not advisable.',
  },
  'registry.patience.ms': {
    type: 'INT',
    default: 100,
    validator: ConfigValidators.range({ min: 0, max: 10_000 }),
    importance: 'low',
    documentation:
      'How long a batch waits for an answer of the registry before it goes on with the partitions that lack nothing.',
  },
  'registry.probe.initial.ms': {
    type: 'INT',
    default: 100,
    validator: ConfigValidators.range({ min: 10 }),
    importance: 'low',
    documentation:
      'The bound of the first wait between two probes of a registry that is away; it doubles from probe to probe.',
  },
  'registry.probe.max.ms': {
    type: 'INT',
    default: 1000,
    validator: ConfigValidators.range({ min: 50 }),
    importance: 'low',
    documentation:
      'The bound of the longest wait between two probes. One prober asks, whatever the number of tasks; each wait is drawn at random up to the bound.',
  },
  'registry.max.in.flight': {
    type: 'INT',
    default: 8,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    documentation: 'Requests to the registry at the same time, for reads and for writes each.',
  },
  'registry.settle.window.ms': {
    type: 'LONG',
    default: 30_000,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    documentation:
      'How long after a change of primary, or after an outage, "not found" is taken for lag rather than for the truth.',
  },
  'unknown.id.max.gap': {
    type: 'LONG',
    default: 1_000_000,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    documentation:
      "A schema id more than this above every node's highest id is bad data, not an id that is still to come.",
  },
  'unknown.id.action': {
    type: 'STRING',
    default: 'wait',
    validator: ConfigValidators.in('wait', 'fail', 'report'),
    importance: 'medium',
    documentation:
      'What happens to a record whose schema id lies a little above the highest id of every node, because the registry lost data: wait for it, fail the task, or report the record as bad data.',
  },
  'unknown.id.timeout.ms': {
    type: 'LONG',
    default: 300_000,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    documentation: 'After which time unknown.id.action fail or report takes effect.',
  },
} as const;

/** Of the worker, not of one registry: all tasks of a host leave through one queue. */
const release = {
  'registry.release.concurrency': {
    type: 'INT',
    default: 16,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    documentation: 'How many waiting tasks are let go at the same time once the registry is back.',
  },
  'registry.release.jitter.ms': {
    type: 'INT',
    default: 50,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    documentation: 'Each task but the first is let go after a random part of this time.',
  },
} as const;

const caching = {
  'schemas.cache.size': {
    type: 'INT',
    default: null,
    importance: 'low',
    documentation: 'How many schemas a converter keeps at hand; max.schemas.per.subject if not set.',
  },
  'max.schemas.per.subject': {
    type: 'INT',
    default: 1000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    documentation: 'How many schemas a converter keeps at hand.',
  },
  'latest.cache.ttl.sec': {
    type: 'LONG',
    default: 60,
    validator: ConfigValidators.range({ min: -1 }),
    importance: 'low',
    documentation:
      'How long the latest version of a subject is believed without asking again; -1 without limit. While the registry is away, the last known one goes on being used.',
  },
} as const;

/** Every setting that a registry connection understands, beside `request.header.*`. */
export const REGISTRY_CONFIG = ConfigDef.of({ ...connection, ...waiting, ...release, ...caching });

/** The settings of {@link REGISTRY_CONFIG} that hold for a whole task host. */
export const RELEASE_CONFIG = ConfigDef.of(release);

export type RegistryConfigValues = ParsedConfig<typeof connection & typeof waiting & typeof release & typeof caching>;
