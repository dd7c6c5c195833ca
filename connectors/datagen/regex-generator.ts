/** Texts that match a regular expression: literals, classes, groups, alternatives and quantifiers. */
import { ConfigError } from 'holdfast/sdk';
import type { JavaRandom } from './java-random.ts';

export type TextGenerator = (random: JavaRandom) => string;

/** `*`, `+` and `{n,}` have no upper end; texts stay short. */
const UNBOUNDED_EXTRA = 10;
const DIGITS = '0123456789';
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const CLASSES: Readonly<Record<string, string>> = { d: DIGITS, w: `${LETTERS}${DIGITS}_`, s: ' \t' };
const ANY = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('');

/** Throws ConfigError for what it does not know. */
export function regexGenerator(pattern: string): TextGenerator {
  const parser = new RegexParser(pattern);
  const generator = parser.alternatives();
  if (!parser.isAtEnd) throw parser.wrong('a closing parenthesis too many');
  return generator;
}

class RegexParser {
  private readonly pattern: string;
  private at = 0;

  constructor(pattern: string) {
    this.pattern = pattern;
  }

  get isAtEnd(): boolean {
    return this.at === this.pattern.length;
  }

  wrong(what: string): ConfigError {
    return new ConfigError(`The regular expression '${this.pattern}' has ${what} at character ${this.at + 1}.`);
  }

  alternatives(): TextGenerator {
    const branches = [this.sequence()];
    while (this.pattern[this.at] === '|') {
      this.at++;
      branches.push(this.sequence());
    }
    const [only] = branches;
    if (branches.length === 1 && only !== undefined) return only;
    return (random) => branches[random.nextBelow(branches.length)]?.(random) ?? '';
  }

  private sequence(): TextGenerator {
    const parts: TextGenerator[] = [];
    while (!this.isAtEnd && this.pattern[this.at] !== '|' && this.pattern[this.at] !== ')') {
      parts.push(this.quantified(this.atom()));
    }
    return (random) => {
      let text = '';
      for (const part of parts) text += part(random);
      return text;
    };
  }

  private atom(): TextGenerator {
    const character = this.pattern[this.at++] ?? '';
    switch (character) {
      case '(': {
        if (this.pattern[this.at] === '?') {
          if (this.pattern[this.at + 1] !== ':') throw this.wrong('a group that is not supported');
          this.at += 2;
        }
        const inner = this.alternatives();
        if (this.pattern[this.at++] !== ')') throw this.wrong('a group that is never closed');
        return inner;
      }
      case '[':
        return oneOf(this.characterClass());
      case '.':
        return oneOf(ANY);
      case '\\': {
        const escaped = this.pattern[this.at++];
        if (escaped === undefined) throw this.wrong('a backslash without a character');
        return CLASSES[escaped] === undefined ? () => escaped : oneOf(CLASSES[escaped]);
      }
      case '^':
      case '$':
        return () => '';
      case '*':
      case '+':
      case '?':
        throw this.wrong('nothing to repeat');
      default:
        return () => character;
    }
  }

  private characterClass(): string {
    const negated = this.pattern[this.at] === '^';
    if (negated) this.at++;
    let characters = '';
    for (let first = true; first || this.pattern[this.at] !== ']'; first = false) {
      let from = this.pattern[this.at++];
      if (from === undefined) throw this.wrong('a class that is never closed');
      if (from === '\\') {
        from = this.pattern[this.at++] ?? '';
        const known = CLASSES[from];
        if (known !== undefined) {
          characters += known;
          continue;
        }
      }
      const to = this.pattern[this.at + 1];
      if (this.pattern[this.at] === '-' && to !== undefined && to !== ']') {
        this.at += 2;
        if (to < from) throw this.wrong('a range that ends before it starts');
        for (let code = from.charCodeAt(0); code <= to.charCodeAt(0); code++) characters += String.fromCharCode(code);
      } else characters += from;
    }
    this.at++;
    if (!negated) return characters;
    return [...ANY].filter((each) => !characters.includes(each)).join('');
  }

  private quantified(part: TextGenerator): TextGenerator {
    const limits = this.quantifier();
    if (limits === null) return part;
    const [min, max] = limits;
    return (random) => {
      let text = '';
      for (let left = min + random.nextBelow(max - min + 1); left > 0; left--) text += part(random);
      return text;
    };
  }

  private quantifier(): readonly [number, number] | null {
    switch (this.pattern[this.at]) {
      case '?':
        this.at++;
        return [0, 1];
      case '*':
        this.at++;
        return [0, UNBOUNDED_EXTRA];
      case '+':
        this.at++;
        return [1, UNBOUNDED_EXTRA];
      case '{': {
        const match = /^\{(\d+)(,(\d*))?\}/.exec(this.pattern.slice(this.at));
        if (match === null) throw this.wrong('a quantifier that is none');
        this.at += match[0].length;
        const min = Number(match[1]);
        if (match[2] === undefined) return [min, min];
        const max = match[3] === '' ? min + UNBOUNDED_EXTRA : Number(match[3]);
        if (max < min) throw this.wrong('a quantifier that ends before it starts');
        return [min, max];
      }
      default:
        return null;
    }
  }
}

function oneOf(characters: string): TextGenerator {
  if (characters === '') throw new ConfigError('A character class of a regular expression is empty.');
  return (random) => characters.charAt(random.nextBelow(characters.length));
}
