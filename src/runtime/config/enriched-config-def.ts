/** Definitions of a connector's settings as its configuration makes them: with classes and versions of the plugins that it names. */
import { ConfigDef, type ConfigValidator, ConfigValidators, type ConfigValue } from '../../sdk/config/index.ts';
import { ConfigError } from '../../sdk/errors/index.ts';
import type { RawConnectorConfig } from '../herder/herder.ts';
import type { PluginDesc } from '../plugins/plugin-desc.ts';
import { type ClassNames, checkRequirement, isRequirement, type NamedType } from './class-names.ts';
import { STAGE } from './framework-settings.ts';
import { ALIASES, aliasesOf, CONVERTERS } from './named-plugins.ts';
import { ensureAsked, ensureMade } from './plugin-definition.ts';
import type { PluginDefinitions } from './plugin-definitions.ts';

export interface EnrichOptions {
  readonly base: ConfigDef;
  readonly classes: ClassNames;
  readonly config: RawConnectorConfig;
  readonly definitions: PluginDefinitions;
  /** Converter classes of the worker by key. */
  readonly workerConverters: Readonly<Record<string, string>>;
}

/** Converters: the worker's class as default, its version, all classes as recommendation. Kafka Connect 4.1.1 (KIP-891). */
export function withConverterDefaults(options: EnrichOptions): ConfigDef {
  const { classes, config, definitions, workerConverters } = options;
  let def = options.base;
  for (const { key, type } of CONVERTERS) {
    const own = config[key];
    const versionKey = `${key}.plugin.version`;
    const requirement = own === undefined ? null : config[versionKey];
    const fallback = classes.find(type, workerConverters[key])?.className ?? workerConverters[key] ?? null;
    const named = own ?? fallback;
    def = def
      .redefine(key, {
        defaultValue: fallback,
        validator: lambda((_name, value) => {
          if (typeof value !== 'string') return;
          // The worker's own class was looked at when it started.
          if (own === undefined) return;
          const failure = 'Could not instantiate class';
          const probe = (desc: PluginDesc): void => ensureMade(definitions.of(key, desc));
          // A requirement that can't be read is told of with its own setting.
          const readable = isRequirement(requirement) ? requirement : null;
          classes.ensureUsable({ type, key, className: value, requirement: readable, failure, probe });
        }),
        recommender: { validValues: () => classes.all(type) },
      })
      .redefine(versionKey, {
        defaultValue: classes.find(type, named)?.version ?? null,
        validator: lambda((_name, value) => {
          if (typeof value !== 'string') return;
          checkRequirement(value);
          const className = requirement === null ? undefined : classes.find(type, named)?.className;
          if (className === undefined) return;
          classes.ensureUsable({ type, key, className, requirement: value, failure: '' });
        }),
        recommender: {
          validValues: (_name, values) => classes.versions(type, values[key] as string | null),
          visible: (_name, values) => values[key] !== null,
        },
      });
  }
  return def;
}

/** Without a look at the converters: their versions show only beside a class. */
export function withConverterVersions(base: ConfigDef): ConfigDef {
  return CONVERTERS.reduce(
    (def, { key }) =>
      def.redefine(`${key}.plugin.version`, {
        recommender: { validValues: () => [], visible: (_name, values) => values[key] !== null },
      }),
    base,
  );
}

/**
 * Every alias of `transforms` and `predicates`: class, version, and the settings of the class once that is right. `found` is what was said of
 * such settings elsewhere: it stands in place of what the definition, which knows no more than their names and types, finds of them.
 */
export function withAliases(options: Omit<EnrichOptions, 'workerConverters'>): {
  readonly def: ConfigDef;
  readonly found: readonly ConfigValue[];
} {
  let def = options.base;
  const found: ConfigValue[] = [];
  for (const each of ALIASES) {
    for (const alias of new Set(aliasesOf(each.key, options.config))) {
      def = withAlias({ ...options, def, found, each, alias });
    }
  }
  return { def, found };
}

