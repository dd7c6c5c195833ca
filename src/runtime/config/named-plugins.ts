/** The transformations, predicates and converters that a configuration names, and under which settings. */
import { parseConfigValue } from '../../sdk/config/index.ts';
import type { NamedType } from './class-names.ts';

type Raw = Readonly<Record<string, string | null>>;

export const CONVERTERS = [
  { key: 'key.converter', type: 'converter' },
  { key: 'value.converter', type: 'converter' },
  { key: 'header.converter', type: 'header_converter' },
] as const satisfies readonly { readonly key: string; readonly type: NamedType }[];

/** For what a converter is. */
export type ConverterPart = 'key' | 'value' | 'header';

export const ALIASES = [
  { key: 'transforms', type: 'transformation', kind: 'Transformation', group: 'Transforms' },
  { key: 'predicates', type: 'predicate', kind: 'Predicate', group: 'Predicates' },
] as const;

/** One place at which a configuration names a plugin. */
export interface NamedPlugin {
  /** `transforms.a`, `key.converter`; its own settings lie below. */
  readonly setting: string;
  readonly type: NamedType;
  readonly className: string;
  /** Of its version; null for a setting that is null. */
  readonly requirement: string | null | undefined;
  /** Of a converter. */
  readonly part: ConverterPart | null;
}

/** In the order in which they are validated. */
export function namedPlugins(config: Raw): readonly NamedPlugin[] {
  const named = ALIASES.flatMap(({ key, type }) =>
    [...new Set(aliasesOf(key, config))].map((alias) => ({ setting: `${key}.${alias}`, type, part: null })),
  );
  const converters = CONVERTERS.map(({ key, type }) => ({ setting: key, type, part: partOf(key) }));
  return [...named, ...converters].flatMap((each) => {
    const className = config[each.part === null ? `${each.setting}.type` : each.setting];
    if (className === undefined || className === null) return [];
    return [{ ...each, className, requirement: config[`${each.setting}.plugin.version`] }];
  });
}

export function partOf(key: (typeof CONVERTERS)[number]['key']): ConverterPart {
  return key.replace('.converter', '') as ConverterPart;
}

/** As the type LIST reads them; none where the setting is null. */
export function aliasesOf(key: string, config: Raw): readonly string[] {
  return (parseConfigValue(key, config[key] ?? null, 'LIST') as readonly string[] | null) ?? [];
}
