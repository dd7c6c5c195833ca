/** Policies on client overrides, by the names of their Java classes. Kafka Connect 4.1.1 (KIP-458). */
import { ConfigValidators, invalidValue } from '../../sdk/config/index.ts';

export const OVERRIDE_POLICIES = ['All', 'None', 'Principal'] as const;
export type OverridePolicy = (typeof OVERRIDE_POLICIES)[number];

const PACKAGE = 'org.apache.kafka.connect.connector.policy.';
const SUFFIX = 'ConnectorClientConfigOverridePolicy';
const PRINCIPAL_KEYS: ReadonlySet<string> = new Set(['sasl.jaas.config', 'sasl.mechanism', 'security.protocol']);

/** `All`, `AllConnectorClientConfigOverridePolicy` or that with its package; undefined for any other class. */
export function overridePolicyOf(name: string): OverridePolicy | undefined {
  return OVERRIDE_POLICIES.find((policy) =>
    [policy, `${policy}${SUFFIX}`, `${PACKAGE}${policy}${SUFFIX}`].includes(name.trim()),
  );
}

export const anOverridePolicy = ConfigValidators.lambda(
  (key, value) => {
    if (typeof value === 'string' && overridePolicyOf(value) !== undefined) return;
    throw invalidValue(
      key,
      value,
      `this worker has the policies ${OVERRIDE_POLICIES.join(', ')}, and runs no Java classes of one's own`,
    );
  },
  `[${OVERRIDE_POLICIES.join(', ')}], or the full names of their classes`,
);

/** @param name of the client setting, without prefix */
export function policyAllows(policy: OverridePolicy, name: string): boolean {
  return policy === 'All' || (policy === 'Principal' && PRINCIPAL_KEYS.has(name));
}
