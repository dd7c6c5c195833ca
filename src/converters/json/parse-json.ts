/** Reading JSON without losing digits, at the speed of JSON.parse wherever that is safe. */
import { BigDecimal } from '../../sdk/data/index.ts';
import { type Json, JsonNumber } from './json-text.ts';

/** A number whose whole part a double may not hold; the digits of a fraction, which are many in any double, don't count. */
const LONG_INTEGER = /(?:^|[^.\d])\d{16}|\d[eE]\+?\d\d/;
/** Also a fraction of zeros or an exponent: an integral double, which JSON.parse would not tell from an integer. */
const NOT_PLAIN = /(?:^|[^.\d])\d{16}|\.0+(?!\d)|\d[eE]/;
const NUMBER = /-?\d+(\.\d+)?([eE][+-]?\d+)?/y;
const LEADING_ZERO = /^-?0\d/;
const BLANKS = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;
/** Jackson's limit of containers within containers. */
export const MAX_JSON_DEPTH = 1000;
/** Jackson's limit of the digits of a number. */
const MAX_NUMBER_LENGTH = 1000;
/** What must not follow a word: it would be part of it. Jackson does not look at what comes before the digits, `$` among it. */
const WORD_PART = /[\p{L}\p{Nd}\p{Nl}\p{Sc}\p{Pc}\p{Mn}\p{Mc}\p{Cf}\u007f-\u009f]/u;
/** In UTF-8 Jackson stumbles over any character of several bytes there. */
const WORD_PART_UTF8 = /[A-Z_a-z0-9\u007f-\uffff]/;

/** How much of a number's form the reader needs. */
export type Precision =
  /** Integers exactly; `1.0` may come as `1`. */
  | 'integers'
  /** Integers told from doubles: all integers that are unsafe are bigints, and `1.0` is a JsonNumber. */
  | 'kinds'
  /** All digits of all numbers: every number is a bigint or a JsonNumber. */
  | 'digits';

/** The value of a JSON text. Throws SyntaxError. */
export function parseJson(text: string, precision: Precision): Json {
  return isSafe(text, precision) ? (JSON.parse(text) as Json) : new JsonReader(text).read();
}

/**
 * As lax as Kafka Connect's JsonDeserializer: numbers may have leading zeros, and whatever follows the value is left alone, but for what could
 * be part of it, which depends on whether the text was in UTF-8. Undefined for blanks alone. Throws SyntaxError.
 */
export function parseLaxJson(text: string, precision: Precision, wasUtf8: boolean): Json | undefined {
  if (isSafe(text, precision)) {
    try {
      return JSON.parse(text) as Json;
    } catch {
      // Read again, with more patience.
    }
  }
  return new JsonReader(text).readFirst(wasUtf8 ? WORD_PART_UTF8 : WORD_PART);
}

function isSafe(text: string, precision: Precision): boolean {
  return precision !== 'digits' && !(precision === 'integers' ? LONG_INTEGER : NOT_PLAIN).test(text);
}

/** As Jackson counts them: of mantissa and exponent, without zeros in front. */
function digitsIn(number: string): number {
  return number.replace(/^-?0+(?=\d)/, '').replaceAll(/[^\d]/g, '').length;
}

/** Every integer is a bigint, every other number a JsonNumber. */
class JsonReader {
  private readonly text: string;
  private position = 0;
  private depth = 0;
  private isLax = false;
  private wordPart = WORD_PART_UTF8;

  constructor(text: string) {
    this.text = text;
  }

  read(): Json {
    const value = this.value();
    this.skipBlanks();
    if (this.position < this.text.length) throw this.unexpected();
    return value;
  }

  readFirst(wordPart: RegExp): Json | undefined {
    this.wordPart = wordPart;
    this.skipBlanks();
    if (this.position === this.text.length) return undefined;
    this.isLax = true;
    const value = this.value();
    // Only what could be more of the same number is a mistake.
    if (this.isNumber(value) && this.position < this.text.length && !this.skipBlanks()) throw this.unexpected();
    return value;
  }

  private isNumber(value: Json): boolean {
    return typeof value === 'bigint' || value instanceof JsonNumber;
  }

  private value(): Json {
    this.skipBlanks();
    switch (this.text[this.position]) {
      case '{':
        return this.nested(() => this.object());
      case '[':
        return this.nested(() => this.array());
      case '"':
        return this.string();
      case 't':
        return this.word('true', true);
      case 'f':
        return this.word('false', false);
      case 'n':
        return this.word('null', null);
      default:
        return this.number();
    }
  }

  private nested(read: () => Json): Json {
    if (++this.depth > MAX_JSON_DEPTH) throw new SyntaxError(`JSON is nested more than ${MAX_JSON_DEPTH} deep`);
    const value = read();
    this.depth--;
    return value;
  }

  private object(): Json {
    const members: Record<string, Json> = {};
    this.position++;
    this.skipBlanks();
    if (this.consume('}')) return members;
    do {
      this.skipBlanks();
      const key = this.string();
      this.skipBlanks();
      if (!this.consume(':')) throw this.unexpected();
      const value = this.value();
      // Assigning to __proto__ would change the prototype instead of adding a member.
      if (key === '__proto__') {
        Object.defineProperty(members, key, { value, enumerable: true, configurable: true, writable: true });
      } else {
        members[key] = value;
      }
      this.skipBlanks();
    } while (this.consume(','));
    if (!this.consume('}')) throw this.unexpected();
    return members;
  }

  private array(): Json {
    const elements: Json[] = [];
    this.position++;
    this.skipBlanks();
    if (this.consume(']')) return elements;
    do {
      elements.push(this.value());
      this.skipBlanks();
    } while (this.consume(','));
    if (!this.consume(']')) throw this.unexpected();
    return elements;
  }

  private string(): string {
    STRING.lastIndex = this.position;
    const match = STRING.exec(this.text);
    if (match === null) throw this.unexpected();
    this.position = STRING.lastIndex;
    return JSON.parse(match[0]) as string;
  }

  private number(): Json {
    NUMBER.lastIndex = this.position;
    const match = NUMBER.exec(this.text);
    if (match === null || (!this.isLax && LEADING_ZERO.test(match[0]))) throw this.unexpected();
    if (match[0].length > MAX_NUMBER_LENGTH && digitsIn(match[0]) > MAX_NUMBER_LENGTH)
      throw new SyntaxError(`A number has more than ${MAX_NUMBER_LENGTH} digits`);
    // An exponent that Java's BigDecimal has no room for.
    if ((match[2]?.length ?? 0) > 8 && BigDecimal.tryParse(match[0]) === undefined) throw this.unexpected();
    this.position = NUMBER.lastIndex;
    return match[1] === undefined && match[2] === undefined ? BigInt(match[0]) : new JsonNumber(match[0]);
  }

  private word<T extends Json>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.position)) throw this.unexpected();
    this.position += word.length;
    const next = this.text.charAt(this.position);
    if (next >= '0' && this.wordPart.test(next)) throw this.unexpected();
    return value;
  }

  private consume(character: string): boolean {
    if (this.text[this.position] !== character) return false;
    this.position++;
    return true;
  }

  /** True if there were any. */
  private skipBlanks(): boolean {
    const from = this.position;
    BLANKS.lastIndex = from;
    BLANKS.exec(this.text);
    this.position = BLANKS.lastIndex;
    return this.position > from;
  }

  private unexpected(): SyntaxError {
    const found = this.text[this.position];
    const what = found === undefined ? 'end of JSON' : `character ${JSON.stringify(found)}`;
    return new SyntaxError(`Unexpected ${what} at position ${this.position}`);
  }
}
