import { ConfigError, type ConfigProblem } from '../errors/index.ts';
import {
  type ConfigKey,
  type ConfigKeySpec,
  type ConfigKeySpecs,
  configKeyOf,
  type ParsedConfig,
} from './config-key.ts';
import { configMarkdown } from './config-markdown.ts';
import { parseConfigValue } from './parse-value.ts';

/** Settings as the user wrote them. */
export type RawConfig = Readonly<Record<string, string | null | undefined>>;

/** What validation found about one setting. A connector's own `validate` may add messages. */
export interface ConfigValue {
  readonly name: string;
  /** Null if the text could not be parsed; kept if a validator refused it. */
  value: unknown;
  recommendedValues: readonly unknown[];
  readonly errorMessages: string[];
  visible: boolean;
}

/** The full name of the class that the text of a setting of type CLASS means. @throws ConfigError when there is none */
export type ClassOf = (key: string, text: string) => string;

/** What `redefine` may change. */
export type ConfigKeyChanges = Partial<Pick<ConfigKey, 'defaultValue' | 'validator' | 'recommender'>>;

const IMPORTANCES: readonly ConfigKey['importance'][] = ['high', 'medium', 'low'];

/** A key with the first of its prefix, as `embed` makes them. */
type Prefixed<K extends ConfigKeySpecs, P extends string> = { readonly [N in keyof K & string as `${P}${N}`]: K[N] };

/** How `embed` puts a definition under a prefix. */
export interface EmbedOptions<P extends string> {
  /** With its last dot: `transforms.a.`. */
  readonly prefix: P;
  /**
   * The group of all embedded settings, in which they are put as Kafka Connect's `embed` does: sorted as `sortedKeys`, numbered from
   * `startingOrder` on; a group of their own is appended as `<group>: <own>`. Without it order, numbers and groups stay their own.
   */
  readonly group?: string;
  /** 0 by default. */
  readonly startingOrder?: number;
}

/**
 * The settings of a connector, converter, transformation or of the worker: declared once, and the one source of parsing, validation,
 * documentation and TypeScript types. Immutable.
 *
 * ```ts
 * const CONFIG = ConfigDef.of({
 *   file: { type: 'STRING', default: null, importance: 'high', documentation: 'Source filename.' },
 *   'batch.size': { type: 'INT', default: 2000, validator: ConfigValidators.range({ min: 1 }), importance: 'low', documentation: '…' },
 * });
 * const config = CONFIG.parse(raw); // { readonly file: string | null; readonly 'batch.size': number }
 * ```
 */
export class ConfigDef<K extends ConfigKeySpecs = ConfigKeySpecs> {
  /** The complete declarations, in order of definition. */
  readonly keys: ReadonlyMap<string, ConfigKey>;
  private readonly takes: (key: string) => boolean;

  private constructor(keys: ReadonlyMap<string, ConfigKey>, takes: (key: string) => boolean = () => false) {
    this.keys = keys;
    this.takes = takes;
  }

  /** A definition of these settings, in this order. */
  static of<const K extends ConfigKeySpecs>(specs: K): ConfigDef<K> {
    return new ConfigDef<K>(new Map(Object.entries(specs).map(([name, spec]) => [name, configKeyOf(name, spec)])));
  }

  /** A definition of no settings. */
  static empty(): ConfigDef<Record<never, ConfigKeySpec>> {
    return new ConfigDef(new Map());
  }

  /** The groups, in order of their first setting. */
  get groups(): readonly string[] {
    const groups = new Set<string>();
    for (const { group } of this.keys.values()) if (group !== null) groups.add(group);
    return [...groups];
  }

  /** This definition and one more setting. Throws ConfigError if its name is taken. */
  define<N extends string, const S extends ConfigKeySpec>(spec: S & { readonly name: N }): ConfigDef<K & Record<N, S>> {
    return this.with<K & Record<N, S>>([configKeyOf(spec.name, spec)]);
  }

  /** This definition with parts of one of its settings changed. Throws ConfigError if it has no such setting. */
  redefine(name: keyof K & string, changes: ConfigKeyChanges): ConfigDef<K> {
    const key = this.keys.get(name);
    if (key === undefined) throw new ConfigError(`Configuration ${name} is not defined.`);
    return new ConfigDef<K>(new Map(this.keys).set(name, Object.freeze({ ...key, ...changes })), this.takes);
  }

