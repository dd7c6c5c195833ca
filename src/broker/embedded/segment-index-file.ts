import { BATCH_HEADER_BYTES, peekBatchHeader } from '../record-batch/batch-header.ts';
import { crc32c } from '../record-batch/crc32c.ts';
import { type FileSystem, readWhole } from './file-system.ts';
import type { ProducerStates } from './producer-states.ts';
import type { Segment } from './segment.ts';
import { SparseIndex } from './sparse-index.ts';

const FORMAT_VERSION = 1;

interface IndexFile {
  readonly formatVersion: number;
  readonly size: number;
  readonly nextOffset: number;
  readonly maxTimestamp: number;
  readonly firstTimestamp: number;
  readonly lastBatchPosition: number;
  readonly lastBatchCrc: number;
  readonly index: ReturnType<SparseIndex['toJSON']>;
  readonly producers: ReturnType<ProducerStates['toJSON']>;
}

/**
 * Writes beside a segment what is known of it: that so many bytes are valid and durable, where they can be entered, and which
 * producers wrote last. It spares a scan at the next start. Nothing rests on it: it carries a checksum, is not synced, and
 * whatever is missing is found by scanning.
 */
export async function writeSegmentIndex(
  fileSystem: FileSystem,
  segment: Segment,
  producers: ProducerStates | null,
): Promise<void> {
  const content: IndexFile = {
    formatVersion: FORMAT_VERSION,
    size: segment.size,
    nextOffset: segment.nextOffset,
    maxTimestamp: segment.maxTimestamp,
    firstTimestamp: segment.firstTimestamp,
    lastBatchPosition: segment.lastBatchPosition,
    lastBatchCrc: segment.lastBatchCrc,
    index: segment.index.toJSON(),
    producers: producers?.toJSON() ?? [],
  };
  const body = Buffer.from(JSON.stringify(content));
  const file = await fileSystem.open(segment.indexPath, 'create');
  try {
    await file.truncate(0);
    await file.write([Buffer.from(`${crc32c(body).toString(16).padStart(8, '0')}\n`), body], 0);
  } finally {
    await file.close();
  }
  segment.indexedSize = content.size;
}

/**
 * Takes over what {@link writeSegmentIndex} left, if it is whole and of this very segment, whose file has `fileSize` bytes.
 * Returns the producers it names, or null when it is of no use.
 */
export async function readSegmentIndex(
  fileSystem: FileSystem,
  segment: Segment,
  fileSize: number,
): Promise<IndexFile['producers'] | null> {
  const content = parse(await readWhole(fileSystem, segment.indexPath));
  if (content === null || content.size > fileSize) return null;
  if (content.size > 0 && !(await endsWith(segment, content))) return null;
  segment.size = content.size;
  segment.nextOffset = content.nextOffset;
  segment.maxTimestamp = content.maxTimestamp;
  segment.firstTimestamp = content.firstTimestamp;
  segment.lastBatchPosition = content.lastBatchPosition;
  segment.lastBatchCrc = content.lastBatchCrc;
  segment.index = SparseIndex.fromJSON(content.index);
  segment.indexedSize = content.size;
  return content.producers;
}

function parse(bytes: Buffer | null): IndexFile | null {
  if (bytes === null || bytes.length < 10) return null;
  const body = bytes.subarray(9);
  if (Number.parseInt(bytes.toString('latin1', 0, 8), 16) !== crc32c(body)) return null;
  const content: IndexFile = JSON.parse(body.toString('utf8'));
  return content.formatVersion === FORMAT_VERSION ? content : null;
}

/** Whether the last batch the index knows is where it says, is whole and is the same. */
async function endsWith(segment: Segment, content: IndexFile): Promise<boolean> {
  const bytes = Buffer.alloc(BATCH_HEADER_BYTES);
  const read = await segment.withFile((file) => file.read(bytes, content.lastBatchPosition));
  if (read < BATCH_HEADER_BYTES) return false;
  try {
    const header = peekBatchHeader(bytes);
    return (
      header !== null &&
      header.crc === content.lastBatchCrc &&
      content.lastBatchPosition + header.byteLength === content.size &&
      header.lastOffset + 1 === content.nextOffset
    );
  } catch {
    return false;
  }
}
