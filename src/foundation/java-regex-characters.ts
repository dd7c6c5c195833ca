/** Characters and character classes of `java.util.regex.Pattern`, as those of JavaScript's `v` mode. */
import { ESCAPED_CLASSES, propertyClass } from './java-regex-classes.ts';
import type { JavaRegexText } from './java-regex-text.ts';

/** The flags that matter to characters: case-insensitivity, and comments. */
export interface CharacterFlags {
  readonly i: boolean;
  readonly x: boolean;
}

export interface ClassItem {
  readonly text: string;
  /** Of a single character, which may begin a range. */
  readonly code?: number;
}

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, f: 12, a: 7, e: 27 };

export class JavaRegexCharacters {
  private readonly text: JavaRegexText;
  /** Those that hold where the text stands. */
  private readonly flags: () => CharacterFlags;

  constructor(options: { readonly text: JavaRegexText; readonly flags: () => CharacterFlags }) {
    this.text = options.text;
    this.flags = options.flags;
  }

  /** After a backslash, within brackets or without: a character or a class. */
  escapedItem(): ClassItem {
    const start = this.text.at;
    const next = this.text.take();
    const known = ESCAPED_CLASSES.get(next);
    if (known !== undefined) return { text: known };
    if (next === 'p' || next === 'P') return { text: this.property(next === 'P') };
    const rest = this.text.rest;
    const simple = SIMPLE_ESCAPES[next];
    if (simple !== undefined) return item(simple);
    const numeric =
      next === '0'
        ? /^(?:[0-3][0-7]{2}|[0-7]{1,2})/.exec(rest)
        : next === 'x'
          ? (/^[0-9a-fA-F]{2}/.exec(rest) ?? /^\{[0-9a-fA-F]{1,6}\}/.exec(rest))
          : next === 'u'
            ? (/^[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}/.exec(rest) ?? /^[0-9a-fA-F]{4}/.exec(rest))
            : next === 'c'
              ? /^[\s\S]/.exec(rest)
              : undefined;
    if (numeric !== undefined) {
      if (numeric === null) this.text.fail('Illegal/unsupported escape sequence', start);
      const [digits] = numeric;
      this.text.at += digits.length;
      if (next === '0') return item(Number.parseInt(digits, 8));
      if (next === 'c') return item((digits.codePointAt(0) ?? 0) ^ 64);
      if (digits.length === 10) {
        const units = [digits.slice(0, 4), digits.slice(6)].map((each) => Number.parseInt(each, 16));
        return item(String.fromCharCode(...units).codePointAt(0) ?? 0);
      }
      const code = Number.parseInt(digits.replace(/[{}]/g, ''), 16);
      if (code > 0x10ffff) this.text.fail('Hexadecimal codepoint is too big', this.text.at);
      return item(code);
    }
    if (/^[a-zA-Z0-9]$/.test(next)) this.text.fail('Illegal/unsupported escape sequence', start);
    return item(next.codePointAt(0) ?? 0);
  }

  private property(isNegated: boolean): string {
    const [text, braced, single] = /^(?:\{([^}]*)\}|([A-Za-z]))/.exec(this.text.rest) ?? [];
    if (text === undefined) this.text.fail('Unclosed character family', this.text.source.length - 1);
    this.text.at += text.length;
    const name = braced ?? single ?? '';
    const found = propertyClass(name, isNegated);
    return found ?? this.text.lacking(`The character property {${name}} of the pattern '${this.text.source}'`);
  }

  /** After the opening bracket. Intersections are taken apart into classes of their own. */
  characterClass(start: number): string {
    const negation = this.text.takeIf('^') ? '^' : '';
    const parts: string[] = [''];
    let count = 0;
    for (;;) {
      if (this.text.at >= this.text.source.length)
        this.text.fail('Unclosed character class', this.text.source.length - 1);
      if (count > 0 && this.text.takeIf(']')) break;
      if (this.text.takeIf('&&')) {
        while (this.text.takeIf('&')) {
          // Java takes more of them for one.
        }
        parts.push('');
        count++;
        continue;
      }
      parts[parts.length - 1] += this.classItem(start);
      count++;
    }
    const unions = parts.filter((part) => part !== '');
    if (unions.length === 1) return `[${negation}${unions[0]}]`;
    return `[${negation}${unions.map((part) => `[${part}]`).join('&&')}]`;
  }

  private classItem(start: number): string {
    if (this.flags().x && this.text.skipComment()) return '';
    if (this.text.takeIf('[')) return this.characterClass(start);
    if (this.text.takeIf('\\Q')) {
      const text = this.text.takeQuoted();
      return [...text].map((each) => this.inClass(each.codePointAt(0) ?? 0)).join('');
    }
    const first = this.classCharacter();
    if (first.code === undefined) return first.text;
    if (this.text.peek() !== '-' || /^-(?:\]|\[|$)/.test(this.text.rest)) return this.inClass(first.code);
    this.text.at++;
    const last = this.classCharacter();
    if (last.code === undefined) return this.inClass(first.code) + this.inClass(0x2d) + last.text;
    if (last.code < first.code) this.text.fail('Illegal character range', this.text.at - 1);
    return this.rangeInClass(first.code, last.code);
  }

  private classCharacter(): ClassItem {
    if (this.text.takeIf('\\')) return this.escapedItem();
    return item(this.text.take().codePointAt(0) ?? 0);
  }

  private inClass(code: number): string {
    const character = String.fromCodePoint(code);
    const other = this.flags().i ? otherCase(character) : character;
    return other === character ? escaped(code) : character + other;
  }

  private rangeInClass(first: number, last: number): string {
    const range = `${escaped(first)}-${escaped(last)}`;
    if (!this.flags().i) return range;
    const shifted = (from: number, to: number, by: number): string => {
      const low = Math.max(first, from);
      const high = Math.min(last, to);
      return low > high ? '' : `${escaped(low + by)}-${escaped(high + by)}`;
    };
    return range + shifted(0x61, 0x7a, -32) + shifted(0x41, 0x5a, 32);
  }

  literal(character: string): string {
    const other = this.flags().i ? otherCase(character) : character;
    if (other !== character) return `[${character}${other}]`;
    return escaped(character.codePointAt(0) ?? 0);
  }
}

function item(code: number): ClassItem {
  return { text: escaped(code), code };
}

function otherCase(character: string): string {
  if (/^[a-z]$/.test(character)) return character.toUpperCase();
  return /^[A-Z]$/.test(character) ? character.toLowerCase() : character;
}

/** A character without any meaning of its own, within brackets or without. */
function escaped(code: number): string {
  const character = String.fromCodePoint(code);
  return /^[\p{L}\p{N}_ ]$/u.test(character) ? character : `\\u{${code.toString(16)}}`;
}
