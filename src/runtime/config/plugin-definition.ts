/** What a transformation, predicate or converter says of its settings: asked here, or in a thread. */
import { ConfigDef, type ConfigKey, type ConfigValue } from '../../sdk/config/index.ts';
import type { Converter } from '../../sdk/converter.ts';
import { ConfigError, type ConfigProblem } from '../../sdk/errors/kinds.ts';
import { messageOf } from '../../sdk/errors/readable-error.ts';
import { CONNECTOR_WITHOUT_DEFINITION, definitionToWire, isPromise } from './connector-definition.ts';
import type { ConverterPart } from './named-plugins.ts';
import { jointProblems } from './plugin-problems.ts';

/** Why there is no definition: it can't be made, or can't be asked. */
export interface PluginFailure {
  readonly at: 'constructor' | 'config';
  readonly message: string;
}

export interface PluginDefinition {
  /** Null without one, as converters did for long. One that was asked in a thread has neither validators nor recommenders here. */
  readonly def: ConfigDef | null;
  readonly failure: PluginFailure | null;
  /** What it said in a thread of each setting that it was asked about, under its full key; null where `def` itself can be asked. */
  readonly found: readonly ConfigValue[] | null;
  /** Of a converter, what is wrong among settings that are right by themselves; as `jointProblems`. */
  jointProblems(own: Raw, part: ConverterPart, prefix: string, wrong: ReadonlySet<string>): readonly ConfigProblem[];
  /** Which of the keys it does not know. */
  unusedKeys(given: RawOrNull): readonly string[];
}

/** What a plugin in a thread is asked. Structured-cloneable. */
export interface PluginQuestion {
  /** What stands before its keys in `config` and in the answer: `transforms.a.`; empty for a converter. */
  readonly prefix: string;
  /** Of a converter. */
  readonly part: ConverterPart | null;
  /** What the framework calls by names below the prefix: recommenders see these values, and not the plugin's own of the same name. */
  readonly framework: Readonly<Record<string, unknown>>;
  /** null: only the settings themselves are asked for. */
  readonly config: RawOrNull | null;
}

/** Its answer. Structured-cloneable; invariant 8: without secrets. */
export interface PluginAnswer {
  readonly keys: readonly ConfigKey[] | null;
  readonly failure: PluginFailure | null;
  readonly values: readonly ConfigValue[];
  readonly problems: readonly ConfigProblem[];
  readonly unused: readonly string[];
}

type Raw = Readonly<Record<string, string>>;
type RawOrNull = Readonly<Record<string, string | null>>;
type Asked = Pick<Converter, 'config' | 'checkSettings'>;
type PluginClass = new () => unknown;

/** Nothing is known of it, and it was not asked. */
export const UNKNOWN_DEFINITION: PluginDefinition = definitionOfAnswer({
  keys: null,
  failure: null,
  values: [],
  problems: [],
  unused: [],
});

/** Of an instance in this thread. Never throws. */
export function definitionHere(className: string, create: PluginClass): PluginDefinition {
  const { plugin, def, failure } = made(className, create);
  return {
    def,
    failure,
    found: null,
    jointProblems: (own, part, prefix, wrong) => jointProblems(plugin, own, part, prefix, wrong),
    unusedKeys: (given) => def?.unusedKeys(given) ?? [],
  };
}

/** In the thread that was asked. @throws what validators, recommenders and `checkSettings` throw that is no ConfigError */
export function answerOfPlugin(className: string, create: PluginClass, question: PluginQuestion): PluginAnswer {
  const { prefix, part, config } = question;
  const { plugin, def, failure } = made(className, create);
  if (def === null) return { keys: null, failure, values: [], problems: [], unused: [] };
  // Under the full keys, as texts name them.
  const placed = prefix === '' ? def : ConfigDef.empty().embed(withFramework(def, question.framework), { prefix });
  const { keys, values } = definitionToWire({
    keys: [...def.keys.values()],
    groups: [],
    values: config === null ? [] : placed.validate(config),
  });
  if (config === null || part === null) return { keys, failure, values, problems: [], unused: [] };
  const wrong = new Set(values.filter(({ errorMessages }) => errorMessages.length > 0).map(({ name }) => name));
  const problems = jointProblems(plugin, config as Raw, part, `${part}.converter.`, wrong);
  return {
    keys,
    failure,
    values,
    problems: problems.map(({ key, message }) => ({ key: String(key), message: String(message) })),
    unused: def.unusedKeys(config),
  };
}

function withFramework(def: ConfigDef, framework: PluginQuestion['framework']): ConfigDef {
  const seen = (values: Readonly<Record<string, unknown>>) => ({ ...values, ...framework });
  return [...def.keys.values()].reduce((all, { name, recommender }) => {
    if (recommender === null) return all;
    return all.redefine(name, {
      recommender: {
        validValues: (key, values) => recommender.validValues(key, seen(values)),
        visible: (key, values) => recommender.visible?.(key, seen(values)) ?? true,
      },
    });
  }, def);
}

/** Back in the thread that asked. */
export function definitionOfAnswer({ keys, failure, values, problems, unused }: PluginAnswer): PluginDefinition {
  const copy = { keys: new Map(keys?.map((key) => [key.name, key])) } as unknown as ConfigDef;
  return {
    def: keys === null ? null : ConfigDef.empty().extend(copy),
    failure,
    found: values.length === 0 ? null : values,
    jointProblems: () => problems,
    unusedKeys: (given) => unused.filter((key) => Object.hasOwn(given, key)),
  };
}

/** @throws ConfigError for a plugin of which no instance can be made; not for one that can only not be asked */
export function ensureMade({ failure }: PluginDefinition): void {
  if (failure?.at === 'constructor') throw new ConfigError(failure.message);
}

/** @throws ConfigError for a plugin that can't be made, or not be asked */
export function ensureAsked({ failure }: PluginDefinition): void {
  if (failure !== null) throw new ConfigError(failure.message);
}

function made(
  className: string,
  create: PluginClass,
): { readonly plugin: Asked; readonly def: ConfigDef | null; readonly failure: PluginFailure | null } {
  let plugin: Asked = {};
  try {
    plugin = new create() as Asked;
  } catch (error) {
    return { plugin, def: null, failure: { at: 'constructor', message: messageOf(error) } };
  }
  try {
    return { plugin, def: checkedDefinition(className, plugin.config?.()), failure: null };
  } catch (error) {
    return { plugin, def: null, failure: { at: 'config', message: messageOf(error) } };
  }
}

function checkedDefinition(className: string, def: unknown): ConfigDef | null {
  if (def === undefined || def === null) return null;
  const isPromised = isPromise(def);
  if (!isPromised && (def as Partial<ConfigDef>).keys instanceof Map) return def as ConfigDef;
  throw new ConfigError(
    `${className}.config() must return a ConfigDef${isPromised ? ' and not a promise of one' : ''}.`,
    { code: CONNECTOR_WITHOUT_DEFINITION },
  );
}
