/**
 * The file format of a compacted log, version 1, all numbers little-endian: the header `HFCL`, u16 version, u16 zero; then entries of u32
 * CRC-32 of what follows, u32 length of the payload, and the payload: u32 length of the key, the key, and the value, both in UTF-8. A key
 * length with its highest bit set means that the key is gone, and no value follows.
 */
import { crc32 } from 'node:zlib';
import { ConnectError, defineErrorCode } from '../sdk/errors/index.ts';

export const STORAGE_LOG_VERSION = defineErrorCode('holdfast.storage.log.version', {
  what: 'A log file was written by another version, or is no log file at all.',
  mend: 'Run the version of the worker that wrote it, or move the file away: it is then made anew.',
});

export interface LogEntry {
  readonly key: string;
  /** null: the key is gone. */
  readonly value: string | null;
}

const MAGIC = 'HFCL';
const VERSION = 1;
export const HEADER_BYTES = 8;
const FRAME_BYTES = 8;
const GONE = 0x8000_0000;

export function logHeader(): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 'latin1');
  header.writeUInt16LE(VERSION, 4);
  return header;
}

export function encodeFrame({ key, value }: LogEntry): Buffer {
  const keyBytes = Buffer.from(key, 'utf8');
  const valueBytes = value === null ? Buffer.alloc(0) : Buffer.from(value, 'utf8');
  const length = 4 + keyBytes.length + valueBytes.length;
  const frame = Buffer.allocUnsafe(FRAME_BYTES + length);
  frame.writeUInt32LE(length, 4);
  frame.writeUInt32LE((value === null ? GONE : 0) + keyBytes.length, FRAME_BYTES);
  keyBytes.copy(frame, FRAME_BYTES + 4);
  valueBytes.copy(frame, FRAME_BYTES + 4 + keyBytes.length);
  frame.writeUInt32LE(crc32(frame.subarray(4)), 0);
  return frame;
}

/**
 * The frame at an offset; undefined: it is torn, and the log ends here. `entry` undefined: it is damaged, but a whole one follows, so that
 * it is not the end.
 */
function readFrame(
  content: Buffer,
  offset: number,
): { readonly length: number; readonly entry: LogEntry | undefined } | undefined {
  const whole = wholeFrame(content, offset);
  if (whole === undefined) return undefined;
  if (whole.valid) return { length: whole.length, entry: decode(content.subarray(offset, offset + whole.length)) };
  return wholeFrame(content, offset + whole.length)?.valid === true
    ? { length: whole.length, entry: undefined }
    : undefined;
}

/** What the frames of a whole file come to: its last entries by key, those deleted left out. `end`: behind the last whole frame. */
export function foldFrames(
  content: Buffer,
  place: (entry: LogEntry, frame: { readonly offset: number; readonly length: number }) => void = () => {},
): { readonly entries: readonly LogEntry[]; readonly damaged: number; readonly end: number } {
  const entries = new Map<string, LogEntry>();
  let end = HEADER_BYTES;
  let damaged = 0;
  while (end < content.length) {
    const frame = readFrame(content, end);
    if (frame === undefined) break;
    const { entry, length } = frame;
    if (entry === undefined) damaged += 1;
    else {
      entries.delete(entry.key);
      if (entry.value !== null) entries.set(entry.key, entry);
      place(entry, { offset: end, length });
    }
    end += length;
  }
  return { entries: [...entries.values()], damaged, end };
}

function wholeFrame(content: Buffer, offset: number): { readonly length: number; readonly valid: boolean } | undefined {
  if (offset + FRAME_BYTES + 4 > content.length) return undefined;
  const length = FRAME_BYTES + content.readUInt32LE(offset + 4);
  if (length < FRAME_BYTES + 4 || offset + length > content.length) return undefined;
  const valid = crc32(content.subarray(offset + 4, offset + length)) === content.readUInt32LE(offset);
  return { length, valid };
}

function decode(frame: Buffer): LogEntry {
  const word = frame.readUInt32LE(FRAME_BYTES);
  const start = FRAME_BYTES + 4;
  const end = start + (word >= GONE ? word - GONE : word);
  const key = frame.toString('utf8', start, end);
  return { key, value: word >= GONE ? null : frame.toString('utf8', end) };
}

/** @throws ConnectError `holdfast.storage.log.version` */
export function checkHeader(content: Buffer, file: string): void {
  const version = content.readUInt16LE(4);
  if (content.toString('latin1', 0, 4) === MAGIC && version === VERSION) return;
  throw new ConnectError(
    `${file} is not a log file of version ${VERSION}. Run the version of the worker that wrote it, or move the file away.`,
    { code: STORAGE_LOG_VERSION },
  );
}
