/** What is wrong with the settings of a connector's own converters. AbstractHerder of Kafka Connect 4.1.1. */
import { inHashOrder } from '../../foundation/java-hash-order.ts';
import type { ConfigDef, ConfigInfo, ConfigValue } from '../../sdk/config/index.ts';
import type { RawConnectorConfig } from '../herder/herder.ts';
import type { Plugins } from '../plugins/plugins.ts';
import { prefixedInfos } from './client-overrides.ts';
import { type CONVERTERS, type ConverterPart, partOf } from './named-plugins.ts';
import type { PluginDefinition } from './plugin-definition.ts';
import type { PluginDefinitions } from './plugin-definitions.ts';
import { withPrefix } from './with-prefix.ts';

type Raw = Readonly<Record<string, string>>;

interface ConverterInfos {
  readonly configs: readonly ConfigInfo[];
  readonly groups: readonly string[];
}

const NOTHING: ConverterInfos = { configs: [], groups: [] };

export class ConverterValidation {
  private readonly plugins: Plugins;
  private readonly withDefaults: (own: Raw) => Raw;

  constructor(options: { readonly plugins: Plugins; readonly withConverterDefaults: (own: Raw) => Raw }) {
    this.plugins = options.plugins;
    this.withDefaults = options.withConverterDefaults;
  }

  /** Its settings under the prefix; nothing when the worker's converter is used, or the class is no good. Adds mistakes to the values. */
  validate(
    { key, type }: (typeof CONVERTERS)[number],
    config: RawConnectorConfig,
    values: ReadonlyMap<string, ConfigValue>,
    definitions: PluginDefinitions,
  ): ConverterInfos {
    const name = config[key];
    const found = values.get(key);
    const version = `${key}.plugin.version`;
    if (name === undefined || name === null || found === undefined || found.errorMessages.length > 0) return NOTHING;
    if ((values.get(version)?.errorMessages.length ?? 0) > 0) return NOTHING;
    const part = partOf(key);
    const newest = this.plugins.get([type], name.trim());
    const requirement = config[version];
    const desc = requirement === undefined || requirement === null ? newest : this.plugins.version(newest, requirement);
    const definition = definitions.of(key, desc);
    const { def, failure } = definition;
    if (failure !== null) {
      found.errorMessages.push(`Failed to load ConfigDef from ${part} converter: ${failure.message}`);
      return NOTHING;
    }
    // As with Kafka Connect: converters did without a definition for long.
    if (def === null) return NOTHING;
    return this.ownSettings(definition, def, { part, prefix: `${key}.`, config });
  }

  private ownSettings(
    definition: PluginDefinition,
    def: ConfigDef,
    of: { readonly part: ConverterPart; readonly prefix: string; readonly config: RawConnectorConfig },
  ): ConverterInfos {
    const own = convertersOwn(withPrefix(of.config, of.prefix), of.part, this.withDefaults);
    const found = inHashOrder(definition.found ?? def.validate(own), ({ name }) => name);
    const values = new Map(found.map((value) => [value.name, value]));
    const wrong = new Set(
      [...values.values()].filter((value) => value.errorMessages.length > 0).map(({ name }) => name),
    );
    for (const { key, message } of definition.jointProblems(own, of.part, of.prefix, wrong)) {
      const value = values.get(key) ?? {
        name: key,
        value: own[key] ?? null,
        recommendedValues: [],
        errorMessages: [],
        visible: true,
      };
      value.errorMessages.push(message);
      values.set(key, value);
    }
    const groups = [...values.keys()].flatMap((name) => def.keys.get(name)?.group ?? []);
    return { configs: prefixedInfos(def, [...values.values()], of.prefix), groups };
  }
}

/** The settings that a converter is checked with. The framework says for what it is, unless they do: at run time it always does. */
export function convertersOwn(given: RawConnectorConfig, part: ConverterPart, withDefaults: (own: Raw) => Raw): Raw {
  const texts = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null)) as Raw;
  return withDefaults({ 'converter.type': part, ...texts });
}
