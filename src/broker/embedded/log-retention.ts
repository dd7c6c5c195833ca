import { ConfigError } from '../../sdk/errors/index.ts';
import { OFFSET_OUT_OF_RANGE } from '../broker-errors.ts';
import { removeIfThere } from './file-system.ts';
import { type LogState, readLogState, writeLogState } from './log-state.ts';
import type { PartitionLog } from './partition-log.ts';

/**
 * Moves the log's start: durably first, then the files below it go. -1 stands for the end.
 *
 * @throws ConfigError for an offset beyond the end
 */
export async function deleteRecordsBefore(log: PartitionLog, offset: number): Promise<void> {
  const end = log.endOffset;
  const target = offset === -1 ? end : offset;
  if (!Number.isSafeInteger(target) || target < 0 || target > end) {
    throw new ConfigError(`Records of ${log.name} can't be deleted up to offset ${offset}: the log ends at ${end}.`, {
      code: OFFSET_OUT_OF_RANGE,
    });
  }
  await log.maintain(() => moveStart(log, target));
}

/** Removes the oldest segments as `retention.ms` and `retention.bytes` say; never one that is written to. */
export async function applyRetention(log: PartitionLog): Promise<void> {
  const { retentionMs, retentionBytes, cleanupPolicy } = log.config();
  await log.maintain(async () => {
    let start = log.startOffset;
    if (cleanupPolicy.delete) {
      const now = log.clock.now();
      const isOld = (maxTimestamp: number): boolean => retentionMs >= 0 && now - maxTimestamp > retentionMs;
      // As in Kafka, a segment that is old as a whole goes even if it is the last one; the next record begins another.
      if (log.active.size > 0 && log.segments.every((segment) => segment.size === 0 || isOld(segment.maxTimestamp))) {
        await log.exclusively(async () => {
          if (isOld(log.active.maxTimestamp)) await log.roll();
        });
      }
      let excess = retentionBytes < 0 ? 0 : sizeOf(log) - retentionBytes;
      for (let n = 0; n < log.segments.length - 1; n++) {
        const segment = log.segments[n];
        const next = log.segments[n + 1];
        if (segment === undefined || next === undefined) break;
        // Only whole segments: what stays is at least retention.bytes.
        if (!isOld(segment.maxTimestamp) && !(retentionBytes >= 0 && excess >= segment.size && excess > 0)) break;
        excess -= segment.size;
        start = Math.max(start, next.baseOffset);
      }
    }
    if (start > log.startOffset) await moveStart(log, start);
  });
}

function sizeOf(log: PartitionLog): number {
  return log.segments.reduce((bytes, segment) => bytes + segment.size, 0);
}

async function moveStart(log: PartitionLog, target: number): Promise<void> {
  if (target <= log.startOffset) return;
  await changeLogState(log, (state) => ({ ...state, startOffset: target }));
  log.startOffset = target;
  while (log.segments.length > 1 && (log.segments[1]?.baseOffset ?? 0) <= target) {
    const gone = log.segments.shift();
    if (gone === undefined) break;
    await gone.retire();
    try {
      await removeIfThere(log.fileSystem, gone.path);
      await removeIfThere(log.fileSystem, gone.indexPath);
    } catch (err) {
      log.logger.warn('A segment that is no longer needed could not be removed; the next start tries again.', {
        segment: gone.path,
        err,
      });
    }
  }
  log.wake();
}

/** Rewrites the state of a log. Call it within `maintain` only, so that no two overlap. */
export async function changeLogState(log: PartitionLog, change: (state: LogState) => LogState): Promise<void> {
  await writeLogState(log.fileSystem, log.directory, change(await readLogState(log.fileSystem, log.directory)));
}
