import type { Dialect } from './config.ts';

/** Rows as text, quoted where they would be read as something else. */
export class DelimitedWriter {
  private readonly delimiter: string;
  private readonly quote: string;
  private readonly nullValue: string;
  private readonly needsQuotes: RegExp;

  constructor(dialect: Dialect) {
    this.delimiter = String.fromCharCode(dialect.delimiter);
    this.quote = String.fromCharCode(dialect.quote);
    this.nullValue = dialect.nullValue;
    const escaped = [this.delimiter, this.quote].map(
      (each) => `\\x${each.charCodeAt(0).toString(16).padStart(2, '0')}`,
    );
    // A byte order mark at the start of a file would be dropped.
    this.needsQuotes = new RegExp(`[${escaped.join('')}\\r\\n]|^\\uFEFF`);
  }

  /** A row without its line end. */
  row(columns: readonly (string | null)[]): string {
    let row = '';
    for (let at = 0; at < columns.length; at++) {
      if (at > 0) row += this.delimiter;
      row += this.column(columns[at] ?? null);
    }
    return row;
  }

  private column(text: string | null): string {
    if (text === null) return this.nullValue;
    if (text !== '' && text !== this.nullValue && !this.needsQuotes.test(text)) return text;
    const { quote } = this;
    return quote + text.replaceAll(quote, quote + quote) + quote;
  }
}
