/**
 * Everything that can be said about a connector's configuration before it is created: Kafka Connect's ConfigInfos. Creating a connector and
 * `PUT /connector-plugins/{plugin}/config/validate` both ask here. Kafka Connect 4.1.1, 1.4 and 3.
 */
import {
  type ConfigDef,
  type ConfigInfo,
  type ConfigInfos,
  type ConfigKey,
  type ConfigValue,
  configInfosOf,
  toConfigInfoList,
} from '../../sdk/config/index.ts';
import type { Connector } from '../../sdk/connector.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import type { RawConnectorConfig } from '../herder/herder.ts';
import type { PluginDesc } from '../plugins/plugin-desc.ts';
import { PLUGIN_VERSION_NOT_FOUND, type Plugins } from '../plugins/plugins.ts';
import { ClassNames } from './class-names.ts';
import { clientOverrideInfos } from './client-overrides.ts';
import { COMMON_CONFIG, SINK_CONNECTOR_CONFIG, SOURCE_CONNECTOR_CONFIG } from './connector-config-def.ts';
import { ConverterValidation } from './converter-validation.ts';
import {
  CONVERTERS,
  typeNamedBy,
  withAliases,
  withConverterDefaults,
  withConverterVersions,
} from './enriched-config-def.ts';
import { hostSettingInfos } from './host-setting-infos.ts';
import { overridePolicyOf } from './override-policy.ts';
import { sinkProblems } from './sink-topics.ts';
import type { WorkerConfig } from './worker-config.ts';

export const CONNECTOR_CLASS_MISSING = defineErrorCode('holdfast.connector.class-missing', {
  what: 'The configuration of a connector does not say which connector it is for.',
  mend: 'Set connector.class to the name of a connector that GET /connector-plugins lists.',
});

export const CONNECTOR_WITHOUT_DEFINITION = defineErrorCode('holdfast.connector.no-definition', {
  what: 'A connector does not describe its settings, or does not say what it thinks of them.',
  mend: 'Correct the connector: config() returns a ConfigDef, and validate() a list of ConfigValue.',
});

const NULL_VALUE = 'Null value can not be supplied as the configuration value.';

type Raw = Readonly<Record<string, string>>;

export interface ConnectorValidationOptions {
  readonly plugins: Plugins;
  readonly worker: WorkerConfig;
  /** A converter's own settings with those that it finds below them, and that it may therefore leave out. */
  readonly withConverterDefaults: (own: Raw) => Raw;
  /** Names a `validate` that does not return. */
  readonly watch: CallWatch;
}

/** Runs a call of a connector's plugin, and tells of it when it does not return. */
export type CallWatch = <T>(connector: string, method: string, run: () => T | Promise<T>) => Promise<T>;

export interface ValidatedConnector {
  readonly infos: ConfigInfos;
  /** The class and version that was found; undefined when no version is the one asked for. */
  readonly desc: PluginDesc | undefined;
  /** Every key that something looked at. */
  readonly known: ReadonlySet<string>;
}

export class ConnectorValidation {
  private readonly plugins: Plugins;
  private readonly worker: WorkerConfig;
  private readonly classes: ClassNames;
  private readonly converters: ConverterValidation;
  private readonly watch: CallWatch;

  constructor(options: ConnectorValidationOptions) {
    this.plugins = options.plugins;
    this.worker = options.worker;
    this.classes = new ClassNames(options);
    this.converters = new ConverterValidation(options);
    this.watch = options.watch;
  }

  /**
   * @param config with its variables resolved
   * @throws ConfigError when there is no connector to ask: no class, an unknown one, a version that can't be read
   */
  async validate(config: RawConnectorConfig): Promise<ValidatedConnector> {
    const className = config['connector.class'];
    if (className === undefined || className === null) throw noClass(config);
    const newest = this.plugins.get(['source', 'sink'], className.trim());
    const requirement = config['connector.plugin.version'];
    let desc: PluginDesc;
    try {
      desc = requirement === undefined || requirement === null ? newest : this.plugins.version(newest, requirement);
    } catch (error) {
      if (!(error instanceof ConfigError) || error.code !== PLUGIN_VERSION_NOT_FOUND) throw error;
      return this.withoutConnector(newest, config, error.message);
    }
    return this.withConnector(desc, config);
  }

  /** What a form for a connector shows: its own settings, then those that every connector of its kind has. */
  definitionOf(desc: PluginDesc): readonly ConfigKey[] {
    const own = definitionOf(desc, new desc.create() as Connector);
    const base = baseOf(desc).redefine('connector.plugin.version', { defaultValue: desc.version });
    return [...new Map([...own.keys, ...[...base.keys].filter(([name]) => !own.keys.has(name))]).values()];
  }

  private async withConnector(desc: PluginDesc, config: RawConnectorConfig): Promise<ValidatedConnector> {
    const type = desc.type as 'source' | 'sink';
    const def = withAliases({ classes: this.classes, config, base: this.enriched(desc, baseOf(desc), config) });
    const values = this.valuesOf(def, config);
    if (type === 'sink') addProblems(values, sinkProblems(config));
    addNullProblems(values, config);

    const connector = this.instance(desc);
    const own = definitionOf(desc, connector);
    for (const value of await this.ownValues(desc, connector, own, config)) values.set(value.name, value);
    const keys = new Map([...def.keys, ...own.keys]);
    const groups = new Set([...def.groups, ...own.groups]);

    const converterParts = CONVERTERS.map((each) => this.converters.validate(each, config, values));
    for (const part of converterParts) for (const group of part.groups) groups.add(group);
    const policy = overridePolicyOf(this.worker.values['connector.client.config.override.policy']) ?? 'All';
    const configs: ConfigInfo[] = [
      ...toConfigInfoList(keys, [...values.values()]),
      ...hostSettingInfos(this.worker, config).filter(({ value }) => !keys.has(value?.name ?? '')),
      ...clientOverrideInfos(type, config, policy),
      ...converterParts.flatMap((part) => part.configs),
    ];
    return validated(config, [...groups], configs, desc);
  }

