/** From the syntax of `java.util.regex.Pattern` to that of JavaScript's `v` mode. */
import { JavaRegexCharacters } from './java-regex-characters.ts';
import { LINE_ENDS } from './java-regex-classes.ts';
import { JavaRegexText } from './java-regex-text.ts';

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

const NO_FLAGS: Flags = { i: false, s: false, m: false, x: false, d: false };

/**
 * Translates a pattern. Case-insensitivity is that of US-ASCII, as in Java without `(?u)`; possessive quantifiers and atomic groups are
 * put as look-aheads. Throws an Error, in Java's words where Java refuses too, else saying what JavaScript lacks: `\G`, `\X`, `\N{…}`,
 * blocks (`\p{InGreek}`), the flags u and U, and back-references where case is ignored.
 */
export function translateJavaRegex(source: string): TranslatedRegex {
  return new Translator(source).translate();
}

class Translator {
  private readonly text: JavaRegexText;
  private readonly characters: JavaRegexCharacters;
  private groupCount = 0;
  private helperCount = 0;
  private readonly groupNames = new Map<string, number>();
  private flags = NO_FLAGS;

  constructor(source: string) {
    this.text = new JavaRegexText(source);
    this.characters = new JavaRegexCharacters({ text: this.text, flags: () => this.flags });
  }

  translate(): TranslatedRegex {
    const regex = this.alternatives();
    if (!this.text.isAtEnd) this.text.fail("Unmatched closing ')'", Math.max(this.text.at - 1, 0));
    return { regex, groupCount: this.groupCount, groupNames: this.groupNames };
  }

  /** Up to a closing parenthesis or the end. Flags set within hold to there. */
  private alternatives(): string {
    const outer = this.flags;
    let result = '';
    while (!this.text.isAtEnd && this.text.peek() !== ')') {
      if (this.text.takeIf('|')) result += '|';
      else result += this.quantified();
    }
    this.flags = outer;
    return result;
  }

  private quantified(): string {
    if (this.flags.x && this.text.skipComment()) return '';
    const start = this.text.at;
    const atom = this.atom();
    if (atom === '') return '';
    if (this.flags.x) while (this.text.skipComment());
    const quantifier = this.quantifier();
    if (quantifier === '') return atom;
    // Java takes a quantifier after an assertion for what it is; JavaScript wants it grouped.
    const repeated = `(?:${atom})${quantifier}`;
    if (this.text.takeIf('+')) return this.atomic(repeated);
    if (this.text.takeIf('?')) return `${repeated}?`;
    if (/^[*+?]/.test(this.text.peek())) this.text.fail(`Dangling meta character '${this.text.peek()}'`, this.text.at);
    if (this.text.at === start) this.text.fail('Illegal repetition', start);
    return repeated;
  }

