/** What a connector sets for its Kafka clients, and what the worker's policy says to it. Kafka Connect 4.1.1 (KIP-458). */
import { CLIENT_CONFIGS, type ClientKind } from '../../broker/kafka/client-config-def.ts';
import { inHashOrder } from '../../foundation/java-hash-order.ts';
import {
  type ConfigDef,
  type ConfigInfo,
  type ConfigValue,
  parseConfigValue,
  toConfigKeyInfo,
  toConfigValueInfo,
} from '../../sdk/config/index.ts';
import { ConfigError } from '../../sdk/errors/index.ts';
import type { RawConnectorConfig } from '../herder/herder.ts';
import { type OverridePolicy, policyAllows } from './override-policy.ts';
import { withPrefix } from './with-prefix.ts';

/** Each override with its definition and its mistakes: those of the clients that this connector has. */
export function clientOverrideInfos(
  type: 'source' | 'sink',
  config: RawConnectorConfig,
  policy: OverridePolicy,
): ConfigInfo[] {
  return clientsOf(type, config).flatMap((kind) => {
    const prefix = `${kind}.override.`;
    const def = CLIENT_CONFIGS[kind];
    // Out of one hash map into the next one, under their own names.
    const given = withPrefix(Object.fromEntries(inHashOrder(Object.entries(config), ([key]) => key)), prefix);
    const values = inHashOrder(Object.entries(given), ([name]) => name).map(([name, text]) =>
      overrideValue(def, policy, name, text),
    );
    return prefixedInfos(def, values, prefix);
  });
}

function overrideValue(def: ConfigDef, policy: OverridePolicy, name: string, text: string | null): ConfigValue {
  const errorMessages: string[] = [];
  let value: unknown = text;
  const key = def.keys.get(name);
  try {
    if (key !== undefined) value = parseConfigValue(name, text, key.type);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // Kafka Connect ends the request with this, and a status of 500.
    value = null;
    errorMessages.push(error.message);
  }
  if (!policyAllows(policy, name)) {
    errorMessages.push(
      `The '${policy}' policy does not allow '${name}' to be overridden in the connector configuration.`,
    );
  }
  return { name, value, recommendedValues: [], errorMessages, visible: true };
}

function clientsOf(type: 'source' | 'sink', config: RawConnectorConfig): readonly ClientKind[] {
  if (type === 'source') {
    const createsTopics = Object.keys(config).some((key) => key.startsWith('topic.creation.'));
    return createsTopics ? ['producer', 'admin'] : ['producer'];
  }
  const hasDeadLetters = (config['errors.deadletterqueue.topic.name'] ?? '').trim() !== '';
  return hasDeadLetters ? ['producer', 'consumer', 'admin'] : ['consumer'];
}

/** Values in their order with their definitions, as far as there are any, under a prefix; display names and all else as they are. */
export function prefixedInfos(def: ConfigDef, values: readonly ConfigValue[], prefix: string): ConfigInfo[] {
  return values.map((value) => {
    const key = def.keys.get(value.name);
    const name = prefix + value.name;
    return {
      definition: key === undefined ? null : { ...toConfigKeyInfo(key), name },
      value: { ...toConfigValueInfo(value, key?.type ?? null), name },
    };
  });
}
