import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { BATCH_HEADER_BYTES, type BatchHeader, peekBatchHeader } from '../record-batch/batch-header.ts';
import { loadCodec } from '../record-batch/compression.ts';
import { codecsToLoad, decodeRecordBatch } from '../record-batch/decode-record-batch.ts';
import type { DecodedRecord } from '../record-batch/record.ts';
import { retainRecords } from './batch-filter.ts';
import type { OpenFile } from './file-system.ts';
import { completeSwap } from './log-recovery.ts';
import { changeLogState } from './log-retention.ts';
import { type CleanMark, readLogState } from './log-state.ts';
import type { PartitionLog } from './partition-log.ts';
import { offsetName, Segment } from './segment.ts';

const READ_BYTES = 1024 * 1024;
/** Keys that one pass keeps in memory, some 100 bytes each. More are left to the next pass. */
const MAX_KEYS = 1_000_000;
/** Longer keys are told apart by a hash, as Kafka tells all of them. */
const MAX_KEY_BYTES = 16;

/**
 * Compacts the segments before the active one, if `cleanup.policy` says so and enough of them is dirty: of the records of a key
 * the latest stays, with its offset. Tombstones stay for `delete.retention.ms` after they first went through here, so that who
 * reads from the start sees them. A crash at any point leaves the log as it was, or compacted.
 */
export async function compactLog(log: PartitionLog, options: { readonly maxKeys?: number } = {}): Promise<void> {
  if (!log.config().cleanupPolicy.compact || log.compactionHalted) return;
  await log.maintain(async () => {
    const { cleanMarks } = await readLogState(log.fileSystem, log.directory);
    const sealed = log.segments.slice(0, -1);
    if (sealed.length === 0) return;
    const now = log.clock.now();
    const firstDirty = cleanMarks.at(-1)?.upTo ?? 0;
    const droppable = droppableBelow(cleanMarks, now - log.config().deleteRetentionMs);
    if (
      !isDirtyEnough(log, sealed, firstDirty) &&
      !cleanMarks.some((mark) => mark.tombstones && mark.upTo <= droppable)
    )
      return;

    const latest = await latestOffsets(sealed, firstDirty, options.maxKeys ?? MAX_KEYS);
    const cleanable = sealed.filter((segment) => segment.baseOffset < latest.upTo);
    let tombstones = false;
    const keep = ({ key, value, offset }: DecodedRecord): boolean => {
      if (offset >= latest.upTo || key === null) return true;
      const newest = latest.byKey.get(keyText(key));
      if (newest !== undefined && newest > offset) return false;
      if (value !== null) return true;
      if (offset < droppable) return false;
      tombstones ||= offset >= firstDirty;
      return true;
    };
    for (const group of groupsOf(cleanable, log.config().segmentBytes)) await rewrite(log, group, keep);
    const mark: CleanMark = { upTo: latest.upTo, at: now, tombstones };
    await changeLogState(log, (state) => ({ ...state, cleanMarks: merge(cleanMarks, mark, droppable) }));
  });
}

interface LatestOffsets {
  readonly byKey: ReadonlyMap<string, number>;
  /** Keys of records below are known (of those that are dirty). */
  readonly upTo: number;
}

function isDirtyEnough(log: PartitionLog, sealed: readonly Segment[], firstDirty: number): boolean {
  let clean = 0;
  let dirty = 0;
  for (const segment of sealed) {
    if (segment.nextOffset > firstDirty && segment.size > 0) dirty += segment.size;
    else clean += segment.size;
  }
  return dirty > 0 && dirty / (clean + dirty) >= log.config().minCleanableDirtyRatio;
}

/** Tombstones below have been through compaction for long enough. */
function droppableBelow(marks: readonly CleanMark[], before: number): number {
  let below = 0;
  for (const { upTo, at } of marks) if (at <= before) below = upTo;
  return below;
}

/** Marks that have come of age say no more than how far they went, and that what they stood for is gone. */
function merge(marks: readonly CleanMark[], mark: CleanMark, droppable: number): readonly CleanMark[] {
  const young = marks.filter(({ upTo }) => upTo > droppable);
  const aged = marks.filter(({ upTo }) => upTo <= droppable).at(-1);
  const merged = aged === undefined ? young : [{ ...aged, tombstones: false }, ...young];
  return merged.at(-1)?.upTo === mark.upTo ? merged : [...merged, mark];
}

async function latestOffsets(sealed: readonly Segment[], firstDirty: number, maxKeys: number): Promise<LatestOffsets> {
  const byKey = new Map<string, number>();
  let upTo = firstDirty;
  for (const segment of sealed) {
    if (segment.nextOffset <= firstDirty) continue;
    for await (const { header, records } of batchesOf(segment)) {
      if (header.lastOffset < firstDirty) continue;
      if (byKey.size + records.length > maxKeys && byKey.size > 0) return { byKey, upTo };
      for (const { key, offset } of records) if (key !== null) byKey.set(keyText(key), offset);
      upTo = header.lastOffset + 1;
    }
    upTo = Math.max(upTo, segment.nextOffset);
  }
  return { byKey, upTo };
}

