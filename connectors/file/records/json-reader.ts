import { parseJson } from './json-text.ts';
import {
  checkRecordLength,
  LF,
  malformed,
  type RawRecord,
  type RecordReader,
  type RecordReaderOptions,
  skipByteOrderMark,
} from './record-reader.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** A JSON value per line; blank lines are skipped. */
export class JsonLinesReader implements RecordReader {
  private readonly options: RecordReaderOptions;
  private scanned = 0;

  constructor(options: RecordReaderOptions) {
    this.options = options;
  }

  next(): RawRecord | null {
    const { window } = this.options;
    for (;;) {
      if (this.scanned === 0 && skipByteOrderMark(window)) return null;
      const { start, end, buffer } = window;
      const lf = buffer.subarray(start, end).indexOf(LF, this.scanned);
      if (lf === -1) {
        this.scanned = end - start;
        checkRecordLength(this.options, this.scanned);
        return null;
      }
      const record = this.take(lf, lf + 1);
      if (record !== null) return record;
    }
  }

  rest(): RawRecord | null {
    const { length } = this.options.window;
    return this.take(length, length);
  }

  reset(): void {
    this.scanned = 0;
  }

  isRecordEnd(byte: number): boolean {
    return byte === LF;
  }

  private take(length: number, consumed: number): RawRecord | null {
    const { window, file } = this.options;
    checkRecordLength(this.options, length);
    const { position, buffer, start } = window;
    const text = buffer.toString('utf8', start, start + length);
    window.consume(consumed);
    this.scanned = 0;
    if (text.trim() === '') return null;
    return { json: parsed(text, file, position) };
  }
}

/** The objects of one JSON array, one by one: the file may be larger than the memory. Positions lie after an object. */
export class JsonArrayReader implements RecordReader {
  private readonly options: RecordReaderOptions;
  private scanned = 0;
  private depth = 0;
  private inText = false;
  private escaped = false;
  private ended = false;

  constructor(options: RecordReaderOptions) {
    this.options = options;
  }

  next(): RawRecord | null {
    const { window } = this.options;
    if (this.depth === 0 && !this.skipToObject()) return null;
    const { buffer, start, end } = window;
    for (let at = start + this.scanned; at < end; at++) {
      const byte = buffer[at];
      if (this.escaped) this.escaped = false;
      else if (this.inText) {
        if (byte === BACKSLASH) this.escaped = true;
        else if (byte === QUOTE) this.inText = false;
      } else if (byte === QUOTE) this.inText = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.depth++;
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        this.depth--;
        if (this.depth === 0) return this.take(at + 1 - start);
      }
    }
    this.scanned = end - start;
    checkRecordLength(this.options, this.scanned);
    return null;
  }

  rest(): RawRecord | null {
    const { window, file } = this.options;
    if (window.length === 0) return null;
    const { position } = window;
    window.consume(window.length);
    this.reset();
    throw malformed(file, position, 'is cut off: the JSON array is not complete');
  }

  reset(): void {
    this.scanned = 0;
    this.depth = 0;
    this.inText = false;
    this.escaped = false;
    this.ended = false;
  }

  isRecordEnd(byte: number): boolean {
    return byte === CLOSE_OBJECT;
  }

  /** Consumes what stands between two objects. False if no object starts yet. */
  private skipToObject(): boolean {
    const { window, file } = this.options;
    if (skipByteOrderMark(window)) return false;
    for (; window.length > 0; window.consume(1)) {
      const byte = window.buffer[window.start];
      if (byte === OPEN_OBJECT && !this.ended) return true;
      if (byte === CLOSE_ARRAY && !this.ended) this.ended = true;
      else if (!isSpace(byte) && (this.ended || (byte !== COMMA && byte !== OPEN_ARRAY))) {
        const { position } = window;
        window.consume(window.length);
        throw malformed(
          file,
          position,
          this.ended ? 'follows the end of the JSON array' : 'is no JSON object in an array',
        );
      }
    }
    return false;
  }

  private take(length: number): RawRecord {
    const { window, file } = this.options;
    checkRecordLength(this.options, length);
    const { position, buffer, start } = window;
    const text = buffer.toString('utf8', start, start + length);
    window.consume(length);
    this.reset();
    return { json: parsed(text, file, position) };
  }
}

function parsed(text: string, file: string, position: number): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw malformed(file, position, `is no JSON: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}
