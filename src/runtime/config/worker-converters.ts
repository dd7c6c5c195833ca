/** The converters that the worker names: nothing else looks at them before the first task is started. */
import type { ConfigProblem } from '../../sdk/errors/kinds.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import type { ClassNames } from './class-names.ts';
import { convertersOwn } from './converter-validation.ts';
import { CONVERTERS, partOf } from './named-plugins.ts';
import { passwordKeysOf } from './password-keys.ts';
import { ensureMade } from './plugin-definition.ts';
import type { PluginDefinitions } from './plugin-definitions.ts';
import { converterProblems } from './plugin-problems.ts';
import { withPrefix } from './with-prefix.ts';

type Raw = Readonly<Record<string, string>>;

export interface WorkerConverters {
  readonly problems: readonly ConfigProblem[];
  /** Most likely misspelt. */
  readonly unknownKeys: readonly string[];
  /** Those of type PASSWORD. */
  readonly passwordKeys: ReadonlySet<string>;
}

export function workerConverters(
  config: Raw,
  options: {
    readonly classes: ClassNames;
    readonly definitions: PluginDefinitions;
    readonly withConverterDefaults: (own: Raw) => Raw;
  },
): WorkerConverters {
  return {
    problems: CONVERTERS.flatMap((each) => problemsOf(each, config, options)),
    unknownKeys: unknownConverterKeys(config, options),
    passwordKeys: passwordKeysOf(config, options),
  };
}

function problemsOf(
  { key, type }: (typeof CONVERTERS)[number],
  config: Raw,
  { classes, definitions, withConverterDefaults }: Parameters<typeof workerConverters>[1],
): readonly ConfigProblem[] {
  const name = config[key];
  if (name === undefined) return [];
  const requirement = config[`${key}.plugin.version`];
  try {
    classes.ensureUsable({
      type,
      key,
      className: classes.classOf(type, key, name),
      requirement,
      failure: 'Could not instantiate class',
      probe: (desc) => ensureMade(definitions.of(key, desc)),
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [{ key, message: error.message }];
  }
  const desc = classes.find(type, name, requirement);
  if (desc === undefined) return [];
  const part = partOf(key);
  const own = convertersOwn({ ...withPrefix(config, `${key}.`), 'converter.type': part }, part, withConverterDefaults);
  return converterProblems(definitions.of(key, desc), own, part, `${key}.`);
}

/** Keys under the prefix of a converter that it does not know, of a connector or of the worker: most likely misspelt. */
export function unknownConverterKeys(
  config: Readonly<Record<string, string | null>>,
  { classes, definitions }: { readonly classes: ClassNames; readonly definitions: PluginDefinitions },
): string[] {
  return CONVERTERS.flatMap(({ key, type }) => {
    const desc = classes.find(type, config[key], config[`${key}.plugin.version`]);
    const definition = desc === undefined ? undefined : definitions.of(key, desc);
    if (definition === undefined || definition.def === null) return [];
    return definition
      .unusedKeys(withPrefix(config, `${key}.`))
      .filter((own) => own !== 'converter.type' && own !== 'plugin.version')
      .map((own) => `${key}.${own}`);
  });
}
