/**
 * Everything that can be said about a connector's configuration before it is created: Kafka Connect's ConfigInfos. Creating a connector and
 * `PUT /connector-plugins/{plugin}/config/validate` both ask here. AbstractHerder of Kafka Connect 4.1.1.
 */
import { inHashOrder } from '../../foundation/java-hash-order.ts';
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
import { messageOf } from '../../sdk/errors/readable-error.ts';
import type { RawConnectorConfig } from '../herder/herder.ts';
import type { PluginDesc } from '../plugins/plugin-desc.ts';
import { PLUGIN_VERSION_NOT_FOUND, type Plugins } from '../plugins/plugins.ts';
import { ClassNames } from './class-names.ts';
import { clientOverrideInfos } from './client-overrides.ts';
import { COMMON_CONFIG, SINK_CONNECTOR_CONFIG, SOURCE_CONNECTOR_CONFIG } from './connector-config-def.ts';
import { type ConnectorDefinition, connectorDefinition } from './connector-definition.ts';
import { ConverterValidation } from './converter-validation.ts';
import { typeNamedBy, withAliases, withConverterDefaults, withConverterVersions } from './enriched-config-def.ts';
import { hostSettingInfos } from './host-setting-infos.ts';
import { CONVERTERS } from './named-plugins.ts';
import { overridePolicyOf } from './override-policy.ts';
import { PluginDefinitions } from './plugin-definitions.ts';
import { sinkProblems } from './sink-topics.ts';
import type { WorkerConfig } from './worker-config.ts';

export const CONNECTOR_CLASS_MISSING = defineErrorCode('holdfast.connector.class-missing', {
  what: 'The configuration of a connector does not say which connector it is for.',
  mend: 'Set connector.class to the name of a connector that GET /connector-plugins lists.',
});

const NULL_VALUE = 'Null value can not be supplied as the configuration value.';

type Raw = Readonly<Record<string, string>>;

export interface ConnectorValidationOptions {
  readonly plugins: Plugins;
  readonly worker: WorkerConfig;
  /** A converter's own settings with those that it finds below them, and that it may therefore leave out. */
  readonly withConverterDefaults: (own: Raw) => Raw;
  readonly ask: AskConnector;
  /** What the plugins say that a configuration names. @throws as `AskPlugin` */
  readonly definitionsFor: (config: RawConnectorConfig) => Promise<PluginDefinitions>;
}

/** Asks a connector of that class for its settings, and, unless it is null, about a configuration; `name` is whose that is, if it has one. */
export type AskConnector = (
  desc: PluginDesc,
  name: string | null,
  config: RawConnectorConfig | null,
) => Promise<ConnectorDefinition>;

/** In this thread. */
export const askHere: AskConnector = async (desc, _name, config) =>
  connectorDefinition(desc.className, instanceOf(desc), config);

export interface ValidatedConnector {
  readonly infos: ConfigInfos;
  /** The class and version that was found; undefined when no version is the one asked for. */
  readonly desc: PluginDesc | undefined;
  /** Every key that something looked at. */
  readonly known: ReadonlySet<string>;
  /** Settings of the connector's own whose type is PASSWORD. */
  readonly passwordKeys: readonly string[];
  /** Of the plugins that it names. */
  readonly definitions: PluginDefinitions;
}

export class ConnectorValidation {
  private readonly plugins: Plugins;
  private readonly worker: WorkerConfig;
  private readonly classes: ClassNames;
  private readonly converters: ConverterValidation;
  private readonly ask: AskConnector;
  private readonly definitionsFor: ConnectorValidationOptions['definitionsFor'];

  constructor(options: ConnectorValidationOptions) {
    this.plugins = options.plugins;
    this.worker = options.worker;
    this.classes = new ClassNames(options);
    this.converters = new ConverterValidation(options);
    this.ask = options.ask;
    this.definitionsFor = options.definitionsFor;
  }

