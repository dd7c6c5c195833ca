/** Java's regular expressions, as configurations have them, on JavaScript's engine. */
import { translateJavaRegex } from './java-regex-translator.ts';

/** What Java says of a pattern that is null. */
export const NULL_PATTERN = 'Cannot invoke "String.isEmpty()" because "this.pattern" is null';

/**
 * A pattern of `java.util.regex`: its syntax, flags and replacements. What JavaScript can't do is refused, see {@link translateJavaRegex}.
 *
 * Two things differ silently: a back-reference to a group that took no part in the match matches the empty text, and never in Java; and such a
 * group with a possessive quantifier is empty in a replacement, where Java may give what it held in an attempt that failed.
 */
export class JavaPattern {
  readonly source: string;
  private readonly whole: RegExp;
  private readonly first: RegExp;
  private readonly groupCount: number;
  private readonly groupNames: ReadonlyMap<string, number>;

  /** Throws an Error for a pattern that Java or JavaScript refuses: `Unclosed group near index 1`, followed by the pattern. */
  constructor(source: string) {
    const { regex, groupCount, groupNames } = translateJavaRegex(source);
    this.source = source;
    this.whole = new RegExp(`^(?:${regex})$`, 'v');
    this.first = new RegExp(regex, 'v');
    this.groupCount = groupCount;
    this.groupNames = groupNames;
  }

  /** True if the whole text matches. */
  matches(text: string): boolean {
    return this.whole.test(text);
  }

  /**
   * As Java's `Matcher.replaceFirst`: the first match that is found, which need not be the whole text even where that matches. In the
   * replacement `$1` and `${name}` stand for groups, and a backslash takes the next character its meaning. Throws an Error for a
   * replacement that refers to no group.
   */
  replaceFirst(text: string, replacement: string): string {
    const found = this.first.exec(text);
    if (found === null) return text;
    return text.slice(0, found.index) + this.expand(replacement, found) + text.slice(found.index + found[0].length);
  }

  private expand(replacement: string, found: RegExpExecArray): string {
    let result = '';
    for (let at = 0; at < replacement.length; at++) {
      const character = replacement.charAt(at);
      if (character === '\\') {
        at++;
        if (at === replacement.length) throw new Error('character to be escaped is missing');
        result += replacement.charAt(at);
      } else if (character === '$') {
        const reference = this.referenceAt(replacement, at + 1);
        result += (reference.group === 0 ? found[0] : found.groups?.[`g${reference.group}`]) ?? '';
        at = reference.end - 1;
      } else {
        result += character;
      }
    }
    return result;
  }

  private referenceAt(text: string, from: number): { readonly group: number; readonly end: number } {
    const next = text.charAt(from);
    if (next === '') throw new Error('Illegal group reference: group index is missing');
    if (next === '{') {
      const [, name = '', closing] = /^([a-zA-Z0-9]*)(\}?)/.exec(text.slice(from + 1)) ?? [];
      if (name === '' || closing === '') throw new Error("named capturing group is missing trailing '}'");
      if (/^\d/.test(name)) throw new Error(`capturing group name {${name}} starts with digit character`);
      const group = this.groupNames.get(name);
      if (group === undefined) throw new Error(`No group with name {${name}}`);
      return { group, end: from + name.length + 2 };
    }
    if (!/^\d/.test(next)) throw new Error('Illegal group reference');
    let group = Number(next);
    if (group > this.groupCount) throw new Error(`No group ${group}`);
    let end = from + 1;
    for (; /^\d/.test(text.charAt(end)); end++) {
      const longer = group * 10 + Number(text.charAt(end));
      if (longer > this.groupCount) break;
      group = longer;
    }
    return { group, end };
  }
}
