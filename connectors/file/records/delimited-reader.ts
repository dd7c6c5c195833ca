import type { Dialect } from './config.ts';
import {
  CR,
  checkRecordLength,
  LF,
  malformed,
  type RawRecord,
  type RecordReader,
  type RecordReaderOptions,
  skipByteOrderMark,
} from './record-reader.ts';

const FIELD_START = 0;
const PLAIN = 1;
const QUOTED = 2;
const QUOTE_IN_QUOTED = 3;

/**
 * Rows of delimited text, RFC 4180: a quoted column may hold delimiters, line ends and doubled quotes. A quote within a column that does
 * not start with one is plain text. Rows end in `\n`, `\r\n` or `\r`.
 */
export class DelimitedReader implements RecordReader {
  private readonly options: RecordReaderOptions;
  private readonly dialect: Dialect;
  private readonly delimiterText: string;
  private readonly quoteText: string;
  /** How far the row at the window's start was looked at, and in which state that ended. */
  private scanned = 0;
  private state = FIELD_START;
  private sawQuote = false;

  constructor(options: RecordReaderOptions, dialect: Dialect) {
    this.options = options;
    this.dialect = dialect;
    this.delimiterText = String.fromCharCode(dialect.delimiter);
    this.quoteText = String.fromCharCode(dialect.quote);
  }

  next(): RawRecord | null {
    const { window } = this.options;
    if (this.scanned === 0 && skipByteOrderMark(window)) return null;
    const end = this.findEnd();
    if (end === -1) {
      checkRecordLength(this.options, this.scanned);
      return null;
    }
    const { buffer, start } = window;
    const next = buffer[end] === CR && buffer[end + 1] === LF ? end + 2 : end + 1;
    return this.take(end - start, next - start);
  }

  rest(): RawRecord | null {
    const { window } = this.options;
    const { length } = window;
    if (length === 0) return null;
    const closed = this.state !== QUOTED;
    const end = window.buffer[window.end - 1] === CR && closed ? length - 1 : length;
    if (!closed) {
      const { position } = window;
      window.consume(length);
      this.reset();
      throw malformed(this.options.file, position, 'has a quote that is never closed');
    }
    return this.take(end, length);
  }

  reset(): void {
    this.scanned = 0;
    this.state = FIELD_START;
    this.sawQuote = false;
  }

  isRecordEnd(byte: number): boolean {
    return byte === LF || byte === CR;
  }

  /** Index in the buffer of the byte that ends the row; -1 if it isn't there yet. */
  private findEnd(): number {
    const { buffer, start, end } = this.options.window;
    const { delimiter, quote } = this.dialect;
    let { state } = this;
    for (let at = start + this.scanned; at < end; at++) {
      const byte = buffer[at];
      if (state === QUOTED) {
        if (byte === quote) state = QUOTE_IN_QUOTED;
      } else if (byte === LF || byte === CR) {
        // Whether a `\n` follows the `\r` has to be known before the row can be taken.
        if (byte === CR && at + 1 === end) {
          this.scanned = at - start;
          this.state = state;
          return -1;
        }
        this.state = state;
        return at;
      } else if (byte === delimiter) {
        state = FIELD_START;
      } else if (byte === quote && state !== PLAIN) {
        this.sawQuote = true;
        state = QUOTED;
      } else if (state !== QUOTE_IN_QUOTED) {
        state = PLAIN;
      }
    }
    this.scanned = end - start;
    this.state = state;
    return -1;
  }

  private take(length: number, consumed: number): RawRecord {
    const { window } = this.options;
    checkRecordLength(this.options, length);
    const { position, buffer, start } = window;
    const text = buffer.toString('utf8', start, start + length);
    const { sawQuote } = this;
    window.consume(consumed);
    this.reset();
    return sawQuote ? this.quotedColumns(text, position) : this.plainColumns(text);
  }

  private plainColumns(text: string): RawRecord {
    const columns: (string | null)[] = text.split(this.delimiterText);
    const { nullValue } = this.dialect;
    for (let at = 0; at < columns.length; at++) if (columns[at] === nullValue) columns[at] = null;
    return columns;
  }

  private quotedColumns(text: string, position: number): RawRecord {
    const { delimiterText, quoteText } = this;
    const columns: (string | null)[] = [];
    for (let at = 0; at <= text.length; ) {
      if (text[at] !== quoteText) {
        const delimiter = text.indexOf(delimiterText, at);
        const end = delimiter === -1 ? text.length : delimiter;
        const column = text.slice(at, end);
        columns.push(column === this.dialect.nullValue ? null : column);
        at = end + 1;
        continue;
      }
      let column = '';
      for (at++; ; at++) {
        const quote = text.indexOf(quoteText, at);
        column += text.slice(at, quote);
        at = quote + 1;
        if (text[at] !== quoteText) break;
        column += quoteText;
      }
      if (at < text.length && text[at] !== delimiterText) {
        const where = `column ${columns.length + 1}`;
        throw malformed(this.options.file, position, `has text after the closing quote of ${where}`);
      }
      columns.push(column);
      at++;
    }
    return columns;
  }
}
