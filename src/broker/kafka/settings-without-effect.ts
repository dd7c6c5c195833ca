/** Settings of Kafka's clients (4.1.1) that are known here and do nothing, each with the reason. docs/guides/settings-without-effect.md */
import { parseConfigValue, renderConfigValue } from '../../sdk/config/index.ts';
import type { ClientSettings } from '../ports.ts';
import { CLIENT_CONFIGS, type ClientKind } from './client-config-def.ts';

const JAVA = 'classes of Java do not run here';
const CONNECT = 'the worker does this itself, as Kafka Connect does';
const CLIENT = 'the client of Holdfast has nothing that it could tune';

const REASONS: readonly (readonly [reason: string, keys: string])[] = [
  [JAVA, 'interceptor.classes metric.reporters partitioner.class security.providers'],
  [
    CONNECT,
    'auto.commit.interval.ms enable.auto.commit key.deserializer key.serializer max.poll.records value.deserializer value.serializer',
  ],
  [
    'groups use the classic protocol, and leave when they stop',
    'group.protocol group.remote.assignor internal.leave.group.on.close internal.throw.on.fetch.stable.offset.unsupported share.acknowledgement.mode',
  ],
  [
    'producers are idempotent, and there are no transactions: exactly-once sources need distributed mode',
    'transaction.timeout.ms transaction.two.phase.commit.enable transactional.id',
  ],
  [
    "records go to partitions as Kafka's default partitioner sends them",
    'partitioner.adaptive.partitioning.enable partitioner.availability.timeout.ms partitioner.ignore.keys',
  ],
  ['metrics are those of /metrics, all of the level INFO', 'enable.metrics.push metrics.recording.level'],
  ['codecs compress at their own default level', 'compression.gzip.level compression.lz4.level compression.zstd.level'],
  ['records are read from leaders only', 'client.rack'],
  ['a client waits until it is told to stop', 'default.api.timeout.ms'],
  ['all clients go to the brokers', 'bootstrap.controllers'],
  [
    CLIENT,
    'client.dns.lookup connections.max.idle.ms exclude.internal.topics metadata.max.idle.ms metadata.recovery.rebootstrap.trigger.ms metadata.recovery.strategy receive.buffer.bytes send.buffer.bytes',
  ],
  [
    'Kerberos (GSSAPI) is refused where sasl.mechanism names it',
    'sasl.kerberos.kinit.cmd sasl.kerberos.min.time.before.relogin sasl.kerberos.service.name sasl.kerberos.ticket.renew.jitter sasl.kerberos.ticket.renew.window.factor',
  ],
  [
    'tokens by signed assertions are refused where sasl.oauthbearer.jwt.retriever.class asks for them',
    'sasl.oauthbearer.assertion.algorithm sasl.oauthbearer.assertion.claim.aud sasl.oauthbearer.assertion.claim.exp.seconds sasl.oauthbearer.assertion.claim.iss sasl.oauthbearer.assertion.claim.jti.include sasl.oauthbearer.assertion.claim.nbf.seconds sasl.oauthbearer.assertion.claim.sub sasl.oauthbearer.assertion.file sasl.oauthbearer.assertion.private.key.file sasl.oauthbearer.assertion.private.key.passphrase sasl.oauthbearer.assertion.template.file',
  ],
  [
    'the broker checks tokens, not the client',
    'sasl.oauthbearer.clock.skew.seconds sasl.oauthbearer.expected.audience sasl.oauthbearer.expected.issuer sasl.oauthbearer.jwks.endpoint.refresh.ms sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms sasl.oauthbearer.jwks.endpoint.retry.backoff.ms sasl.oauthbearer.jwks.endpoint.url sasl.oauthbearer.jwt.validator.class sasl.oauthbearer.scope.claim.name sasl.oauthbearer.sub.claim.name',
  ],
  [
    "TLS is Node's, with its own algorithms",
    'ssl.keymanager.algorithm ssl.secure.random.implementation ssl.trustmanager.algorithm',
  ],
];

/** The reason by the key, in alphabetical order. */
export const CLIENT_SETTINGS_WITHOUT_EFFECT: ReadonlyMap<string, string> = new Map(
  REASONS.flatMap(([reason, keys]) => keys.split(' ').map((key) => [key, reason] as const)).sort(([a], [b]) =>
    a < b ? -1 : 1,
  ),
);

/** What Kafka Connect's own settings for its clients say, and what is the case here anyway. */
const HARMLESS: Readonly<Record<string, RegExp>> = {
  'enable.auto.commit': /^\s*false\s*$/i,
  'key.deserializer': /ByteArrayDeserializer\s*$/,
  'value.deserializer': /ByteArrayDeserializer\s*$/,
  'key.serializer': /ByteArraySerializer\s*$/,
  'value.serializer': /ByteArraySerializer\s*$/,
};

/** Of the settings of a client those that it knows and that do nothing, each with the reason; not those that say what is the case anyway. */
export function clientSettingsWithoutEffect(kind: ClientKind, settings: ClientSettings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([key, value]) => {
      const reason = CLIENT_SETTINGS_WITHOUT_EFFECT.get(key);
      const isKnown = reason !== undefined && CLIENT_CONFIGS[kind].keys.has(key);
      return isKnown && !saysWhatIs(kind, key, value) ? [[key, reason]] : [];
    }),
  );
}

function saysWhatIs(kind: ClientKind, key: string, text: string): boolean {
  const known = CLIENT_CONFIGS[kind].keys.get(key);
  if (known === undefined) return false;
  if (HARMLESS[key]?.test(text) === true) return true;
  if (known.required) return false;
  try {
    const [value, usual] = [parseConfigValue(key, text, known.type), known.defaultValue];
    return renderConfigValue(value, null)?.toLowerCase() === renderConfigValue(usual, null)?.toLowerCase();
  } catch {
    return false;
  }
}

/** Of the settings of a client those that no Kafka client of its kind knows. */
export function unknownClientSettings(kind: ClientKind, settings: ClientSettings): string[] {
  return CLIENT_CONFIGS[kind].unusedKeys(settings);
}
