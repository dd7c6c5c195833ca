import { trimmed } from '../../foundation/java-blanks.ts';
import { javaDoubleText, javaText } from '../data/java-text.ts';
import { ConfigError } from '../errors/index.ts';
import type { ConfigType } from './config-key.ts';
import { isPassword, Password } from './password.ts';

const INTEGER = /^[+-]?\d+$/;
const DOUBLE = /^[+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[dDfF]?)$/;
const SPACES = ' \t\n\v\f\r';

/** The error of a value that is not allowed, in Kafka Connect's words. A Password shows as `[hidden]`. */
export function invalidValue(key: string, value: unknown, why?: string): ConfigError {
  const message = `Invalid value ${javaText(value)} for configuration ${key}${why === undefined ? '' : `: ${why}`}`;
  return new ConfigError(message, { problems: [{ key, message }] });
}

/** The value that the text of a setting stands for. Null stays null. Throws ConfigError if the text is not of the type. */
export function parseConfigValue(key: string, text: string | null, type: ConfigType): unknown {
  if (text === null) return null;
  const word = trimmed(text);
  switch (type) {
    case 'BOOLEAN': {
      const lower = word.toLowerCase();
      if (lower === 'true') return true;
      if (lower === 'false') return false;
      throw invalidValue(key, text, 'Expected value to be either true or false');
    }
    case 'STRING':
    case 'CLASS':
      return word;
    case 'PASSWORD':
      return new Password(word);
    case 'LIST':
      return Object.freeze(word === '' ? [] : elementsOf(word));
    case 'INT':
      return parseInteger(key, text, word, type, 32);
    case 'SHORT':
      return parseInteger(key, text, word, type, 16);
    case 'LONG':
      return parseInteger(key, text, word, type, 64);
    case 'DOUBLE':
      if (!DOUBLE.test(word)) throw invalidValue(key, text, 'Not a number of type DOUBLE');
      return Number(/(NaN|Infinity)$/.test(word) ? word : word.replace(/[dDfF]$/, ''));
  }
}

/** Java's rules for integers: a sign and digits, in range. Of type LONG at most 2^53 - 1, which is what larger ones become. */
function parseInteger(key: string, text: string, word: string, type: ConfigType, bits: number): number {
  const value = INTEGER.test(word) ? BigInt(word.replace(/^\+/, '')) : undefined;
  if (value === undefined || BigInt.asIntN(bits, value) !== value) {
    throw invalidValue(key, text, `Not a number of type ${type}`);
  }
  // Java's largest numbers stand for "for ever", and 2^53 is as good for that.
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value)));
}

/** At the commas, with the white space on either side of them: what Java's `\\s` is, which has no blanks beyond ASCII. */
function elementsOf(word: string): string[] {
  return word.split(',').map((element) => {
    let start = 0;
    let end = element.length;
    while (start < end && SPACES.includes(element.charAt(start))) start++;
    while (end > start && SPACES.includes(element.charAt(end - 1))) end--;
    return element.slice(start, end);
  });
}

/** The text of a parsed value, as the REST API shows it: lists joined with commas, passwords hidden, null kept. */
export function renderConfigValue(value: unknown, type: ConfigType | null): string | null {
  if (value === null || value === undefined) return null;
  if (isPassword(value) || type === 'PASSWORD') return '[hidden]';
  if (Array.isArray(value)) return value.map((element) => renderConfigValue(element, null) ?? '').join(',');
  if (type === 'LONG' && Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER) {
    // What this was, in all likelihood.
    return value === Number.MAX_SAFE_INTEGER ? '9223372036854775807' : '-9223372036854775808';
  }
  if (type === 'DOUBLE' && typeof value === 'number') return javaDoubleText(value);
  return javaText(value);
}
