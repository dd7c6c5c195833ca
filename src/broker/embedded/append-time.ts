import { CRC_START, TIMESTAMP_TYPE_BIT, writeInt64 } from '../record-batch/batch-header.ts';
import { crc32c } from '../record-batch/crc32c.ts';

/** Gives all records of an encoded batch this time (ms), as `message.timestamp.type=LogAppendTime` asks for. */
export function stampAppendTime(batch: Buffer, now: number): void {
  batch.writeInt16BE(batch.readInt16BE(21) | TIMESTAMP_TYPE_BIT, 21);
  writeInt64(batch, now, 35);
  batch.writeUInt32BE(crc32c(batch, CRC_START), 17);
}
