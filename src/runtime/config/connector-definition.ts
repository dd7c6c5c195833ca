/** What a connector says of its settings, and of a configuration: asked here or in a thread. */
import type { ConfigDef, ConfigKey, ConfigValue } from '../../sdk/config/index.ts';
import { isPassword, Password } from '../../sdk/config/index.ts';
import type { Connector } from '../../sdk/connector.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';

export const CONNECTOR_WITHOUT_DEFINITION = defineErrorCode('holdfast.connector.no-definition', {
  what: 'A connector does not describe its settings, or does not say what it thinks of them.',
  mend: 'Correct the connector: config() returns a ConfigDef, and validate() a list of ConfigValue.',
});

export interface ConnectorDefinition {
  readonly keys: readonly ConfigKey[];
  readonly groups: readonly string[];
  /** Empty when it was not asked about a configuration. */
  readonly values: readonly ConfigValue[];
}

/** @throws ConfigError `holdfast.connector.no-definition`; what the connector throws */
export async function connectorDefinition(
  className: string,
  connector: Connector,
  config: Readonly<Record<string, string | null>> | null,
): Promise<ConnectorDefinition> {
  const def = definitionOf(className, connector);
  const values = config === null ? [] : await ownValues(className, connector, def, config);
  return { keys: [...def.keys.values()], groups: [...def.groups], values };
}

/** As it crosses between threads: without what can't, which only the connector itself calls. Invariant 8: nor with a secret. */
export function definitionToWire({ keys, groups, values }: ConnectorDefinition): ConnectorDefinition {
  return {
    keys: keys.map((key) => ({
      ...key,
      defaultValue: plain(key.defaultValue),
      validator: null,
      recommender: null,
    })),
    groups,
    values: values.map(({ name, value, recommendedValues, errorMessages, visible }) => ({
      name: String(name),
      value: plain(value),
      recommendedValues: [...(recommendedValues ?? [])].map(plain),
      errorMessages: [...(errorMessages ?? [])].map(String),
      visible,
    })),
  };
}

const HIDDEN_VALUE = String(new Password(''));

function plain(value: unknown): unknown {
  if (isPassword(value)) return HIDDEN_VALUE;
  if (Array.isArray(value)) return value.map(plain);
  const isPlain = value === null || !['object', 'function', 'symbol'].includes(typeof value);
  return isPlain ? value : String(value);
}

/** What it comes to is of no interest, and must not go uncaught. */
export function isPromise(def: unknown): boolean {
  if (typeof (def as { readonly then?: unknown } | null | undefined)?.then !== 'function') return false;
  Promise.resolve(def).catch(() => {});
  return true;
}

function definitionOf(className: string, connector: Connector): ConfigDef {
  const def: unknown = connector.config();
  if (isPromise(def)) {
    throw new ConfigError(`${className}.config() must return a ConfigDef and not a promise of one.`, {
      code: CONNECTOR_WITHOUT_DEFINITION,
    });
  }
  if (def !== null && def !== undefined) {
    const { keys } = def as Partial<ConfigDef>;
    // One that was made by hand may do no more than validate.
    return keys instanceof Map
      ? (def as ConfigDef)
      : Object.assign(Object.create(def), { keys: new Map(), groups: [] });
  }
  throw new ConfigError(`${className}.config() must return a ConfigDef that is not null.`, {
    code: CONNECTOR_WITHOUT_DEFINITION,
  });
}

async function ownValues(
  className: string,
  connector: Connector,
  def: ConfigDef,
  config: Readonly<Record<string, string | null>>,
): Promise<readonly ConfigValue[]> {
  if (connector.validate === undefined) return def.validate(config);
  const given = Object.fromEntries(
    Object.entries(config).filter((entry): entry is [string, string] => entry[1] !== null),
  );
  const values: unknown = await connector.validate(given);
  if (Array.isArray(values)) return values as readonly ConfigValue[];
  throw new ConfigError(`${className}.validate() must return a Config that is not null.`, {
    code: CONNECTOR_WITHOUT_DEFINITION,
  });
}