  /** The settings of this definition that are chosen by name. */
  pick(isChosen: (name: string) => boolean): ConfigDef {
    return new ConfigDef(new Map([...this.keys].filter(([name]) => isChosen(name))), this.takes);
  }

  /** This definition and another one after it. Throws ConfigError if they share a name. */
  extend<L extends ConfigKeySpecs>(other: ConfigDef<L>): ConfigDef<K & L> {
    return this.with<K & L>(other.keys.values());
  }

  /**
   * This definition, which further keys may stand beside without being unused: aliases, or names that only begin in a known way. They are
   * neither parsed nor checked.
   */
  alsoTaking(takes: (key: string) => boolean): ConfigDef<K> {
    return new ConfigDef<K>(this.keys, (key) => this.takes(key) || takes(key));
  }

  /**
   * The settings in the order in which Kafka Connect lists them: those without a group first, then by group in order of definition; within
   * one by their number, required ones first, by importance and name.
   */
  get sortedKeys(): readonly ConfigKey[] {
    const groups = this.groups;
    const rank = (key: ConfigKey): readonly (number | string)[] => [
      key.group === null ? -1 : groups.indexOf(key.group),
      key.orderInGroup,
      key.required ? 0 : 1,
      IMPORTANCES.indexOf(key.importance),
      key.name,
    ];
    return [...this.keys.values()].sort((a, b) => compareRanks(rank(a), rank(b)));
  }

  /** This definition and another one whose keys get a prefix. Dependents follow, display names stay. */
  embed<L extends ConfigKeySpecs, const P extends string>(
    other: ConfigDef<L>,
    options: EmbedOptions<P>,
  ): ConfigDef<K & Prefixed<L, P>> {
    const { prefix, group, startingOrder = 0 } = options;
    const keys = group === undefined ? [...other.keys.values()] : other.sortedKeys;
    const embedded = keys.map((key, index) =>
      Object.freeze({
        ...key,
        name: prefix + key.name,
        group: group === undefined ? key.group : key.group === null ? group : `${group}: ${key.group}`,
        orderInGroup: group === undefined ? key.orderInGroup : startingOrder + index,
        dependents: key.dependents.map((dependent) => prefix + dependent),
        validator: key.validator === null ? null : unprefixed(key.validator, key.name),
        recommender: key.recommender === null ? null : unprefixedRecommender(key.recommender, prefix),
      }),
    );
    return this.with<K & Prefixed<L, P>>(embedded);
  }

  /**
   * The values of all defined settings, frozen; settings that are not defined are left out.
   *
   * Throws one ConfigError whose `problems` name every mistake. A null, or an absent required setting, is a mistake unless its default is null.
   */
  parse(raw: RawConfig): ParsedConfig<K> {
    const values: Record<string, unknown> = Object.create(null);
    const problems: ConfigProblem[] = [];
    for (const key of this.keys.values()) {
      const text = textOf(raw, key.name);
      const messages: string[] = [];
      values[key.name] = evaluate(key, text, messages);
      // A setting that isn't there has one mistake, whatever its validator thinks of null.
      if (text === undefined && key.required) messages.splice(1);
      if (text === null && (key.required || key.defaultValue !== null)) {
        // A validator may have said the same in other words; the type of the value rules null out in any case.
        messages.splice(0, messages.length, 'Null value can not be supplied as the configuration value.');
      }
      for (const message of messages) problems.push({ key: key.name, message });
    }
    if (problems.length > 0) throw new ConfigError(summaryOf(problems), { problems });
    return Object.freeze(values) as ParsedConfig<K>;
  }

  /**
   * What is to be said about each setting, in order of definition: all mistakes, not the first. Never throws for bad values.
   *
   * As Kafka Connect does it: a text that can't be parsed gives a null value, which the validator then sees too.
   * @param classOf the class that a text means where the type is CLASS; throws ConfigError when there is none. Any text by default.
   */
  validate(raw: RawConfig, classOf?: ClassOf): ConfigValue[] {
    const found = new Map<string, ConfigValue>();
    const values: Record<string, unknown> = Object.create(null);
    for (const key of this.keys.values()) {
      const errorMessages: string[] = [];
      const value = evaluate(key, textOf(raw, key.name), errorMessages, classOf);
      values[key.name] = value;
      found.set(key.name, { name: key.name, value, recommendedValues: [], errorMessages, visible: true });
    }
    for (const key of this.keys.values()) {
      for (const dependent of key.dependents) {
        if (found.has(dependent)) continue;
        const message = `${dependent} is referred in the dependents, but not defined.`;
        found.set(dependent, {
          name: dependent,
          value: null,
          recommendedValues: [],
          errorMessages: [message],
          visible: true,
        });
      }
    }
    for (const key of this.keys.values()) {
      const value = found.get(key.name);
      if (key.recommender !== null && value !== undefined) recommend(key, key.recommender, value, values);
    }
    return [...found.values()];
  }

