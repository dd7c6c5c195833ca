/**
 * The settings of Kafka's own producer, consumer and admin client (4.1.1): types, defaults, importance and what is refused. Which of them have
 * no effect here is said by settings-without-effect.ts.
 */
import {
  ConfigDef,
  type ConfigKeySpec,
  type ConfigType,
  type ConfigValidator,
  type Importance,
  parseConfigValue,
} from '../../sdk/config/index.ts';
import { CLIENT_RULES } from './client-setting-rules.ts';

export type ClientKind = 'producer' | 'consumer' | 'admin';

// One setting a line: key, type, importance and default; `-` is null, `!` none (required), nothing the empty text or list.
const ADMIN = `
bootstrap.controllers LIST high
connections.max.idle.ms LONG medium 300000
enable.metrics.push BOOLEAN low false
retries INT low 2147483647
`;

const ADMIN_AND_CONSUMER = `
default.api.timeout.ms INT medium 60000
receive.buffer.bytes INT medium 65536
`;

const ALL = `
bootstrap.servers LIST high
client.dns.lookup STRING medium use_all_dns_ips
metadata.max.age.ms LONG low 300000
metadata.recovery.rebootstrap.trigger.ms LONG low 300000
metadata.recovery.strategy STRING low rebootstrap
metric.reporters LIST low org.apache.kafka.common.metrics.JmxReporter
metrics.num.samples INT low 2
metrics.recording.level STRING low INFO
metrics.sample.window.ms LONG low 30000
reconnect.backoff.max.ms LONG low 1000
reconnect.backoff.ms LONG low 50
request.timeout.ms INT medium 30000
retry.backoff.max.ms LONG low 1000
retry.backoff.ms LONG low 100
sasl.client.callback.handler.class CLASS medium -
sasl.jaas.config PASSWORD medium -
sasl.kerberos.kinit.cmd STRING low /usr/bin/kinit
sasl.kerberos.min.time.before.relogin LONG low 60000
sasl.kerberos.service.name STRING medium -
sasl.kerberos.ticket.renew.jitter DOUBLE low 0.05
sasl.kerberos.ticket.renew.window.factor DOUBLE low 0.8
sasl.login.callback.handler.class CLASS medium -
sasl.login.class CLASS medium -
sasl.login.connect.timeout.ms INT low -
sasl.login.read.timeout.ms INT low -
sasl.login.refresh.buffer.seconds SHORT low 300
sasl.login.refresh.min.period.seconds SHORT low 60
sasl.login.refresh.window.factor DOUBLE low 0.8
sasl.login.refresh.window.jitter DOUBLE low 0.05
sasl.login.retry.backoff.max.ms LONG low 10000
sasl.login.retry.backoff.ms LONG low 100
sasl.mechanism STRING medium GSSAPI
sasl.oauthbearer.assertion.algorithm STRING medium RS256
sasl.oauthbearer.assertion.claim.aud STRING medium -
sasl.oauthbearer.assertion.claim.exp.seconds INT low 300
sasl.oauthbearer.assertion.claim.iss STRING medium -
sasl.oauthbearer.assertion.claim.jti.include BOOLEAN medium false
sasl.oauthbearer.assertion.claim.nbf.seconds INT low 60
sasl.oauthbearer.assertion.claim.sub STRING medium -
sasl.oauthbearer.assertion.file STRING medium -
sasl.oauthbearer.assertion.private.key.file STRING medium -
sasl.oauthbearer.assertion.private.key.passphrase PASSWORD medium -
sasl.oauthbearer.assertion.template.file STRING medium -
sasl.oauthbearer.client.credentials.client.id STRING medium -
sasl.oauthbearer.client.credentials.client.secret PASSWORD medium -
sasl.oauthbearer.clock.skew.seconds INT low 30
sasl.oauthbearer.expected.audience LIST low -
sasl.oauthbearer.expected.issuer STRING low -
sasl.oauthbearer.header.urlencode BOOLEAN low false
sasl.oauthbearer.jwks.endpoint.refresh.ms LONG low 3600000
sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms LONG low 10000
sasl.oauthbearer.jwks.endpoint.retry.backoff.ms LONG low 100
sasl.oauthbearer.jwks.endpoint.url STRING medium -
sasl.oauthbearer.jwt.retriever.class CLASS medium org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever
sasl.oauthbearer.jwt.validator.class CLASS medium org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator
sasl.oauthbearer.scope STRING medium -
sasl.oauthbearer.scope.claim.name STRING low scope
sasl.oauthbearer.sub.claim.name STRING low sub
sasl.oauthbearer.token.endpoint.url STRING medium -
security.protocol STRING medium PLAINTEXT
security.providers STRING low -
send.buffer.bytes INT medium 131072
socket.connection.setup.timeout.max.ms LONG medium 30000
socket.connection.setup.timeout.ms LONG medium 10000
ssl.cipher.suites LIST low -
ssl.enabled.protocols LIST medium TLSv1.2,TLSv1.3
ssl.endpoint.identification.algorithm STRING low https
ssl.engine.factory.class CLASS low -
ssl.key.password PASSWORD high -
ssl.keymanager.algorithm STRING low SunX509
ssl.keystore.certificate.chain PASSWORD high -
ssl.keystore.key PASSWORD high -
ssl.keystore.location STRING high -
ssl.keystore.password PASSWORD high -
ssl.keystore.type STRING medium JKS
ssl.protocol STRING medium TLSv1.3
ssl.provider STRING medium -
ssl.secure.random.implementation STRING low -
ssl.trustmanager.algorithm STRING low PKIX
ssl.truststore.certificates PASSWORD high -
ssl.truststore.location STRING high -
ssl.truststore.password PASSWORD high -
ssl.truststore.type STRING medium JKS
`;