  /**
   * @param config with its variables resolved
   * @throws ConfigError when there is no connector to ask: no class, an unknown one, a version that can't be read
   */
  async validate(config: RawConnectorConfig): Promise<ValidatedConnector> {
    const className = config['connector.class'];
    if (className === undefined || className === null) throw noClass(config);
    const newest = this.plugins.get(['source', 'sink'], className);
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
  async definitionOf(desc: PluginDesc): Promise<readonly ConfigKey[]> {
    const own = byName((await this.ask(desc, null, null)).keys);
    const base = baseOf(desc).redefine('connector.plugin.version', { defaultValue: desc.version });
    return [...new Map([...own, ...[...base.keys].filter(([name]) => !own.has(name))]).values()];
  }

  private async withConnector(desc: PluginDesc, config: RawConnectorConfig): Promise<ValidatedConnector> {
    const type = desc.type as 'source' | 'sink';
    const definitions = await this.definitionsFor(config);
    const options = { classes: this.classes, config, definitions };
    const { def, found } = withAliases({ ...options, base: this.enriched(desc, baseOf(desc), config, definitions) });
    const values = this.valuesOf(def, config);
    for (const value of found) values.set(value.name, value);
    if (type === 'sink') addProblems(values, sinkProblems(config));
    addNullProblems(values, config);

    const own = await this.ask(desc, config['name'] ?? null, config);
    for (const value of own.values) values.set(value.name, value);
    const keys = new Map([...def.keys, ...byName(own.keys)]);
    const groups = new Set([...def.groups, ...own.groups]);

    // In the order in which Kafka Connect lists them.
    const [forKeys, forValues, forHeaders] = CONVERTERS;
    const converterParts = [forHeaders, forKeys, forValues].map((each) =>
      this.converters.validate(each, config, values, definitions),
    );
    for (const part of converterParts) for (const group of part.groups) groups.add(group);
    const policy = overridePolicyOf(this.worker.values['connector.client.config.override.policy']) ?? 'All';
    const configs: ConfigInfo[] = [
      ...toConfigInfoList(keys, [...values.values()]),
      ...hostSettingInfos(this.worker, config).filter(({ value }) => !keys.has(value?.name ?? '')),
      ...clientOverrideInfos(type, config, policy),
      ...converterParts.flatMap((part) => part.configs),
    ];
    const passwordKeys = own.keys.filter(({ type: each }) => each === 'PASSWORD').map(({ name }) => name);
    return { ...validated(config, [...groups], configs, desc, definitions), passwordKeys };
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
    const infos = toConfigInfoList(def.keys, [...values.values()]);
    return validated(config, def.groups, infos, undefined, new PluginDefinitions(() => false));
  }

  private enriched(
    desc: PluginDesc,
    base: ConfigDef,
    config: RawConnectorConfig,
    definitions: PluginDefinitions,
  ): ConfigDef {
    return withConverterDefaults({
      classes: this.classes,
      config,
      definitions,
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
}

function instanceOf(desc: PluginDesc): Connector {
  try {
    return new desc.create() as Connector;
  } catch (cause) {
    throw new ConfigError(messageOf(cause), { cause });
  }
}

function byName(keys: readonly ConfigKey[]): ReadonlyMap<string, ConfigKey> {
  return new Map(keys.map((key) => [key.name, key]));
}

function converterClasses({ values }: WorkerConfig): Readonly<Record<string, string>> {
  return Object.fromEntries(CONVERTERS.map(({ key }) => [key, values[key]]));
}

function baseOf(desc: PluginDesc): ConfigDef {
  return (desc.type === 'source' ? SOURCE_CONNECTOR_CONFIG : SINK_CONNECTOR_CONFIG) as ConfigDef;
}

function addProblems(
  values: Map<string, ConfigValue>,
  problems: readonly { readonly key: string; readonly message: string }[],
): void {
  for (const { key, message } of problems) valueNamed(values, key).errorMessages.push(message);
}

function addNullProblems(values: Map<string, ConfigValue>, config: RawConnectorConfig): void {
  // Those that are no settings are listed as they come out of Kafka Connect's hash map.
  for (const [key, value] of inHashOrder(Object.entries(config), ([name]) => name)) {
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
  definitions: PluginDefinitions,
): ValidatedConnector {
  const known = new Set(configs.flatMap(({ definition }) => (definition === null ? [] : [definition.name])));
  return {
    infos: configInfosOf({ name: config['connector.class'] ?? '', groups, configs }),
    desc,
    known,
    passwordKeys: [],
    definitions,
  };
}

/** Invariant 8: without a class nobody knows which of the settings are secrets. */
function noClass(config: RawConnectorConfig): ConfigError {
  const shown = Object.entries(config)
    .map(([key, value]) => `${key}=${key === 'name' || value === null ? value : '[hidden]'}`)
    .join(', ');
  return new ConfigError(`Connector config {${shown}} contains no connector type`, { code: CONNECTOR_CLASS_MISSING });
}