function keyText(key: Buffer): string {
  if (key.length <= MAX_KEY_BYTES) return key.toString('latin1');
  // A prefix that no short key has, being longer than they are.
  return `h${createHash('md5').update(key).digest().toString('latin1')}`;
}

async function* batchesOf(segment: Segment): AsyncGenerator<{
  readonly bytes: Buffer;
  readonly header: BatchHeader;
  readonly records: readonly DecodedRecord[];
}> {
  let position = 0;
  for (let run = await segment.read(0, READ_BYTES); run !== null; run = await segment.read(position, READ_BYTES)) {
    for (const codec of codecsToLoad(run)) await loadCodec(codec);
    for (let at = 0; at < run.length; ) {
      // A damaged batch ends the pass here, before anything was replaced.
      const batch = decodeRecordBatch(run, { position: at });
      if (batch === null) throw new Error(`${segment.path} ends within a batch`);
      const end = at + batch.header.byteLength;
      yield { bytes: run.subarray(at, end), ...batch };
      at = end;
    }
    position += run.length;
  }
}

/** Neighbours that fit into one segment together become one. */
function groupsOf(segments: readonly Segment[], segmentBytes: number): Segment[][] {
  const groups: Segment[][] = [];
  let group: Segment[] = [];
  let bytes = 0;
  for (const segment of segments) {
    if (group.length > 0 && bytes + segment.size > segmentBytes) {
      groups.push(group);
      group = [];
      bytes = 0;
    }
    group.push(segment);
    bytes += segment.size;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

/** Writes what stays of neighbouring segments into one, and puts that in their place. */
async function rewrite(
  log: PartitionLog,
  group: readonly Segment[],
  keep: (record: DecodedRecord) => boolean,
): Promise<void> {
  const first = group[0];
  const last = group.at(-1);
  if (first === undefined || last === undefined) return;
  const { directory, fileSystem } = log;
  const following = log.segments[log.segments.indexOf(last) + 1];
  if (following === undefined) return;
  const cleaned = join(directory, `${offsetName(first.baseOffset)}.cleaned`);
  const replacement = new Segment({ fileSystem, directory, baseOffset: first.baseOffset });
  const file = await fileSystem.open(cleaned, 'create');
  try {
    await file.truncate(0);
    for (const segment of group) await copyKept(segment, file, replacement, keep);
    await file.sync();
  } finally {
    await file.close();
  }
  // Offsets that went at the end stay behind the segment all the same.
  replacement.nextOffset = Math.max(replacement.nextOffset, last.nextOffset);
  const swap = `${offsetName(first.baseOffset)}-${offsetName(following.baseOffset)}.swap`;
  // The content is durable before it gets the name that recovery acts on.
  await fileSystem.rename(cleaned, join(directory, swap));
  await fileSystem.syncDirectory(directory);
  // Opened before their names go, so that whoever is reading by the old layout reads the old file.
  for (const segment of group) await segment.withFile(async () => {});
  try {
    await completeSwap(fileSystem, directory, swap, first.baseOffset, following.baseOffset);
  } catch (error) {
    // The next start finishes it. Another pass before that could leave two replacements that contradict each other.
    log.compactionHalted = true;
    throw error;
  }
  log.segments.splice(log.segments.indexOf(first), group.length, replacement);
  for (const segment of group) await segment.retire();
  await log.checkpoint(replacement, null);
  log.wake();
}

async function copyKept(
  segment: Segment,
  file: OpenFile,
  replacement: Segment,
  keep: (record: DecodedRecord) => boolean,
): Promise<void> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let writtenUpTo = replacement.size;
  const flush = async (): Promise<void> => {
    if (pending.length > 0) await file.write(pending, writtenUpTo);
    writtenUpTo += pendingBytes;
    pending = [];
    pendingBytes = 0;
  };
  for await (const { bytes, header, records } of batchesOf(segment)) {
    const kept = records.map(keep);
    // Of a batch that goes as a whole nothing is left; numbers of its producer are remembered by the active segment.
    if (!kept.includes(true)) continue;
    const copy = kept.includes(false) ? retainRecords(bytes, header, kept) : bytes;
    const copyHeader = peekBatchHeader(copy);
    if (copyHeader === null || copy.length < BATCH_HEADER_BYTES) continue;
    replacement.add(copyHeader, copyHeader.baseOffset, replacement.size, copy.length, copyHeader.maxTimestamp);
    pending.push(copy);
    pendingBytes += copy.length;
    if (pendingBytes >= READ_BYTES) await flush();
  }
  await flush();
}
