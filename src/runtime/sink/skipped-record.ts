/** "Skip this record": which record of a sink may be skipped on request, and what is said of those that may not. */
import type { FetchedRecord, TopicPartitionOffset } from '../../broker/ports.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import type { Block, SinkPartition, SkippableStop } from './sink-partition.ts';

export const RECORD_SKIPPED = defineErrorCode('holdfast.task.record-skipped', {
  what: 'A record that a sink task waited at was skipped because an operator asked for it.',
  mend: 'Nothing: it is reported to the dead letter queue and the log, if the connector has them. Its cause says what it waited for.',
});

export const NOT_SKIPPABLE = defineErrorCode('holdfast.task.not-skippable', {
  what: 'A record was to be skipped, and the task does not wait at it for something that concerns this record alone.',
  mend: 'Read waiting_at of the parked object in the status of the task, and name that offset. Outages of a whole registry can not be skipped.',
});

/** The record, what it waits for and how. @throws ConnectError {@link NOT_SKIPPABLE} */
export function waitingRecord(
  partition: SinkPartition | undefined,
  at: TopicPartitionOffset,
): { readonly block: Block; readonly raw: FetchedRecord; readonly stop: SkippableStop } {
  if (partition === undefined) throw refused(at, 'the task does not hold the partition');
  const { block } = partition;
  const raw = partition.first();
  if (block === null || raw === undefined || block.isReady) throw refused(at, 'the partition does not wait');
  if (block.skippable === null) {
    throw refused(at, 'what the partition waits for concerns more than one record, and passes by itself');
  }
  if (raw.offset !== at.offset) throw refused(at, `the partition waits at offset ${raw.offset}`);
  return { block, raw, stop: block.skippable };
}

export function refused({ topic, partition, offset }: TopicPartitionOffset, why: string): ConnectError {
  return new ConnectError(`The record at offset ${offset} of ${topic}-${partition} can not be skipped: ${why}.`, {
    code: NOT_SKIPPABLE,
  });
}
