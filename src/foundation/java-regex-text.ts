/** Where the translation of a `java.util.regex.Pattern` stands in its text, and how it gives up. */

export class JavaRegexText {
  readonly source: string;
  at = 0;

  constructor(source: string) {
    this.source = source;
  }

  get isAtEnd(): boolean {
    return this.at >= this.source.length;
  }

  /** What is still to be translated. */
  get rest(): string {
    return this.source.slice(this.at);
  }

  /** The next character; empty at the end. */
  peek(): string {
    return this.at < this.source.length ? String.fromCodePoint(this.source.codePointAt(this.at) ?? 0) : '';
  }

  take(): string {
    const character = this.peek();
    this.at += character.length;
    return character;
  }

  takeIf(text: string): boolean {
    if (!this.source.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  /** What `\Q` quotes: up to `\E` or the end, after either of which it goes on. */
  takeQuoted(): string {
    const end = this.source.indexOf('\\E', this.at);
    const text = this.source.slice(this.at, end === -1 ? undefined : end);
    this.at = end === -1 ? this.source.length : end + 2;
    return text;
  }

  /** In Java's words. */
  fail(what: string, index: number): never {
    const caret = index < this.source.length ? `\n${' '.repeat(index)}^` : '';
    throw new Error(`${what} near index ${index}\n${this.source}${caret}`);
  }

  /** Java knows it, and JavaScript does not. */
  lacking(what: string): never {
    throw new Error(
      `${what} is not supported: JavaScript's regular expressions can't express it. Write the pattern without it.`,
    );
  }

  /** True if there was something: with the flag x blanks, and what follows a #, are no part of the pattern. */
  skipComment(): boolean {
    const skipped = /^(?:[ \t\n\v\f\r]+|#[^\n\r\u0085\u2028\u2029]*)/.exec(this.source.slice(this.at))?.[0];
    this.at += skipped?.length ?? 0;
    return skipped !== undefined;
  }
}
