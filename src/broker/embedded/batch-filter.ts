import { BATCH_HEADER_BYTES, type BatchHeader, CRC_START, LOG_OVERHEAD_BYTES } from '../record-batch/batch-header.ts';
import { loadedCodec } from '../record-batch/compression.ts';
import { crc32c } from '../record-batch/crc32c.ts';
import { VarintReader } from '../record-batch/varint.ts';

/**
 * A copy of a valid batch with some of its records. They stay byte for byte, with their offsets and times, which are relative to
 * the batch; its first and last offset and its producer's numbers stay too. The codec of its compression has to be loaded.
 */
export function retainRecords(batch: Buffer, header: BatchHeader, kept: readonly boolean[]): Buffer {
  const codec = header.compression === 'none' ? null : loadedCodec(header.compression);
  const body = batch.subarray(BATCH_HEADER_BYTES, header.byteLength);
  const records = codec === null ? body : codec.decompress(body);
  const runs: Uint8Array[] = [];
  const reader = new VarintReader(records, 0);
  let count = 0;
  for (const keep of kept) {
    const start = reader.at;
    const length = reader.readVarint();
    reader.at += length;
    if (!keep) continue;
    runs.push(records.subarray(start, reader.at));
    count++;
  }
  const content = codec === null ? runs : [codec.compress(Buffer.concat(runs))];
  const copy = Buffer.concat([batch.subarray(0, BATCH_HEADER_BYTES), ...content]);
  copy.writeInt32BE(copy.length - LOG_OVERHEAD_BYTES, 8);
  copy.writeInt32BE(count, 57);
  copy.writeUInt32BE(crc32c(copy, CRC_START), 17);
  return copy;
}
