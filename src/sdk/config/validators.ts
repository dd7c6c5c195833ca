import { javaText } from '../data/java-text.ts';
import type { ConfigValidator } from './config-key.ts';
import { invalidValue } from './parse-value.ts';

function validator(description: string, ensureValid: (key: string, value: unknown) => void): ConfigValidator {
  return Object.freeze({ ensureValid, toString: () => description });
}

/**
 * The validators of Kafka Connect's ConfigDef, with its messages. `range`, `in` and `inIgnoreCase` refuse null, the others let it pass.
 */
export const ConfigValidators = Object.freeze({
  /** A number from `min` to `max`, both inclusive, not null. */
  range(limits: { readonly min?: number; readonly max?: number }): ConfigValidator {
    const { min, max } = limits;
    return validator(`[${min ?? '...'},${max ?? '...'}]`, (key, value) => {
      if (value === null || value === undefined) throw invalidValue(key, null, 'Value must be non-null');
      // Written so that NaN is out of every range.
      if (min !== undefined && !(Number(value) >= min)) throw invalidValue(key, value, `Value must be at least ${min}`);
      if (max !== undefined && !(Number(value) <= max)) {
        throw invalidValue(key, value, `Value must be no more than ${max}`);
      }
    });
  },

  /** One of the texts, exactly; null only if it is listed. */
  in(...allowed: readonly (string | null)[]): ConfigValidator {
    return validator(`[${allowed.join(', ')}]`, (key, value) => {
      if (!allowed.includes(value as string | null)) {
        throw invalidValue(key, value, `String must be one of: ${allowed.map((each) => javaText(each)).join(', ')}`);
      }
    });
  },

  /** One of the texts, in upper or lower case. */
  inIgnoreCase(...allowed: readonly string[]): ConfigValidator {
    const upper = allowed.map((each) => each.toUpperCase());
    return validator(`(case insensitive) [${upper.join(', ')}]`, (key, value) => {
      if (typeof value !== 'string' || !upper.includes(value.toUpperCase())) {
        throw invalidValue(key, value, `String must be one of (case insensitive): ${upper.join(', ')}`);
      }
    });
  },

  /** Every element of a list is one of the texts. */
  listIn(...allowed: readonly string[]): ConfigValidator {
    const one = ConfigValidators.in(...allowed);
    return validator(`[${allowed.join(', ')}]`, (key, value) => {
      for (const element of listOf(value)) one.ensureValid(key, element);
    });
  },

  /** No element of a list twice; `why` is the text after the value. */
  listUnique(why = 'Duplicate value provided.'): ConfigValidator {
    return validator('unique values', (key, value) => {
      const list = listOf(value);
      if (new Set(list).size !== list.length) throw invalidValue(key, value, why);
    });
  },

  /** At least one element in a list, and none of them empty. */
  listNonEmpty(): ConfigValidator {
    return validator('non-empty list', (key, value) => {
      if (value === null || value === undefined) return;
      const list = listOf(value);
      if (list.length === 0) throw invalidValue(key, value, 'Value must have at least one element');
      if (list.includes('')) throw invalidValue(key, value, 'Value must not have empty elements');
    });
  },

  /** At most so many elements in a list. */
  listSize(max: number): ConfigValidator {
    return validator(`List containing maximum of ${max} elements`, (key, value) => {
      if (listOf(value).length > max) throw invalidValue(key, value, `exceeds maximum list size of [${max}].`);
    });
  },

  /** Not null. */
  nonNull(): ConfigValidator {
    return validator('non-null value', (key, value) => {
      if (value === null || value === undefined) throw invalidValue(key, null, 'entry must be non null');
    });
  },

  /** Not the empty text. */
  nonEmpty(): ConfigValidator {
    return validator('non-empty string', (key, value) => {
      if (value === '') throw invalidValue(key, value, 'String must be non-empty');
    });
  },

  /** Neither empty nor with ISO control characters; for names. */
  nonEmptyWithoutControlChars(): ConfigValidator {
    return validator('non-empty string without ISO control characters', (key, value) => {
      if (typeof value !== 'string') return;
      if (value === '') throw invalidValue(key, value, 'String may not be empty');
      const found: number[] = [];
      for (const character of value) {
        const code = character.codePointAt(0) ?? 0;
        if (code <= 0x1f || (code >= 0x7f && code <= 0x9f)) found.push(code);
      }
      if (found.length > 0) {
        throw invalidValue(
          key,
          value,
          `String may not contain control sequences but had the following ASCII chars: ${found.join(', ')}`,
        );
      }
    });
  },

  /** A check of one's own: throw `invalidValue(key, value, why)`. */
  lambda(ensureValid: (key: string, value: unknown) => void, description: string): ConfigValidator {
    return validator(description, ensureValid);
  },

  /** All of them, in order; the first that fails speaks. */
  composite(...all: readonly ConfigValidator[]): ConfigValidator {
    return validator(all.map(String).join(', '), (key, value) => {
      for (const each of all) each.ensureValid(key, value);
    });
  },

  /** The validator, which is not asked about null. */
  nullOr(other: ConfigValidator): ConfigValidator {
    return validator(String(other), (key, value) => {
      if (value !== null && value !== undefined) other.ensureValid(key, value);
    });
  },
});

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
