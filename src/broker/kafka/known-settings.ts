/** Settings of Kafka's producer, consumer and admin client (4.1) that are read nowhere here, because what they tune does not exist. */
const withoutMeaning = new Set(
  `
  auto.commit.interval.ms auto.include.jmx.reporter client.rack config.providers connections.max.idle.ms default.api.timeout.ms
  enable.auto.commit enable.metrics.push exclude.internal.topics group.id group.protocol group.remote.assignor
  interceptor.classes internal.leave.group.on.close internal.throw.on.fetch.stable.offset.unsupported key.deserializer key.serializer
  max.poll.records metadata.cluster.check.enable metadata.max.idle.ms metadata.recovery.rebootstrap.trigger.ms metadata.recovery.strategy
  metric.reporters metrics.recording.level partitioner.adaptive.partitioning.enable
  partitioner.availability.timeout.ms partitioner.class partitioner.ignore.keys receive.buffer.bytes   sasl.kerberos.kinit.cmd sasl.kerberos.min.time.before.relogin sasl.kerberos.service.name sasl.kerberos.ticket.renew.jitter
  sasl.kerberos.ticket.renew.window.factor     sasl.oauthbearer.assertion.algorithm sasl.oauthbearer.assertion.claim.aud
  sasl.oauthbearer.assertion.claim.exp.seconds sasl.oauthbearer.assertion.claim.iss sasl.oauthbearer.assertion.claim.jti.include
  sasl.oauthbearer.assertion.claim.nbf.seconds sasl.oauthbearer.assertion.claim.sub sasl.oauthbearer.assertion.file
  sasl.oauthbearer.assertion.private.key.file sasl.oauthbearer.assertion.private.key.passphrase
  sasl.oauthbearer.assertion.template.file sasl.oauthbearer.jwt.validator.class
  sasl.oauthbearer.clock.skew.seconds sasl.oauthbearer.expected.audience sasl.oauthbearer.expected.issuer   sasl.oauthbearer.jwks.endpoint.refresh.ms sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms
  sasl.oauthbearer.jwks.endpoint.retry.backoff.ms sasl.oauthbearer.jwks.endpoint.url sasl.oauthbearer.scope.claim.name
  sasl.oauthbearer.sub.claim.name security.providers send.buffer.bytes share.acknowledgement.mode
  ssl.keymanager.algorithm ssl.secure.random.implementation ssl.trustmanager.algorithm transaction.timeout.ms
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
