/** Digests that do not depend on how a record is kept: two snapshots with the same digests hold the same records. */
import { hash } from 'node:crypto';
import type { RawRecord } from './raw-record.ts';

/** Two int64, the type, the lengths of key and value, the number of headers. */
const HEAD_BYTES = 29;
const NO_NAMES: readonly Buffer[] = [];
/** Used only while a digest is made, which waits for nothing. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * sha256 over offset, time, time's type, key, value and headers, each with its length, so that null, empty and moved bytes all differ.
 * Layout: offset int64, timestamp int64, type int8 (0 CreateTime, 1 LogAppendTime), key, value, number of headers int32, then name and
 * value of each; bytes are an int32 length, -1 for null, and the bytes. Big-endian.
 */
export function recordDigest(record: RawRecord): Buffer {
  const { key, value, headers } = record;
  const names = headers.length === 0 ? NO_NAMES : headers.map((header) => Buffer.from(header.key, 'utf8'));
  let length = HEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  headers.forEach((header, index) => {
    length += 8 + (names[index]?.length ?? 0) + (header.value?.length ?? 0);
  });
  // All at once: to hash many small pieces takes several times as long.
  const bytes = length <= scratch.length ? scratch : Buffer.allocUnsafe(length);
  let at = int64(bytes, record.offset, 0);
  at = int64(bytes, record.timestamp, at);
  at = bytes.writeInt8(record.timestampType === 'CreateTime' ? 0 : 1, at);
  at = part(bytes, key, at);
  at = part(bytes, value, at);
  at = bytes.writeInt32BE(headers.length, at);
  headers.forEach((header, index) => {
    at = part(bytes, names[index] as Buffer, at);
    at = part(bytes, header.value, at);
  });
  return hash('sha256', bytes.subarray(0, at), 'buffer');
}

/** Both are safe integers. */
function int64(bytes: Buffer, value: number, at: number): number {
  const high = Math.floor(value / 2 ** 32);
  bytes.writeInt32BE(high, at);
  return bytes.writeUInt32BE(value - high * 2 ** 32, at + 4);
}

function part(bytes: Buffer, value: Uint8Array | null, at: number): number {
  if (value === null) return bytes.writeInt32BE(-1, at);
  const begin = bytes.writeInt32BE(value.length, at);
  bytes.set(value, begin);
  return begin + value.length;
}
