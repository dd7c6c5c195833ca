/** Settings that several transformations have, and how they are read. */

import { JavaPattern, NULL_PATTERN } from '../foundation/java-pattern.ts';
import { ConfigDef, ConfigValidators, invalidValue } from '../sdk/config/index.ts';
import type { Field, Struct } from '../sdk/data/index.ts';
import { ConfigError } from '../sdk/errors/index.ts';

export const REPLACE_NULL_CONFIG = ConfigDef.of({
  'replace.null.with.default': {
    type: 'BOOLEAN',
    default: true,
    importance: 'medium',
    documentation:
      'Whether a field that is null and whose schema has a default is read as that default. With false it is read as null.',
  },
});

/** How a transformation reads a field: with or without the default of its schema. */
export type FieldReader = (struct: Struct, field: Field) => unknown;

export function fieldReader(replaceNullWithDefault: boolean): FieldReader {
  return replaceNullWithDefault
    ? (struct, field) => struct.get(field)
    : (struct, field) => struct.values[field.index] ?? null;
}

/** Java's `split(":")`: empty texts at the end are left out. */
export function splitAtColons(text: string): readonly string[] {
  const parts = text.split(':');
  while (parts.length > 1 && parts[parts.length - 1] === '') parts.pop();
  return parts;
}

/** Kafka Connect's message of a ConfigException that was given a name and an exception for the value. */
export function configErrorOf(what: string, exception: string): ConfigError {
  return new ConfigError(`Invalid value ${exception} for configuration ${what}`);
}

/** What upstream's transformations say of a list without elements, and of none; elements that are empty pass. */
export const LIST_VALIDATOR = ConfigValidators.lambda((key, value) => {
  if (!Array.isArray(value) || value.length === 0) throw invalidValue(key, value, 'Empty list');
}, 'non-empty list');

/** A text that is a Java regular expression which JavaScript can follow. */
export const REGEX_VALIDATOR = ConfigValidators.lambda((key, value) => {
  if (value === null || value === undefined) throw invalidValue(key, value, `Invalid regex: ${NULL_PATTERN}`);
  try {
    new JavaPattern(String(value));
  } catch (error) {
    throw invalidValue(key, value, `Invalid regex: ${(error as Error).message}`);
  }
}, 'valid regex');

/** Not null: what a required text setting is checked for. */
export const NON_NULL_VALIDATOR = ConfigValidators.lambda((key, value) => {
  if (value === null || value === undefined) throw invalidValue(key, value, 'entry must be non null');
}, 'non-null string');

/** What upstream shows of a list of `a:b` pairs. */
export const PAIRS_DESCRIPTION = 'list of colon-delimited pairs, e.g. <code>foo:bar,abc:xyz</code>';
