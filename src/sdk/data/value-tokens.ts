import { isBlank, trimmed } from '../../foundation/java-blanks.ts';

const DELIMITERS = ':,{}[]"';

/**
 * The tokens of a text that may be a value: the delimiters `: , { } [ ] "` and what lies between them. A backslash takes a delimiter its
 * meaning. As Kafka Connect's `Values.Parser`, with one token of lookahead: blanks that were skipped in search of a token stay skipped.
 */
export class ValueTokens {
  /** The whole text. */
  readonly original: string;
  private position = 0;
  private lookahead: string | null = null;

  constructor(text: string) {
    this.original = text;
  }

  get hasNext(): boolean {
    return this.lookahead !== null || this.position < this.original.length;
  }

  /** Where the next token starts, for `rewindTo`. */
  mark(): number {
    return this.position - (this.lookahead?.length ?? 0);
  }

  rewindTo(position: number): void {
    this.position = position;
    this.lookahead = null;
  }

  /** The next token; the empty text at the end. */
  next(): string {
    const token = this.lookahead ?? this.read();
    this.lookahead = null;
    return token;
  }

  /** The next `count` tokens in one, or undefined, and nothing taken, if there are not as many. */
  nextFew(count: number): string | undefined {
    const start = this.mark();
    for (let index = 0; index < count; index++) {
      if (!this.hasNext) {
        this.rewindTo(start);
        return undefined;
      }
      this.next();
    }
    return this.original.slice(start, this.position);
  }

  /** Skips blank tokens, for good, and takes the next one if it is `expected`, blanks around it aside. */
  canConsume(expected: string): boolean {
    if (!this.hasNext) return false;
    this.lookahead ??= this.read();
    while (isBlank(this.lookahead) && this.position < this.original.length) this.lookahead = this.read();
    if (trimmed(this.lookahead) !== expected) return false;
    this.lookahead = null;
    return true;
  }

  private read(): string {
    const start = this.position;
    let isEscaped = false;
    for (; this.position < this.original.length; this.position++) {
      const character = this.original.charAt(this.position);
      if (character === '\\') {
        isEscaped = !isEscaped;
        continue;
      }
      if (!isEscaped && DELIMITERS.includes(character)) {
        if (this.position === start) this.position++;
        break;
      }
      isEscaped = false;
    }
    return this.original.slice(start, this.position);
  }
}