  /** The keys of a configuration that are not known here, in its order. */
  unusedKeys(raw: RawConfig): string[] {
    return Object.keys(raw).filter((key) => !this.keys.has(key) && !this.takes(key));
  }

  /** A reference of all settings, by group; `level` is the level of its headings. */
  toMarkdown(options: { readonly level?: number } = {}): string {
    return configMarkdown([...this.keys.values()], options.level ?? 2);
  }

  private with<L extends ConfigKeySpecs>(more: Iterable<ConfigKey>): ConfigDef<L> {
    const keys = new Map(this.keys);
    for (const key of more) {
      if (keys.has(key.name)) throw new ConfigError(`Configuration ${key.name} is defined twice.`);
      keys.set(key.name, key);
    }
    return new ConfigDef<L>(keys, this.takes);
  }
}

function compareRanks(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  const at = a.findIndex((each, index) => each !== b[index]);
  if (at === -1) return 0;
  return (a[at] as number | string) < (b[at] as number | string) ? -1 : 1;
}

/** The text of a setting; undefined if it is absent. Inherited properties such as `constructor` are no settings. */
function textOf(raw: RawConfig, name: string): string | null | undefined {
  return Object.hasOwn(raw, name) ? raw[name] : undefined;
}

/** Parses and checks one value; mistakes go to `messages`. */
function evaluate(key: ConfigKey, text: string | null | undefined, messages: string[], classOf?: ClassOf): unknown {
  let value: unknown = null;
  if (text !== undefined) {
    value =
      attempt(messages, () => {
        if (key.type === 'CLASS' && text !== null && classOf !== undefined) return classOf(key.name, text);
        return parseConfigValue(key.name, text, key.type);
      }) ?? null;
  } else if (key.required) messages.push(`Missing required configuration "${key.name}" which has no default value.`);
  else value = key.defaultValue;
  attempt(messages, () => key.validator?.ensureValid(key.name, value));
  return value;
}

function recommend(
  key: ConfigKey,
  recommender: NonNullable<ConfigKey['recommender']>,
  into: ConfigValue,
  values: Readonly<Record<string, unknown>>,
): void {
  attempt(into.errorMessages, () => {
    into.recommendedValues = recommender.validValues(key.name, values);
    into.visible = recommender.visible?.(key.name, values) ?? true;
  });
}

/** The result, or undefined and the message of the ConfigError that was thrown. Other errors are mistakes of the program. */
function attempt<T>(messages: string[], run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    messages.push(error.message);
    return undefined;
  }
}

function summaryOf(problems: readonly ConfigProblem[]): string {
  const [only] = problems;
  if (problems.length === 1 && only !== undefined) {
    return only.message.includes(only.key) ? only.message : `${only.key}: ${only.message}`;
  }
  const lines = problems.map(({ key, message }) => `\n  ${key}: ${message}`);
  return `The configuration has ${problems.length} mistakes:${lines.join('')}`;
}

/** Kafka Connect reports a mistake under the prefixed key, but its text names the key as the plugin knows it. */
function unprefixed(validator: NonNullable<ConfigKey['validator']>, name: string): NonNullable<ConfigKey['validator']> {
  return { ensureValid: (_key, value) => validator.ensureValid(name, value), toString: () => String(validator) };
}

function unprefixedRecommender(
  recommender: NonNullable<ConfigKey['recommender']>,
  prefix: string,
): NonNullable<ConfigKey['recommender']> {
  const inner = (values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(values)
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => [key.slice(prefix.length), value]),
    );
  return {
    validValues: (key, values) => recommender.validValues(key.slice(prefix.length), inner(values)),
    visible: (key, values) => recommender.visible?.(key.slice(prefix.length), inner(values)) ?? true,
  };
}
