import { peekBatchHeader } from '../record-batch/batch-header.ts';
import { loadCodec } from '../record-batch/compression.ts';
import { codecsToLoad, decodeRecordBatch } from '../record-batch/decode-record-batch.ts';
import type { PartitionLog } from './partition-log.ts';
import type { Segment } from './segment.ts';

const READ_BYTES = 256 * 1024;

/** The first offset whose record has this time (ms) or a later one; the end of the log if there is none. */
export async function findOffsetByTime(log: PartitionLog, timestamp: number): Promise<number> {
  for (const segment of [...log.segments]) {
    if (segment.maxTimestamp < timestamp || segment.isRetired) continue;
    try {
      const found = await findInSegment(log, segment, timestamp);
      if (found !== null) return found;
    } catch (error) {
      // Removed or replaced meanwhile.
      if (!segment.isRetired) throw error;
      return findOffsetByTime(log, timestamp);
    }
  }
  return log.endOffset;
}

async function findInSegment(log: PartitionLog, segment: Segment, timestamp: number): Promise<number | null> {
  let position = segment.index.floorByTime(timestamp)?.position ?? 0;
  for (
    let bytes = await segment.read(position, READ_BYTES);
    bytes !== null;
    bytes = await segment.read(position, READ_BYTES)
  ) {
    const found = await findInRun(bytes, timestamp, log.startOffset);
    if (found !== null) return found;
    position += bytes.length;
  }
  return null;
}

async function findInRun(bytes: Buffer, timestamp: number, startOffset: number): Promise<number | null> {
  for (const codec of codecsToLoad(bytes)) await loadCodec(codec);
  for (let at = 0; at < bytes.length; ) {
    const header = peekBatchHeader(bytes, at);
    if (header === null) return null;
    if (header.maxTimestamp >= timestamp && header.lastOffset >= startOffset) {
      const records = decodeRecordBatch(bytes, { position: at })?.records ?? [];
      const found = records.find((record) => record.timestamp >= timestamp && record.offset >= startOffset);
      if (found !== undefined) return found.offset;
    }
    at += header.byteLength;
  }
  return null;
}
