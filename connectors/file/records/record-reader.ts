/** Cuts the bytes of a window into raw records: rows of delimited text, or JSON values. */
import { DataError } from 'holdfast/sdk';
import type { ByteWindow } from '../byte-window.ts';
import { FILE_BAD_RECORD, lineTooLong } from '../errors.ts';

/** A row of delimited text, null for a null column; or a parsed JSON value. */
export type RawRecord = readonly (string | null)[] | { readonly json: unknown };

export interface RecordReader {
  /** The next complete record, consumed from the window; null if there is none. Throws DataError for one that is malformed, consumed too. */
  next(): RawRecord | null;
  /** What is left and has no end, as a record; null if there is nothing. */
  rest(): RawRecord | null;
  /** Forgets what it knows of the window, after a reset. */
  reset(): void;
  /** Whether a record can end with this byte. */
  isRecordEnd(byte: number): boolean;
}

export interface RecordReaderOptions {
  readonly window: ByteWindow;
  readonly file: string;
  readonly maxRecordBytes: number;
}

export const LF = 10;
export const CR = 13;

/** Drops a byte order mark at the start of the file. True if more bytes are needed to tell. */
export function skipByteOrderMark(window: ByteWindow): boolean {
  if (window.position !== 0 || window.length === 0 || window.buffer[window.start] !== 0xef) return false;
  if (window.length < 3) return true;
  if (window.buffer[window.start + 1] === 0xbb && window.buffer[window.start + 2] === 0xbf) window.consume(3);
  return false;
}

export function malformed(file: string, position: number, what: string, cause?: unknown): DataError {
  return new DataError(`The record at byte ${position} of '${file}' ${what}.`, {
    code: FILE_BAD_RECORD,
    ...(cause === undefined ? {} : { cause }),
  });
}

export function checkRecordLength(options: RecordReaderOptions, bytes: number): void {
  if (bytes > options.maxRecordBytes) {
    throw lineTooLong(options.file, options.window.position, options.maxRecordBytes, 'max.record.bytes');
  }
}
