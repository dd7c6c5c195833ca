export {
  type ClassOf,
  ConfigDef,
  type ConfigKeyChanges,
  type ConfigValue,
  type EmbedOptions,
  type RawConfig,
} from './config-def.ts';
export {
  type ConfigInfo,
  type ConfigInfos,
  type ConfigKeyInfo,
  type ConfigValueInfo,
  configInfosOf,
  toConfigInfoList,
  toConfigInfos,
  toConfigKeyInfo,
  toConfigValueInfo,
} from './config-infos.ts';
export type {
  ConfigKey,
  ConfigKeySpec,
  ConfigKeySpecs,
  ConfigType,
  ConfigValidator,
  ConfigValueTypes,
  ConfigWidth,
  Importance,
  ParsedConfig,
  ParsedValue,
  Recommender,
} from './config-key.ts';
export { invalidValue, parseConfigValue, renderConfigValue } from './parse-value.ts';
export { isPassword, Password } from './password.ts';
export { ConfigValidators } from './validators.ts';