  /** Nothing but the common settings can be looked at. */
  private withoutConnector(newest: PluginDesc, config: RawConnectorConfig, message: string): ValidatedConnector {
    const def = withConverterVersions(this.versioned(newest, COMMON_CONFIG as ConfigDef));
    const values = this.valuesOf(def, config);
    addProblems(
      values,
      ['connector.class', 'connector.plugin.version'].map((key) => ({ key, message })),
    );
    addNullProblems(values, config);
    return validated(config, def.groups, toConfigInfoList(def.keys, [...values.values()]), undefined);
  }

  private enriched(desc: PluginDesc, base: ConfigDef, config: RawConnectorConfig): ConfigDef {
    return withConverterDefaults({
      classes: this.classes,
      config,
      workerConverters: converterClasses(this.worker),
      base: this.versioned(desc, base),
    });
  }

  private versioned(desc: PluginDesc, base: ConfigDef): ConfigDef {
    const versions = this.plugins.versionsOf(desc).map(({ version }) => version);
    return base.redefine('connector.plugin.version', {
      defaultValue: desc.version,
      recommender: { validValues: () => versions },
    });
  }

  private valuesOf(def: ConfigDef, config: RawConnectorConfig): Map<string, ConfigValue> {
    const values = def.validate(config, (key, text) => {
      const type = typeNamedBy(key);
      return type === undefined ? text.trim() : this.classes.classOf(type, key, text);
    });
    return new Map(values.map((value) => [value.name, value]));
  }

  private async ownValues(
    desc: PluginDesc,
    connector: Connector,
    def: ConfigDef,
    config: RawConnectorConfig,
  ): Promise<readonly ConfigValue[]> {
    if (connector.validate === undefined) return def.validate(config);
    const given = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null)) as Raw;
    const validate = async (): Promise<unknown> => connector.validate?.(given);
    const values = await this.watch(given['name'] ?? desc.className, 'validate', validate);
    if (Array.isArray(values)) return values as readonly ConfigValue[];
    throw new ConfigError(`${desc.className}.validate() must return a Config that is not null.`, {
      code: CONNECTOR_WITHOUT_DEFINITION,
    });
  }

  private instance(desc: PluginDesc): Connector {
    try {
      return new desc.create() as Connector;
    } catch (cause) {
      throw new ConfigError((cause as Error).message, { cause });
    }
  }
}

function converterClasses({ values }: WorkerConfig): Readonly<Record<string, string>> {
  return Object.fromEntries(CONVERTERS.map(({ key }) => [key, values[key]]));
}

function baseOf(desc: PluginDesc): ConfigDef {
  return (desc.type === 'source' ? SOURCE_CONNECTOR_CONFIG : SINK_CONNECTOR_CONFIG) as ConfigDef;
}

function definitionOf(desc: PluginDesc, connector: Connector): ConfigDef {
  const def: unknown = connector.config();
  if (typeof (def as { readonly then?: unknown } | null | undefined)?.then === 'function') {
    throw new ConfigError(`${desc.className}.config() must return a ConfigDef and not a promise of one.`, {
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
  throw new ConfigError(`${desc.className}.config() must return a ConfigDef that is not null.`, {
    code: CONNECTOR_WITHOUT_DEFINITION,
  });
}

function addProblems(
  values: Map<string, ConfigValue>,
  problems: readonly { readonly key: string; readonly message: string }[],
): void {
  for (const { key, message } of problems) valueNamed(values, key).errorMessages.push(message);
}

function addNullProblems(values: Map<string, ConfigValue>, config: RawConnectorConfig): void {
  for (const [key, value] of Object.entries(config)) {
    if (value === null) valueNamed(values, key).errorMessages.push(NULL_VALUE);
  }
}

/** The value of a setting, made when there is none yet. */
export function valueNamed(values: Map<string, ConfigValue>, name: string): ConfigValue {
  const found = values.get(name);
  if (found !== undefined) return found;
  const made: ConfigValue = { name, value: null, recommendedValues: [], errorMessages: [], visible: true };
  values.set(name, made);
  return made;
}

function validated(
  config: RawConnectorConfig,
  groups: readonly string[],
  configs: readonly ConfigInfo[],
  desc: PluginDesc | undefined,
): ValidatedConnector {
  const known = new Set(configs.flatMap(({ definition }) => (definition === null ? [] : [definition.name])));
  return { infos: configInfosOf({ name: config['connector.class'] ?? '', groups, configs }), desc, known };
}

/** Invariant 8: without a class nobody knows which of the settings are secrets. */
function noClass(config: RawConnectorConfig): ConfigError {
  const shown = Object.entries(config)
    .map(([key, value]) => `${key}=${key === 'name' || value === null ? value : '[hidden]'}`)
    .join(', ');
  return new ConfigError(`Connector config {${shown}} contains no connector type`, { code: CONNECTOR_CLASS_MISSING });
}
