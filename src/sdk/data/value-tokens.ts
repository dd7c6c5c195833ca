/**
 * The tokens of a text that may be a value: the delimiters `: , { } [ ] "` and what lies between them. A backslash takes a delimiter its
 * meaning.
 */
export class ValueTokens {
  /** The whole text. */
  readonly original: string;
  private position = 0;

  constructor(text: string) {
    this.original = text;
  }

  get hasNext(): boolean {
    return this.position < this.original.length;
  }

  /** Where the next token starts, for `rewindTo`. */
  mark(): number {
    return this.position;
  }

  rewindTo(position: number): void {
    this.position = position;
  }

  /** The next token; the empty text at the end. */
  next(): string {
    const start = this.position;
    let isEscaped = false;
    for (; this.position < this.original.length; this.position++) {
      const character = this.original.charAt(this.position);
      if (character === '\\') {
        isEscaped = !isEscaped;
        continue;
      }
      if (!isEscaped && ':,{}[]"'.includes(character)) {
        if (this.position === start) this.position++;
        break;
      }
      isEscaped = false;
    }
    return this.original.slice(start, this.position);
  }

  /** The next `count` tokens in one, or undefined if there are not as many. */
  nextFew(count: number): string | undefined {
    const start = this.position;
    for (let index = 0; index < count; index++) {
      if (!this.hasNext) return undefined;
      this.next();
    }
    return this.original.slice(start, this.position);
  }

  /** Skips blank tokens and takes the next one if it is `expected`, blanks around it aside. */
  canConsume(expected: string): boolean {
    const start = this.position;
    let token = this.next();
    while (token.trim() === '' && this.hasNext) token = this.next();
    if (token.trim() === expected) return true;
    this.position = start;
    return false;
  }
}
