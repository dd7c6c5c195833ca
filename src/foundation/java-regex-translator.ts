/** From the syntax of `java.util.regex.Pattern` to that of JavaScript's `v` mode. */
import { ESCAPED_CLASSES, LINE_ENDS, propertyClass } from './java-regex-classes.ts';

/** What {@link translateJavaRegex} gives. Group n of Java is called `gn` in the translation. */
export interface TranslatedRegex {
  readonly regex: string;
  readonly groupCount: number;
  readonly groupNames: ReadonlyMap<string, number>;
}

interface Flags {
  readonly i: boolean;
  readonly s: boolean;
  readonly m: boolean;
  readonly x: boolean;
  readonly d: boolean;
}

interface ClassItem {
  readonly text: string;
  /** Of a single character, which may begin a range. */
  readonly code?: number;
}

const NO_FLAGS: Flags = { i: false, s: false, m: false, x: false, d: false };
const SIMPLE_ESCAPES: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, f: 12, a: 7, e: 27 };

/**
 * Translates a pattern. Case-insensitivity is that of US-ASCII, as in Java without `(?u)`; possessive quantifiers and atomic groups are
 * put as look-aheads. Throws an Error, in Java's words where Java refuses too, else saying what JavaScript lacks: `\G`, `\X`, `\N{…}`,
 * blocks (`\p{InGreek}`), the flags u and U, and back-references where case is ignored.
 */
export function translateJavaRegex(source: string): TranslatedRegex {
  return new Translator(source).translate();
}

class Translator {
  private readonly source: string;
  private at = 0;
  private groupCount = 0;
  private helperCount = 0;
  private readonly groupNames = new Map<string, number>();
  private flags = NO_FLAGS;

  constructor(source: string) {
    this.source = source;
  }

  translate(): TranslatedRegex {
    const regex = this.alternatives();
    if (this.at < this.source.length) this.fail("Unmatched closing ')'", Math.max(this.at - 1, 0));
    return { regex, groupCount: this.groupCount, groupNames: this.groupNames };
  }

  private peek(): string {
    return this.at < this.source.length ? String.fromCodePoint(this.source.codePointAt(this.at) ?? 0) : '';
  }

  private take(): string {
    const character = this.peek();
    this.at += character.length;
    return character;
  }

