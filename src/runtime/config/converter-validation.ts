/** What is wrong with the settings of a connector's own converters. Kafka Connect 4.1.1, 1.4. */
import type { ConfigDef, ConfigInfo, ConfigValue } from '../../sdk/config/index.ts';
import type { Converter } from '../../sdk/converter.ts';
import { messageOf } from '../../sdk/errors/readable-error.ts';
import type { RawConnectorConfig } from '../herder/herder.ts';
import type { Plugins } from '../plugins/plugins.ts';
import { prefixedInfos } from './client-overrides.ts';
import type { CONVERTERS } from './enriched-config-def.ts';
import { jointProblems } from './plugin-problems.ts';
import { withPrefix } from './with-prefix.ts';

type Raw = Readonly<Record<string, string>>;

interface ConverterPart {
  readonly configs: readonly ConfigInfo[];
  readonly groups: readonly string[];
}

const NOTHING: ConverterPart = { configs: [], groups: [] };

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
  ): ConverterPart {
    const name = config[key];
    const found = values.get(key);
    const version = `${key}.plugin.version`;
    if (name === undefined || name === null || found === undefined || found.errorMessages.length > 0) return NOTHING;
    if ((values.get(version)?.errorMessages.length ?? 0) > 0) return NOTHING;
    const part = key.replace('.converter', '') as 'key' | 'value' | 'header';
    const newest = this.plugins.get([type], name.trim());
    const requirement = config[version];
    const desc = requirement === undefined || requirement === null ? newest : this.plugins.version(newest, requirement);
    const converter = new desc.create() as Pick<Converter, 'config' | 'checkSettings'>;
    let def: ConfigDef | null | undefined;
    try {
      def = converter.config?.();
    } catch (error) {
      found.errorMessages.push(`Failed to load ConfigDef from ${part} converter: ${messageOf(error)}`);
      return NOTHING;
    }
    // As with Kafka Connect: converters did without a definition for long.
    if (def === undefined || def === null) return NOTHING;
    return this.ownSettings(converter, def, { part, prefix: `${key}.`, config });
  }

  private ownSettings(
    converter: Pick<Converter, 'checkSettings'>,
    def: ConfigDef,
    of: { readonly part: 'key' | 'value' | 'header'; readonly prefix: string; readonly config: RawConnectorConfig },
  ): ConverterPart {
    const given = withPrefix(of.config, of.prefix);
    const texts = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null)) as Raw;
    // As at run time, the framework says for what the converter is.
    const own = this.withDefaults({ ...texts, 'converter.type': of.part });
    const values = new Map(def.validate(own).map((value) => [value.name, value]));
    const wrong = new Set(
      [...values.values()].filter((value) => value.errorMessages.length > 0).map(({ name }) => name),
    );
    for (const { key, message } of jointProblems(converter, own, of.part, of.prefix, wrong)) {
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
    return { configs: prefixedInfos(def, [...values.values()], of.prefix), groups: def.groups };
  }
}
