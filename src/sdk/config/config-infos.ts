/** The shapes in which the REST API shows definitions and results of validation, fields in Kafka Connect's order. */
import type { ConfigDef, ConfigValue } from './config-def.ts';
import type { ConfigKey, ConfigType } from './config-key.ts';
import { renderConfigValue } from './parse-value.ts';

/** A definition, as JSON. */
export interface ConfigKeyInfo {
  readonly name: string;
  readonly type: ConfigType;
  readonly required: boolean;
  readonly default_value: string | null;
  readonly importance: 'HIGH' | 'MEDIUM' | 'LOW';
  readonly documentation: string;
  readonly group: string | null;
  readonly width: string;
  readonly display_name: string;
  readonly dependents: readonly string[];
  readonly order: number;
}

/** A validated value, as JSON. */
export interface ConfigValueInfo {
  readonly name: string;
  readonly value: string | null;
  readonly recommended_values: readonly (string | null)[];
  readonly errors: readonly string[];
  readonly visible: boolean;
}

/** The result of a validation, as JSON. */
export interface ConfigInfos {
  /** The class as the user named it. */
  readonly name: string;
  readonly error_count: number;
  readonly groups: readonly string[];
  readonly configs: readonly ConfigInfo[];
}

/** The JSON of one definition. */
export function toConfigKeyInfo(key: ConfigKey): ConfigKeyInfo {
  return {
    name: key.name,
    type: key.type,
    required: key.required,
    default_value: renderConfigValue(key.defaultValue, key.type),
    importance: key.importance.toUpperCase() as ConfigKeyInfo['importance'],
    documentation: key.documentation,
    group: key.group,
    width: key.width,
    display_name: key.displayName,
    dependents: key.dependents,
    order: key.orderInGroup,
  };
}

/** The JSON of one value; `type` is that of its definition, null if it has none. */
export function toConfigValueInfo(value: ConfigValue, type: ConfigType | null): ConfigValueInfo {
  return {
    name: value.name,
    value: renderConfigValue(value.value, type),
    recommended_values: value.recommendedValues.map((each) => renderConfigValue(each, type)),
    errors: [...value.errorMessages],
    visible: value.visible,
  };
}

/** A definition with its value, as JSON; either may be missing. */
export interface ConfigInfo {
  readonly definition: ConfigKeyInfo | null;
  readonly value: ConfigValueInfo | null;
}

/** Values without a definition first, then every definition in order with its value, if there is one; of a name's values the last. */
export function toConfigInfoList(keys: ReadonlyMap<string, ConfigKey>, values: readonly ConfigValue[]): ConfigInfo[] {
  const byName = new Map(values.map((value) => [value.name, value]));
  const undefinedOnes = values
    .filter((value) => !keys.has(value.name))
    .map((value) => ({ definition: null, value: toConfigValueInfo(value, null) }));
  const defined = [...keys.values()].map((key) => {
    const value = byName.get(key.name);
    return {
      definition: toConfigKeyInfo(key),
      value: value === undefined ? null : toConfigValueInfo(value, key.type),
    };
  });
  return [...undefinedOnes, ...defined];
}

/** The JSON of a validation; `error_count` is the number of the errors in it. */
export function configInfosOf(result: {
  readonly name: string;
  readonly groups: readonly string[];
  readonly configs: readonly ConfigInfo[];
}): ConfigInfos {
  const { name, groups, configs } = result;
  const errorCount = configs.reduce((count, { value }) => count + (value?.errors.length ?? 0), 0);
  return { name, error_count: errorCount, groups, configs };
}

/** The JSON of a validation against one definition. `groups` are the definition's by default. */
export function toConfigInfos(result: {
  readonly name: string;
  readonly def: ConfigDef;
  readonly values: readonly ConfigValue[];
  readonly groups?: readonly string[];
}): ConfigInfos {
  const { name, def, values, groups = def.groups } = result;
  return configInfosOf({ name, groups, configs: toConfigInfoList(def.keys, values) });
}
