import { join } from 'node:path';
import { scanBatches } from './batch-scan.ts';
import { type FileSystem, removeIfThere } from './file-system.ts';
import { readLogState } from './log-state.ts';
import { PartitionLog, type PartitionLogInput } from './partition-log.ts';
import { ProducerStates } from './producer-states.ts';
import { Segment } from './segment.ts';
import { readSegmentIndex } from './segment-index-file.ts';

const SEGMENT = /^(\d{20})\.log$/;
/** A compacted segment that is to take the place of those from its first number up to its second. */
const SWAP = /^(\d{20})-(\d{20})\.swap$/;

/**
 * Opens a partition's log, whatever state a crash left it in: finishes a compaction that had been decided, and cuts the end of
 * the last segment at the first batch that is not whole. What was acknowledged had been synced, and so is before that.
 */
export async function openPartitionLog(input: PartitionLogInput): Promise<PartitionLog> {
  const { fileSystem, directory } = input;
  await fileSystem.mkdir(directory);
  await finishCompaction(fileSystem, directory);
  const state = await readLogState(fileSystem, directory);
  const segments = await findSegments(fileSystem, directory, state.startOffset);
  const producers = new ProducerStates();
  try {
    for (const [n, segment] of segments.entries()) {
      await recoverSegment(input, segment, producers, n === segments.length - 1);
    }
    if (segments.length === 0) {
      const first = new Segment({ fileSystem, directory, baseOffset: state.startOffset });
      await first.create();
      segments.push(first);
    }
    // The names found may be no more durable than this.
    await fileSystem.syncDirectory(directory);
  } catch (error) {
    for (const segment of segments) await segment.retire();
    throw error;
  }
  const startOffset = Math.max(state.startOffset, segments[0]?.baseOffset ?? 0);
  return new PartitionLog({ ...input, segments, startOffset, producers });
}

async function findSegments(fileSystem: FileSystem, directory: string, startOffset: number): Promise<Segment[]> {
  const bases: number[] = [];
  for (const name of await fileSystem.readdir(directory)) {
    const match = SEGMENT.exec(name);
    if (match !== null) bases.push(Number(match[1]));
  }
  bases.sort((a, b) => a - b);
  const segments = bases.map((baseOffset) => new Segment({ fileSystem, directory, baseOffset }));
  // Retention writes the start offset first and removes the files then: what it had not come to goes now.
  while (segments.length > 1 && (segments[1]?.baseOffset ?? 0) <= startOffset) {
    const gone = segments.shift();
    if (gone === undefined) break;
    await fileSystem.unlink(gone.path);
    await removeIfThere(fileSystem, gone.indexPath);
  }
  return segments;
}

async function recoverSegment(
  input: PartitionLogInput,
  segment: Segment,
  producers: ProducerStates,
  isLast: boolean,
): Promise<void> {
  const fileSize = await segment.withFile((file) => file.size());
  const known = await readSegmentIndex(input.fileSystem, segment, fileSize);
  if (known !== null) producers.load(known);
  const now = input.clock.now();
  const scan = await segment.withFile((file) =>
    scanBatches({
      file,
      from: segment.size,
      to: fileSize,
      nextOffset: segment.nextOffset,
      // Sealed segments were synced as a whole before the next one began; damage in them is the disk's, and is met by who reads it.
      checkCrc: isLast,
      visit: (header, position) => {
        segment.add(header, header.baseOffset, position, header.byteLength, header.maxTimestamp);
        producers.record(header, header.baseOffset, now);
        return undefined;
      },
    }),
  );
  if (!isLast) {
    if (scan.problem !== null) {
      input.logger.error('A segment of the embedded broker is damaged; reading from it will fail.', {
        segment: segment.path,
        position: scan.position,
        problem: scan.problem,
      });
      segment.size = fileSize;
    }
    // Kept open it would hold a descriptor per segment.
    await segment.closeFile();
    return;
  }
  if (scan.position === fileSize) return;
  input.logger.warn('The end of a segment was cut: it holds no whole batch, so it was never acknowledged.', {
    segment: segment.path,
    position: scan.position,
    bytes: fileSize - scan.position,
    problem: scan.problem,
  });
  await segment.withFile(async (file) => {
    await file.truncate(scan.position);
    await file.sync();
  });
}

/**
 * A `.cleaned` file was never finished. A `.swap` file was, and is durable: it replaces its segments now if that was interrupted.
 */
async function finishCompaction(fileSystem: FileSystem, directory: string): Promise<void> {
  const names = await fileSystem.readdir(directory);
  for (const name of names) {
    if (name.endsWith('.cleaned') || name.endsWith('.tmp')) await fileSystem.unlink(join(directory, name));
  }
  for (const name of names) {
    const match = SWAP.exec(name);
    if (match !== null) await completeSwap(fileSystem, directory, name, Number(match[1]), Number(match[2]));
  }
}

/** Puts a durable `.swap` file in the place of the segments from `from` up to `to`. May be repeated at any point. */
export async function completeSwap(
  fileSystem: FileSystem,
  directory: string,
  swap: string,
  from: number,
  to: number,
): Promise<void> {
  for (const name of await fileSystem.readdir(directory)) {
    const base = Number(/^(\d{20})\.(?:log|index)$/.exec(name)?.[1] ?? Number.NaN);
    // The first segment itself goes by being replaced, so that the log never lacks its beginning.
    if (base >= from && base < to && !(base === from && name.endsWith('.log'))) {
      await removeIfThere(fileSystem, join(directory, name));
    }
  }
  await fileSystem.syncDirectory(directory);
  await fileSystem.rename(join(directory, swap), new Segment({ fileSystem, directory, baseOffset: from }).path);
  await fileSystem.syncDirectory(directory);
}
