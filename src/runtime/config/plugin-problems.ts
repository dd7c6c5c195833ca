/** What is wrong with the settings of a converter, transformation or predicate, by the plugin's own definition. */
import type { ConfigValue } from '../../sdk/config/index.ts';
import type { Converter } from '../../sdk/converter.ts';
import type { ConfigProblem } from '../../sdk/errors/kinds.ts';
import type { PluginDefinition } from './plugin-definition.ts';

type Raw = Readonly<Record<string, string>>;

export function problemsIn(values: readonly ConfigValue[]): ConfigProblem[] {
  return values.flatMap(({ name, errorMessages }) => errorMessages.map((message) => ({ key: name, message })));
}

/**
 * Of a converter: each setting once, then what is wrong among settings that are right by themselves. A connector may have two converters
 * with the same settings, so that the text names the key as it has to be written.
 */
export function converterProblems(
  definition: PluginDefinition,
  config: Raw,
  type: 'key' | 'value' | 'header',
  prefix: string,
): ConfigProblem[] {
  const single = new Map<string, string>();
  for (const { key, message } of problemsIn(definition.found ?? definition.def?.validate(config) ?? [])) {
    // A text that can't be parsed is null to the validator, which would say so a second time.
    if (!single.has(key)) single.set(key, message);
  }
  return [
    ...[...single].map(([key, message]) => ({ key: prefix + key, message: named(message, key, prefix) })),
    ...definition.jointProblems(config, type, prefix, new Set(single.keys())).map(({ key, message }) => ({
      key: prefix + key,
      message,
    })),
  ];
}

/** What is wrong among settings that are right by themselves, under their own keys; the text names the key as it has to be written. */
export function jointProblems(
  converter: Pick<Converter, 'checkSettings'>,
  config: Raw,
  type: 'key' | 'value' | 'header',
  prefix: string,
  wrong: ReadonlySet<string>,
): ConfigProblem[] {
  const sound = Object.fromEntries(Object.entries(config).filter(([key]) => !wrong.has(key)));
  return (converter.checkSettings?.(sound, type) ?? [])
    .filter(({ key }) => !wrong.has(key))
    .map(({ key, message }) => ({ key, message: named(message, key, prefix) }));
}

function named(message: string, key: string, prefix: string): string {
  if (message.startsWith(key)) return prefix + message;
  for (const words of [`for configuration ${key}`, `Missing required configuration "${key}`]) {
    if (message.includes(words)) return message.replace(words, () => words.slice(0, -key.length) + prefix + key);
  }
  return `${prefix}${key}: ${message}`;
}
