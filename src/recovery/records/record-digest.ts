/** Digests that do not depend on how a record is kept: two snapshots with the same digests hold the same records. */
import { createHash } from 'node:crypto';
import type { RawRecord } from './raw-record.ts';

/**
 * sha256 over offset, time, time's type, key, value and headers, each with its length, so that null, empty and moved bytes all differ.
 * Layout: offset int64, timestamp int64, type int8 (0 CreateTime, 1 LogAppendTime), key, value, number of headers int32, then name and
 * value of each; bytes are an int32 length, -1 for null, and the bytes. Big-endian.
 */
export function recordDigest(record: RawRecord): Buffer {
  const hash = createHash('sha256');
  const head = Buffer.allocUnsafe(17);
  head.writeBigInt64BE(BigInt(record.offset), 0);
  head.writeBigInt64BE(BigInt(record.timestamp), 8);
  head.writeInt8(record.timestampType === 'CreateTime' ? 0 : 1, 16);
  hash.update(head);
  const part = (bytes: Uint8Array | null): void => {
    hash.update(int32(bytes === null ? -1 : bytes.length));
    if (bytes !== null) hash.update(bytes);
  };
  part(record.key);
  part(record.value);
  hash.update(int32(record.headers.length));
  for (const { key, value } of record.headers) {
    part(Buffer.from(key, 'utf8'));
    part(value);
  }
  return hash.digest();
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}
