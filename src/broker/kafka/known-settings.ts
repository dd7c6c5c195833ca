/** Settings of Kafka's producer, consumer and admin client (4.1) that are read nowhere here, because what they tune does not exist. */
const withoutMeaning = new Set(
  `
  auto.commit.interval.ms auto.include.jmx.reporter client.rack config.providers connections.max.idle.ms default.api.timeout.ms
  enable.auto.commit enable.metrics.push exclude.internal.topics group.id group.protocol group.remote.assignor
  interceptor.classes internal.leave.group.on.close internal.throw.on.fetch.stable.offset.unsupported key.deserializer key.serializer
  max.poll.records metadata.cluster.check.enable metadata.max.idle.ms metadata.recovery.rebootstrap.trigger.ms metadata.recovery.strategy
  metric.reporters metrics.num.samples metrics.recording.level metrics.sample.window.ms partitioner.adaptive.partitioning.enable
  partitioner.availability.timeout.ms partitioner.class partitioner.ignore.keys receive.buffer.bytes sasl.client.callback.handler.class
  sasl.kerberos.kinit.cmd sasl.kerberos.min.time.before.relogin sasl.kerberos.service.name sasl.kerberos.ticket.renew.jitter
  sasl.kerberos.ticket.renew.window.factor sasl.login.callback.handler.class sasl.login.class sasl.login.connect.timeout.ms
  sasl.login.read.timeout.ms sasl.login.refresh.buffer.seconds sasl.login.refresh.min.period.seconds sasl.login.refresh.window.factor
  sasl.login.refresh.window.jitter sasl.login.retry.backoff.max.ms sasl.login.retry.backoff.ms sasl.oauthbearer.assertion.algorithm
  sasl.oauthbearer.clock.skew.seconds sasl.oauthbearer.expected.audience sasl.oauthbearer.expected.issuer sasl.oauthbearer.header.urlencode
  sasl.oauthbearer.jwks.endpoint.refresh.ms sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms
  sasl.oauthbearer.jwks.endpoint.retry.backoff.ms sasl.oauthbearer.jwks.endpoint.url sasl.oauthbearer.scope.claim.name
  sasl.oauthbearer.sub.claim.name sasl.oauthbearer.token.endpoint.url security.providers send.buffer.bytes share.acknowledgement.mode
  ssl.keymanager.algorithm ssl.protocol ssl.secure.random.implementation ssl.trustmanager.algorithm transaction.timeout.ms
  transaction.two.phase.commit.enable transactional.id value.deserializer value.serializer client.dns.lookup
  compression.gzip.level compression.lz4.level compression.zstd.level bootstrap.controllers
  `
    .trim()
    .split(/\s+/),
);

/** Whether Kafka's own clients know this setting although it has no effect here. */
export function hasNoMeaningHere(key: string): boolean {
  return withoutMeaning.has(key);
}
