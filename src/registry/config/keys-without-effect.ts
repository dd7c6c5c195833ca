/** Keys of Confluent's clients that are understood and do nothing here, each with the reason; told once per registry. */
const RETRIES = 'what fails is tried again for as long as registry.park.timeout.ms allows';
const NEGATIVE = 'what the registry denies is never remembered for longer than a second';
const JAVA = 'it configures Java’s TLS';

const REASONS: Readonly<Record<string, string>> = {
  'max.retries': RETRIES,
  'retries.wait.ms': RETRIES,
  'retries.max.wait.ms': RETRIES,
  'missing.cache.size': NEGATIVE,
  'missing.id.cache.ttl.sec': NEGATIVE,
  'missing.version.cache.ttl.sec': NEGATIVE,
  'missing.schema.cache.ttl.sec': NEGATIVE,
  'use.keep.alive': 'connections are always kept, and replaced when they break',
  'http.max.connections.total': 'registry.max.in.flight bounds the connections',
  'http.max.connections.per.route': 'registry.max.in.flight bounds the connections',
  'bearer.auth.scope.claim.name': 'tokens are not looked into: the registry checks them',
  'bearer.auth.sub.claim.name': 'tokens are not looked into: the registry checks them',
  'schema.registry.ssl.protocol': 'schema.registry.ssl.enabled.protocols says which versions may be used',
  'schema.registry.ssl.cipher.suites': 'Node’s own list of cipher suites is used',
  'schema.registry.ssl.provider': JAVA,
  'schema.registry.ssl.engine.factory.class': JAVA,
  'schema.registry.ssl.keymanager.algorithm': JAVA,
  'schema.registry.ssl.trustmanager.algorithm': JAVA,
  'schema.registry.ssl.secure.random.implementation': JAVA,
};

/** Why a key has no effect; undefined: it has one, or is none of Confluent's. */
export function reasonWithoutEffect(key: string): string | undefined {
  return Object.hasOwn(REASONS, key) ? REASONS[key] : undefined;
}