  private takeIf(text: string): boolean {
    if (!this.source.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  private fail(what: string, index: number): never {
    const caret = index < this.source.length ? `\n${' '.repeat(index)}^` : '';
    throw new Error(`${what} near index ${index}\n${this.source}${caret}`);
  }

  private lacking(what: string): never {
    throw new Error(
      `${what} is not supported: JavaScript's regular expressions can't express it. Write the pattern without it.`,
    );
  }

  /** Up to a closing parenthesis or the end. Flags set within hold to there. */
  private alternatives(): string {
    const outer = this.flags;
    let result = '';
    while (this.at < this.source.length && this.peek() !== ')') {
      if (this.takeIf('|')) result += '|';
      else result += this.quantified();
    }
    this.flags = outer;
    return result;
  }

  private quantified(): string {
    if (this.flags.x && this.skipComment()) return '';
    const start = this.at;
    const atom = this.atom();
    if (atom === '') return '';
    if (this.flags.x) while (this.skipComment());
    const quantifier = this.quantifier();
    if (quantifier === '') return atom;
    // Java takes a quantifier after an assertion for what it is; JavaScript wants it grouped.
    const repeated = `(?:${atom})${quantifier}`;
    if (this.takeIf('+')) return this.atomic(repeated);
    if (this.takeIf('?')) return `${repeated}?`;
    if (/^[*+?]/.test(this.peek())) this.fail(`Dangling meta character '${this.peek()}'`, this.at);
    if (this.at === start) this.fail('Illegal repetition', start);
    return repeated;
  }

  private quantifier(): string {
    const next = this.peek();
    if (next === '*' || next === '+' || next === '?') return this.take();
    if (next !== '{') return '';
    const counted = /^\{(\d+)(,(\d*))?\}/.exec(this.source.slice(this.at));
    if (counted === null) {
      if (!/^\{\d/.test(this.source.slice(this.at))) this.fail('Illegal repetition', this.at);
      this.fail('Unclosed counted closure', this.at + (/^\{[\d,]*/.exec(this.source.slice(this.at))?.[0].length ?? 0));
    }
    const [text, min, , max] = counted;
    if (max !== undefined && max !== '' && Number(max) < Number(min)) {
      this.fail('Illegal repetition range', this.at + text.length - 1);
    }
    this.at += text.length;
    return text;
  }

  /** Nothing is given back of what it matched. */
  private atomic(inner: string): string {
    const name = `p${++this.helperCount}`;
    return `(?=(?<${name}>${inner}))\\k<${name}>`;
  }

  private atom(): string {
    const start = this.at;
    const character = this.take();
    switch (character) {
      case '(':
        return this.group(start);
      case '[':
        return this.characterClass(start);
      case '\\':
        return this.escape();
      case '.':
        return this.flags.s ? '[^]' : this.flags.d ? '[^\\n]' : `[^${LINE_ENDS}]`;
      case '^':
        return this.flags.m ? `(?:^|(?<=${this.lineEnd()})(?!$))` : '^';
      case '$':
        return this.flags.m ? `(?=${this.lineEnd()}|$)` : this.beforeEnd();
      case '*':
      case '+':
      case '?':
        return this.fail(`Dangling meta character '${character}'`, start);
      case '{':
        return this.fail('Illegal repetition', start);
      default:
        return this.literal(character);
    }
  }

  private lineEnd(): string {
    return this.flags.d ? '\\n' : `[${LINE_ENDS}]`;
  }

  /** At the end, or before a line terminator there. */
  private beforeEnd(): string {
    return this.flags.d ? '(?=\\n?$)' : `(?=(?:\\r\\n|[${LINE_ENDS}])?$)`;
  }

  private literal(character: string): string {
    const other = this.flags.i ? otherCase(character) : character;
    if (other !== character) return `[${character}${other}]`;
    return escaped(character.codePointAt(0) ?? 0);
  }

  private group(start: number): string {
    if (!this.takeIf('?')) {
      return this.close(`(?<g${++this.groupCount}>`);
    }
    for (const opening of [':', '=', '!', '<=', '<!']) if (this.takeIf(opening)) return this.close(`(?${opening}`);
    if (this.takeIf('>')) return this.atomic(this.close('(?:'));
    if (this.takeIf('<')) {
      const name = /^[a-zA-Z][a-zA-Z0-9]*(?=>)/.exec(this.source.slice(this.at))?.[0];
      if (name === undefined) this.fail('Unknown look-behind group', this.at);
      if (this.groupNames.has(name)) {
        this.fail(`Named capturing group <${name}> is already defined`, this.at + name.length);
      }
      this.at += name.length + 1;
      this.groupNames.set(name, ++this.groupCount);
      return this.close(`(?<g${this.groupCount}>`);
    }
    return this.inlineFlags(start);
  }

  private close(opening: string): string {
    const inner = this.alternatives();
    if (!this.takeIf(')')) this.fail('Unclosed group', this.source.length);
    return `${opening}${inner})`;
  }

  private inlineFlags(start: number): string {
    const [text, on = '', off = ''] = /^([a-zA-Z]*)(?:-([a-zA-Z]*))?/.exec(this.source.slice(this.at)) ?? [''];
    for (const flag of on + off) {
      if (flag === 'u' || flag === 'U') this.lacking(`The flag (?${flag}) of the pattern '${this.source}'`);
      if (!'idmsx'.includes(flag)) this.fail('Unknown inline modifier', start + 2);
    }
    const changed = { ...this.flags };
    for (const flag of on) changed[flag as keyof Flags] = true;
    for (const flag of off) changed[flag as keyof Flags] = false;
    this.at += text.length;
    if (this.takeIf(')')) {
      this.flags = changed;
      return '';
    }
    if (!this.takeIf(':')) this.fail('Unknown inline modifier', this.at);
    const outer = this.flags;
    this.flags = changed;
    const group = this.close('(?:');
    this.flags = outer;
    return group;
  }

  private escape(): string {
    const start = this.at;
    const next = this.peek();
    if (next === '') this.fail('Unexpected internal error', start);
    if (next === 'Q') {
      this.at++;
      const end = this.source.indexOf('\\E', this.at);
      const text = this.source.slice(this.at, end === -1 ? undefined : end);
      this.at = end === -1 ? this.source.length : end + 2;
      const characters = [...text];
      // A quantifier after the quotation is for its last character alone.
      const last = characters.pop();
      if (last === undefined) return '';
      const before = characters.map((each) => this.literal(each)).join('');
      const quantifier = this.quantifier();
      const lazy = quantifier === '' ? '' : this.takeIf('?') ? '?' : '';
      return before + this.literal(last) + quantifier + lazy;
    }
    if (/^[1-9]$/.test(next)) return this.backReference();
    if (next === 'k') {
      const name = /^k<([a-zA-Z][a-zA-Z0-9]*)>/.exec(this.source.slice(this.at))?.[1];
      if (name === undefined) this.fail("\\k is not followed by '<' for named capturing group", start + 1);
      const group = this.groupNames.get(name);
      if (group === undefined) this.fail(`named capturing group <${name}> does not exist`, start + name.length + 2);
      this.at += name.length + 3;
      return this.referTo(group);
    }
    this.at++;
    switch (next) {
      case 'b':
      case 'B':
        return `\\${next}`;
      case 'A':
        return '^';
      case 'z':
        return '$';
      case 'Z':
        return this.beforeEnd();
      case 'R':
        return `(?:\\r\\n|[${LINE_ENDS}\\u000b\\f])`;
      case 'G':
      case 'X':
      case 'N':
        return this.lacking(`\\${next} in the pattern '${this.source}'`);
      default:
        break;
    }
    this.at--;
    const { text, code } = this.escapedItem();
    return code === undefined ? text : this.literal(String.fromCodePoint(code));
  }

  private referTo(group: number): string {
    if (this.flags.i) this.lacking(`A back-reference under (?i) in the pattern '${this.source}'`);
    return `\\k<g${group}>`;
  }

  /** As many digits as there are groups for so far. */
  private backReference(): string {
    let group = Number(this.take());
    for (let next = this.peek(); /^\d$/.test(next); next = this.peek()) {
      if (group * 10 + Number(next) > this.groupCount) break;
      group = group * 10 + Number(this.take());
    }
    // Java matches nothing for a group that isn't there.
    return group > this.groupCount ? '(?!)' : this.referTo(group);
  }

  /** After a backslash, within brackets or without: a character or a class. */
  private escapedItem(): ClassItem {
    const start = this.at;
    const next = this.take();
    const known = ESCAPED_CLASSES.get(next);
    if (known !== undefined) return { text: known };
    if (next === 'p' || next === 'P') return { text: this.property(next === 'P') };
    const rest = this.source.slice(this.at);
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
      if (numeric === null) this.fail('Illegal/unsupported escape sequence', start);
      const [digits] = numeric;
      this.at += digits.length;
      if (next === '0') return item(Number.parseInt(digits, 8));
      if (next === 'c') return item((digits.codePointAt(0) ?? 0) ^ 64);
      if (digits.length === 10) {
        const units = [digits.slice(0, 4), digits.slice(6)].map((each) => Number.parseInt(each, 16));
        return item(String.fromCharCode(...units).codePointAt(0) ?? 0);
      }
      const code = Number.parseInt(digits.replace(/[{}]/g, ''), 16);
      if (code > 0x10ffff) this.fail('Hexadecimal codepoint is too big', this.at);
      return item(code);
    }
    if (/^[a-zA-Z0-9]$/.test(next)) this.fail('Illegal/unsupported escape sequence', start);
    return item(next.codePointAt(0) ?? 0);
  }

  private property(isNegated: boolean): string {
    const [text, braced, single] = /^(?:\{([^}]*)\}|([A-Za-z]))/.exec(this.source.slice(this.at)) ?? [];
    if (text === undefined) this.fail('Unclosed character family', this.source.length - 1);
    this.at += text.length;
    const name = braced ?? single ?? '';
    const found = propertyClass(name, isNegated);
    return found ?? this.lacking(`The character property {${name}} of the pattern '${this.source}'`);
  }

  /** After the opening bracket. Intersections are taken apart into classes of their own. */
  private characterClass(start: number): string {
    const negation = this.takeIf('^') ? '^' : '';
    const parts: string[] = [''];
    let count = 0;
    for (;;) {
      if (this.at >= this.source.length) this.fail('Unclosed character class', this.source.length - 1);
      if (count > 0 && this.takeIf(']')) break;
      if (this.takeIf('&&')) {
        while (this.takeIf('&')) {
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
    if (this.flags.x && this.skipComment()) return '';
    if (this.takeIf('[')) return this.characterClass(start);
    if (this.takeIf('\\Q')) {
      const end = this.source.indexOf('\\E', this.at);
      const text = this.source.slice(this.at, end === -1 ? undefined : end);
      this.at = end === -1 ? this.source.length : end + 2;
      return [...text].map((each) => this.inClass(each.codePointAt(0) ?? 0)).join('');
    }
    const first = this.classCharacter();
    if (first.code === undefined) return first.text;
    if (this.peek() !== '-' || /^-(?:\]|\[|$)/.test(this.source.slice(this.at))) return this.inClass(first.code);
    this.at++;
    const last = this.classCharacter();
    if (last.code === undefined) return this.inClass(first.code) + this.inClass(0x2d) + last.text;
    if (last.code < first.code) this.fail('Illegal character range', this.at - 1);
    return this.rangeInClass(first.code, last.code);
  }

  private classCharacter(): ClassItem {
    if (this.takeIf('\\')) return this.escapedItem();
    return item(this.take().codePointAt(0) ?? 0);
  }

  private inClass(code: number): string {
    const character = String.fromCodePoint(code);
    const other = this.flags.i ? otherCase(character) : character;
    return other === character ? escaped(code) : character + other;
  }

  private rangeInClass(first: number, last: number): string {
    const range = `${escaped(first)}-${escaped(last)}`;
    if (!this.flags.i) return range;
    const shifted = (from: number, to: number, by: number): string => {
      const low = Math.max(first, from);
      const high = Math.min(last, to);
      return low > high ? '' : `${escaped(low + by)}-${escaped(high + by)}`;
    };
    return range + shifted(0x61, 0x7a, -32) + shifted(0x41, 0x5a, 32);
  }

  /** With the flag x blanks, and what follows a #, are no part of the pattern. */
  private skipComment(): boolean {
    const skipped = /^(?:[ \t\n\v\f\r]+|#[^\n\r\u0085\u2028\u2029]*)/.exec(this.source.slice(this.at))?.[0];
    this.at += skipped?.length ?? 0;
    return skipped !== undefined;
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
