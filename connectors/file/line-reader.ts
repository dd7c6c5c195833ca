/** Cuts the bytes of a window into lines: the hot path of the file source. */
import { isAscii, isUtf8 } from 'node:buffer';
import type { ByteWindow } from './byte-window.ts';
import { lineTooLong } from './errors.ts';

const LF = 10;
const CR = 13;

export interface LineReaderOptions {
  readonly window: ByteWindow;
  /** For messages. */
  readonly source: string;
  readonly maxLineBytes: number;
}

/**
 * Lines end in `\n`, `\r\n` or a lone `\r`, as with Kafka Connect's FileStreamSource; the end is no part of the text. Bytes are read
 * as UTF-8, and what is none becomes U+FFFD.
 *
 * All complete lines of the window become text at once where that keeps byte positions known, which is some ten times faster than a line
 * at a time.
 */
export class LineReader {
  private readonly options: LineReaderOptions;
  /** How far from the window's start a line end was looked for in vain. */
  private scanned = 0;
  /** Complete lines as text, ending in `\n`, and how far they were taken. */
  private text = '';
  private textAt = 0;
  private textIsAscii = true;
  /** The next `\r` in the text from where it was taken to; beyond it if there is none. */
  private nextCr = 0;
  /** Up to this position of the file there is invalid UTF-8: lines are cut one by one. */
  private invalidUntil = 0;

  constructor(options: LineReaderOptions) {
    this.options = options;
  }

  /**
   * Gives up to `max` complete lines to `take`, each with the position in the file of the byte after its end. Returns how many.
   * Throws DataError for a line that is too long.
   */
  read(max: number, take: (line: string, endPosition: number) => void): number {
    let count = 0;
    while (count < max) {
      if (this.textAt < this.text.length || this.decode()) {
        count += this.takeText(max - count, take);
        continue;
      }
      const line = this.nextLine();
      if (line === null) break;
      take(line, this.options.window.position);
      count++;
    }
    return count;
  }

  /** What is left without a line end, as a line; null if there is none. For a file that nothing more will come of. */
  takeRest(): string | null {
    const { window } = this.options;
    const { length } = window;
    if (length === 0) return null;
    const end = window.buffer[window.end - 1] === CR ? window.end - 1 : window.end;
    const line = window.buffer.toString('utf8', window.start, end);
    this.scanned = 0;
    window.consume(length);
    return line;
  }

  /** Forgets what it knows of the window, after a reset. */
  reset(): void {
    this.scanned = 0;
    this.text = '';
    this.textAt = 0;
    this.invalidUntil = 0;
  }

  private takeText(max: number, take: (line: string, endPosition: number) => void): number {
    const { text, textIsAscii, options } = this;
    const { window } = options;
    let at = this.textAt;
    let { position } = window;
    let count = 0;
    for (; count < max && at < text.length; count++) {
      const lf = text.indexOf('\n', at);
      let end = lf;
      let next = lf + 1;
      if (this.nextCr < lf) {
        end = this.nextCr;
        if (end + 1 !== lf) next = end + 1;
        const cr = text.indexOf('\r', next);
        this.nextCr = cr === -1 ? text.length : cr;
      }
      const line = text.slice(at, end);
      const bytes = textIsAscii ? end - at : Buffer.byteLength(line);
      this.checkLength(bytes, position);
      position += bytes + (next - end);
      take(line, position);
      at = next;
    }
    window.consume(position - window.position);
    this.textAt = at;
    return count;
  }

  /** Turns all complete lines of the window into text; false if there are none, or if bytes and text would not correspond. */
  private decode(): boolean {
    const { window } = this.options;
    if (this.scanned > 0 || window.length === 0 || window.position < this.invalidUntil) return false;
    const { buffer, start, end } = window;
    const last = buffer.lastIndexOf(LF, end - 1);
    if (last < start) return false;
    const lines = buffer.subarray(start, last + 1);
    this.textIsAscii = isAscii(lines);
    if (!this.textIsAscii && !isUtf8(lines)) {
      this.invalidUntil = window.position + lines.length;
      return false;
    }
    this.text = lines.toString(this.textIsAscii ? 'latin1' : 'utf8');
    this.textAt = 0;
    const cr = this.text.indexOf('\r');
    this.nextCr = cr === -1 ? this.text.length : cr;
    return true;
  }

  /** One line, cut from the bytes. */
  private nextLine(): string | null {
    const { window } = this.options;
    const { buffer, start, end } = window;
    const bytes = buffer.subarray(start, end);
    const lf = bytes.indexOf(LF, this.scanned);
    const cr = (lf === -1 ? bytes : bytes.subarray(0, lf)).indexOf(CR, this.scanned);
    const stop = cr === -1 ? lf : cr;
    if (stop === -1 || (stop === cr && cr + 1 === bytes.length)) {
      // No end, or a `\r` of which one can't say yet whether a `\n` follows.
      this.scanned = stop === -1 ? bytes.length : stop;
      this.checkLength(this.scanned, window.position);
      return null;
    }
    this.checkLength(stop, window.position);
    const line = buffer.toString('utf8', start, start + stop);
    this.scanned = 0;
    window.consume(stop === cr && bytes[cr + 1] === LF ? stop + 2 : stop + 1);
    return line;
  }

  private checkLength(bytes: number, position: number): void {
    const { maxLineBytes, source } = this.options;
    if (bytes > maxLineBytes) throw lineTooLong(source, position, maxLineBytes, 'max.line.bytes');
  }
}