function withAlias(options: {
  readonly def: ConfigDef;
  readonly classes: ClassNames;
  readonly config: RawConnectorConfig;
  readonly definitions: PluginDefinitions;
  readonly found: ConfigValue[];
  readonly each: (typeof ALIASES)[number];
  readonly alias: string;
}): ConfigDef {
  const { classes, config, definitions, alias } = options;
  const { key: list, type, kind, group: groupName } = options.each;
  const prefix = `${list}.${alias}.`;
  const [typeKey, versionKey] = [`${prefix}type`, `${prefix}plugin.version`];
  const group = `${groupName}: ${alias}`;
  const requirement = config[versionKey];
  const newest = classes.find(type, config[typeKey]);
  const desc = classes.find(type, config[typeKey], requirement);
  const shared = { importance: 'high', group, width: 'LONG' } as const;
  const failure = `Error getting config definition from ${kind}`;
  const setting = `${list}.${alias}`;
  const probe = (plugin: PluginDesc): void => ensureAsked(definitions.of(setting, plugin));
  const def = options.def
    .define({
      name: typeKey,
      type: 'CLASS',
      validator: lambda((_name, value) => {
        if (list === 'transforms') refuseLoneNegation(prefix, config);
        if (typeof value !== 'string') return;
        classes.ensureUsable({ type, key: typeKey, className: value, requirement, failure, probe });
      }),
      ...shared,
      orderInGroup: 0,
      displayName: `${kind} type for ${alias}`,
      documentation: `Class of the ${kind.toLowerCase()} '${alias}'.`,
      recommender: { validValues: () => classes.all(type) },
    })
    .define({
      name: versionKey,
      type: 'STRING',
      default: newest?.version ?? null,
      validator: lambda((_name, value) => {
        if (typeof value !== 'string' || newest === undefined) return;
        checkRequirement(value);
        const { className } = newest;
        classes.ensureUsable({ type, key: versionKey, className, requirement: value, failure });
      }),
      ...shared,
      orderInGroup: 1,
      displayName: `${kind} version for ${alias}`,
      documentation: `Version of the ${kind.toLowerCase()} '${alias}'.`,
      recommender: { validValues: () => classes.versions(type, config[typeKey]) },
    }) as ConfigDef;
  if (desc === undefined) return def;
  const definition = definitions.of(setting, desc);
  // The validator of its class says so.
  if (definition.failure !== null) return def;
  const own = ownSettings(list, definition.def ?? ConfigDef.empty());
  const isOwn = new Set([...own.keys.keys()].map((name) => prefix + name));
  options.found.push(...(definition.found ?? []).filter(({ name }) => isOwn.has(name)));
  return def.embed(withStage(list, own, config), { prefix, group, startingOrder: 2 }) as ConfigDef;
}

/** What it calls by the names of settings that every one has stays the framework's. */
function ownSettings(list: string, def: ConfigDef): ConfigDef {
  const taken = new Set(['type', 'plugin.version', ...(list === 'transforms' ? STAGE.keys.keys() : [])]);
  return [...def.keys.keys()].some((name) => taken.has(name)) ? def.pick((name) => !taken.has(name)) : def;
}

/** A transformation's own settings beside those that every one has. */
function withStage(list: string, own: ConfigDef, config: RawConnectorConfig): ConfigDef {
  if (list !== 'transforms') return own;
  const predicates = aliasesOf('predicates', config);
  const stage = (STAGE as ConfigDef).redefine('predicate', {
    // Kafka Connect lets this pass, and the task fails.
    validator: lambda((_name, value) => {
      if (typeof value !== 'string' || value === '' || predicates.includes(value)) return;
      throw new ConfigError(
        `Invalid value ${value} for configuration predicate: no predicate of this alias is declared in predicates.`,
      );
    }),
  });
  return stage.extend(own);
}

function refuseLoneNegation(prefix: string, config: RawConnectorConfig): void {
  if (!Object.hasOwn(config, `${prefix}negate`) || Object.hasOwn(config, `${prefix}predicate`)) return;
  throw new ConfigError(
    `Config '${prefix}negate' was provided but there is no config '${prefix}predicate' defining a predicate to be negated.`,
  );
}

/** Which type of plugin a setting of the definition names; undefined for a connector's own settings of type CLASS. */
export function typeNamedBy(key: string): NamedType | undefined {
  const converter = CONVERTERS.find((each) => each.key === key);
  if (converter !== undefined) return converter.type;
  return ALIASES.find((each) => key.startsWith(`${each.key}.`) && key.endsWith('.type'))?.type;
}

function lambda(ensureValid: (key: string, value: unknown) => void): ConfigValidator {
  return ConfigValidators.lambda(ensureValid, 'a plugin that is installed');
}