  private quantifier(): string {
    const next = this.text.peek();
    if (next === '*' || next === '+' || next === '?') return this.text.take();
    if (next !== '{') return '';
    const counted = /^\{(\d+)(,(\d*))?\}/.exec(this.text.rest);
    if (counted === null) {
      if (!/^\{\d/.test(this.text.rest)) this.text.fail('Illegal repetition', this.text.at);
      this.text.fail('Unclosed counted closure', this.text.at + (/^\{[\d,]*/.exec(this.text.rest)?.[0].length ?? 0));
    }
    const [text, min, , max] = counted;
    if (max !== undefined && max !== '' && Number(max) < Number(min)) {
      this.text.fail('Illegal repetition range', this.text.at + text.length - 1);
    }
    this.text.at += text.length;
    return text;
  }

  /** Nothing is given back of what it matched. */
  private atomic(inner: string): string {
    const name = `p${++this.helperCount}`;
    return `(?=(?<${name}>${inner}))\\k<${name}>`;
  }

  private atom(): string {
    const start = this.text.at;
    const character = this.text.take();
    switch (character) {
      case '(':
        return this.group(start);
      case '[':
        return this.characters.characterClass(start);
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
        return this.text.fail(`Dangling meta character '${character}'`, start);
      case '{':
        return this.text.fail('Illegal repetition', start);
      default:
        return this.characters.literal(character);
    }
  }

  private lineEnd(): string {
    return this.flags.d ? '\\n' : `[${LINE_ENDS}]`;
  }

  /** At the end, or before a line terminator there. */
  private beforeEnd(): string {
    return this.flags.d ? '(?=\\n?$)' : `(?=(?:\\r\\n|[${LINE_ENDS}])?$)`;
  }

  private group(start: number): string {
    if (!this.text.takeIf('?')) {
      return this.close(`(?<g${++this.groupCount}>`);
    }
    for (const opening of [':', '=', '!', '<=', '<!']) if (this.text.takeIf(opening)) return this.close(`(?${opening}`);
    if (this.text.takeIf('>')) return this.atomic(this.close('(?:'));
    if (this.text.takeIf('<')) {
      const name = /^[a-zA-Z][a-zA-Z0-9]*(?=>)/.exec(this.text.rest)?.[0];
      if (name === undefined) this.text.fail('Unknown look-behind group', this.text.at);
      if (this.groupNames.has(name)) {
        this.text.fail(`Named capturing group <${name}> is already defined`, this.text.at + name.length);
      }
      this.text.at += name.length + 1;
      this.groupNames.set(name, ++this.groupCount);
      return this.close(`(?<g${this.groupCount}>`);
    }
    return this.inlineFlags(start);
  }

  private close(opening: string): string {
    const inner = this.alternatives();
    if (!this.text.takeIf(')')) this.text.fail('Unclosed group', this.text.source.length);
    return `${opening}${inner})`;
  }

  private inlineFlags(start: number): string {
    const [text, on = '', off = ''] = /^([a-zA-Z]*)(?:-([a-zA-Z]*))?/.exec(this.text.rest) ?? [''];
    for (const flag of on + off) {
      if (flag === 'u' || flag === 'U') this.text.lacking(`The flag (?${flag}) of the pattern '${this.text.source}'`);
      if (!'idmsx'.includes(flag)) this.text.fail('Unknown inline modifier', start + 2);
    }
    const changed = { ...this.flags };
    for (const flag of on) changed[flag as keyof Flags] = true;
    for (const flag of off) changed[flag as keyof Flags] = false;
    this.text.at += text.length;
    if (this.text.takeIf(')')) {
      this.flags = changed;
      return '';
    }
    if (!this.text.takeIf(':')) this.text.fail('Unknown inline modifier', this.text.at);
    const outer = this.flags;
    this.flags = changed;
    const group = this.close('(?:');
    this.flags = outer;
    return group;
  }

  private escape(): string {
    const start = this.text.at;
    const next = this.text.peek();
    if (next === '') this.text.fail('Unexpected internal error', start);
    if (next === 'Q') {
      this.text.at++;
      const text = this.text.takeQuoted();
      const characters = [...text];
      // A quantifier after the quotation is for its last character alone.
      const last = characters.pop();
      if (last === undefined) return '';
      const before = characters.map((each) => this.characters.literal(each)).join('');
      const quantifier = this.quantifier();
      const lazy = quantifier === '' ? '' : this.text.takeIf('?') ? '?' : '';
      return before + this.characters.literal(last) + quantifier + lazy;
    }
    if (/^[1-9]$/.test(next)) return this.backReference();
    if (next === 'k') {
      const name = /^k<([a-zA-Z][a-zA-Z0-9]*)>/.exec(this.text.rest)?.[1];
      if (name === undefined) this.text.fail("\\k is not followed by '<' for named capturing group", start + 1);
      const group = this.groupNames.get(name);
      if (group === undefined)
        this.text.fail(`named capturing group <${name}> does not exist`, start + name.length + 2);
      this.text.at += name.length + 3;
      return this.referTo(group);
    }
    this.text.at++;
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
        return this.text.lacking(`\\${next} in the pattern '${this.text.source}'`);
      default:
        break;
    }
    this.text.at--;
    const { text, code } = this.characters.escapedItem();
    return code === undefined ? text : this.characters.literal(String.fromCodePoint(code));
  }

  private referTo(group: number): string {
    if (this.flags.i) this.text.lacking(`A back-reference under (?i) in the pattern '${this.text.source}'`);
    return `\\k<g${group}>`;
  }

  /** As many digits as there are groups for so far. */
  private backReference(): string {
    let group = Number(this.text.take());
    for (let next = this.text.peek(); /^\d$/.test(next); next = this.text.peek()) {
      if (group * 10 + Number(next) > this.groupCount) break;
      group = group * 10 + Number(this.text.take());
    }
    // Java matches nothing for a group that isn't there.
    return group > this.groupCount ? '(?!)' : this.referTo(group);
  }
}