const ADMIN_AND_PRODUCER = `
client.id STRING medium
`;

const CONSUMER = `
allow.auto.create.topics BOOLEAN medium true
auto.commit.interval.ms INT low 5000
auto.offset.reset STRING medium latest
check.crcs BOOLEAN low true
client.id STRING low
client.rack STRING low
enable.auto.commit BOOLEAN medium true
exclude.internal.topics BOOLEAN medium true
fetch.max.bytes INT medium 52428800
fetch.max.wait.ms INT low 500
fetch.min.bytes INT high 1
group.id STRING high -
group.instance.id STRING medium -
group.protocol STRING high classic
group.remote.assignor STRING medium -
heartbeat.interval.ms INT high 3000
internal.leave.group.on.close BOOLEAN low true
internal.throw.on.fetch.stable.offset.unsupported BOOLEAN low false
isolation.level STRING medium read_uncommitted
key.deserializer CLASS high !
max.partition.fetch.bytes INT high 1048576
max.poll.interval.ms INT medium 300000
max.poll.records INT medium 500
partition.assignment.strategy LIST medium class org.apache.kafka.clients.consumer.RangeAssignor,class org.apache.kafka.clients.consumer.CooperativeStickyAssignor
session.timeout.ms INT high 45000
share.acknowledgement.mode STRING medium implicit
value.deserializer CLASS high !
`;

const PRODUCER_AND_CONSUMER = `
connections.max.idle.ms LONG medium 540000
enable.metrics.push BOOLEAN low true
interceptor.classes LIST low
`;

const PRODUCER = `
acks STRING low all
batch.size INT medium 16384
buffer.memory LONG high 33554432
compression.gzip.level INT medium -1
compression.lz4.level INT medium 9
compression.type STRING high none
compression.zstd.level INT medium 3
delivery.timeout.ms INT medium 120000
enable.idempotence BOOLEAN low true
key.serializer CLASS high !
linger.ms LONG medium 5
max.block.ms LONG medium 60000
max.in.flight.requests.per.connection INT low 5
max.request.size INT medium 1048576
metadata.max.idle.ms LONG low 300000
partitioner.adaptive.partitioning.enable BOOLEAN low true
partitioner.availability.timeout.ms LONG low 0
partitioner.class CLASS medium -
partitioner.ignore.keys BOOLEAN medium false
receive.buffer.bytes INT medium 32768
retries INT high 2147483647
transaction.timeout.ms INT low 60000
transaction.two.phase.commit.enable BOOLEAN low false
transactional.id STRING low -
value.serializer CLASS high !
`;

const TABLES: Readonly<Record<ClientKind, readonly string[]>> = {
  producer: [ALL, ADMIN_AND_PRODUCER, PRODUCER_AND_CONSUMER, PRODUCER],
  consumer: [ADMIN_AND_CONSUMER, ALL, CONSUMER, PRODUCER_AND_CONSUMER],
  admin: [ADMIN, ADMIN_AND_CONSUMER, ALL, ADMIN_AND_PRODUCER],
};

export const CLIENT_CONFIGS: Readonly<Record<ClientKind, ConfigDef>> = {
  producer: definitionOf('producer'),
  consumer: definitionOf('consumer'),
  admin: definitionOf('admin'),
};

function definitionOf(kind: ClientKind): ConfigDef {
  const specs: Record<string, ConfigKeySpec> = {};
  for (const line of TABLES[kind]
    .join('')
    .split('\n')
    .filter((each) => each !== '')) {
    const [key = '', type, importance, ...rest] = line.split(' ');
    specs[key] = {
      type: type as ConfigType,
      ...defaultOf(type as ConfigType, rest.join(' ')),
      ...validatorOf(key),
      importance: importance as Importance,
      documentation: `The setting ${key} of Kafka's ${kind === 'admin' ? 'admin client' : kind}.`,
    } as ConfigKeySpec;
  }
  return ConfigDef.of(specs) as ConfigDef;
}

function defaultOf(type: ConfigType, text: string): { readonly default?: unknown } {
  if (text === '!') return {};
  return { default: text === '-' ? null : parseConfigValue('default', text, type) };
}

function validatorOf(key: string): { readonly validator?: ConfigValidator } {
  const validator = CLIENT_RULES.get(key);
  return validator === undefined ? {} : { validator };
}
