import { ConfigError } from '../errors/index.ts';
import type { Password } from './password.ts';

/** What a setting of each type is once parsed. */
export interface ConfigValueTypes {
  BOOLEAN: boolean;
  STRING: string;
  /** A 32-bit integer. */
  INT: number;
  /** A 16-bit integer. */
  SHORT: number;
  /** An integer up to 2^53 - 1; larger ones are refused rather than rounded. */
  LONG: number;
  DOUBLE: number;
  /** Split at commas, each element trimmed; an empty text is an empty list. */
  LIST: readonly string[];
  /** The name of a plugin class. Whether it exists is for a validator or the worker to say. */
  CLASS: string;
  PASSWORD: Password;
}

/** The types of settings, as Kafka Connect names them. */
export type ConfigType = keyof ConfigValueTypes;

/** How much a setting matters to its users. */
export type Importance = 'high' | 'medium' | 'low';

/** How wide a form should show it. */
export type ConfigWidth = 'NONE' | 'SHORT' | 'MEDIUM' | 'LONG';

/** Checks a parsed value. */
export interface ConfigValidator {
  /** Throws ConfigError if the value, which may be null, is not allowed. `invalidValue` makes it in Kafka Connect's words. */
  ensureValid(key: string, value: unknown): void;
  /** What is allowed, for the documentation: `[1,...]`, `[none, all]`. */
  toString(): string;
}

/** Tells forms which values make sense, given the others. */
export interface Recommender {
  /** `values` holds what was parsed so far. May throw ConfigError, which is then shown with the setting. */
  validValues(key: string, values: Readonly<Record<string, unknown>>): readonly unknown[];
  /** False hides the setting; shown by default. */
  visible?(key: string, values: Readonly<Record<string, unknown>>): boolean;
}

interface ConfigKeySpecOf<T extends ConfigType> {
  readonly type: T;
  /** Absent: the setting is required. Null: it may be absent, and is then null. */
  readonly default?: ConfigValueTypes[T] | null;
  readonly validator?: ConfigValidator;
  readonly importance: Importance;
  readonly documentation: string;
  readonly group?: string;
  readonly orderInGroup?: number;
  readonly width?: ConfigWidth;
  readonly displayName?: string;
  /** Keys whose recommended values depend on this one. They must be defined too. */
  readonly dependents?: readonly string[];
  readonly recommender?: Recommender;
}

/** The declaration of one setting. */
export type ConfigKeySpec = { [T in ConfigType]: ConfigKeySpecOf<T> }[ConfigType];

/** Declarations by key. */
export type ConfigKeySpecs = Readonly<Record<string, ConfigKeySpec>>;

/** The parsed value of a declaration: null only if its default is null. Unknown for a declaration that isn't known in detail. */
export type ParsedValue<S extends ConfigKeySpec> = ConfigKeySpec extends S
  ? unknown
  : [S] extends [{ readonly default: infer D }]
    ? ConfigValueTypes[S['type']] | (null extends D ? null : never)
    : ConfigValueTypes[S['type']];

/** The parsed values of declarations, by key. */
export type ParsedConfig<K extends ConfigKeySpecs> = { readonly [N in keyof K]: ParsedValue<K[N]> };

/** A declaration with everything filled in. */
export interface ConfigKey {
  readonly name: string;
  readonly type: ConfigType;
  readonly required: boolean;
  /** Null if there is none. */
  readonly defaultValue: unknown;
  readonly validator: ConfigValidator | null;
  readonly importance: Importance;
  readonly documentation: string;
  readonly group: string | null;
  /** -1 without a group. */
  readonly orderInGroup: number;
  readonly width: ConfigWidth;
  readonly displayName: string;
  readonly dependents: readonly string[];
  readonly recommender: Recommender | null;
}

const SPEC_FIELDS: readonly string[] = [
  ...['name', 'type', 'default', 'validator', 'importance', 'documentation', 'group', 'orderInGroup', 'width'],
  ...['displayName', 'dependents', 'recommender'],
];

/** Fills in what a declaration leaves out. Throws ConfigError for a field that there is none of, which plain JavaScript may have. */
export function configKeyOf(name: string, spec: ConfigKeySpec): ConfigKey {
  const unknown = Object.keys(spec).filter((field) => !SPEC_FIELDS.includes(field));
  if (unknown.length > 0) {
    throw new ConfigError(
      `The definition of the setting ${name} has ${unknown.join(', ')}, which ConfigDef does not know. It knows ${SPEC_FIELDS.slice(1).join(', ')}.`,
    );
  }
  return Object.freeze({
    name,
    type: spec.type,
    required: spec.default === undefined,
    defaultValue: Array.isArray(spec.default) ? Object.freeze([...spec.default]) : (spec.default ?? null),
    validator: spec.validator ?? null,
    importance: spec.importance,
    documentation: spec.documentation,
    group: spec.group ?? null,
    orderInGroup: spec.orderInGroup ?? -1,
    width: spec.width ?? 'NONE',
    displayName: spec.displayName ?? name,
    dependents: Object.freeze([...(spec.dependents ?? [])]),
    recommender: spec.recommender ?? null,
  });
}
