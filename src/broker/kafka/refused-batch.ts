/** A batch that the broker will never take as it is: what of it is at fault is refused, and the rest goes on. */
import { DataError } from '../../sdk/errors/index.ts';
import { RECORD_INVALID, RECORD_TOO_LARGE } from '../broker-errors.ts';
import type { PartitionQueue, ProducerBatch } from './partition-queue.ts';
import { ErrorCode, errorCodeName } from './protocol/error-code.ts';
import type { ProducePartitionResponse } from './protocol/produce.ts';

const tooLarge = new Set<number>([ErrorCode.MESSAGE_TOO_LARGE, ErrorCode.RECORD_LIST_TOO_LARGE]);
const invalid = new Set<number>([ErrorCode.INVALID_RECORD, ErrorCode.INVALID_TIMESTAMP]);

/** Whether records of the batch are at fault, and no other time or broker would take them. */
export function isRefused(errorCode: number): boolean {
  return tooLarge.has(errorCode) || invalid.has(errorCode);
}

/** Takes the records at fault out, or looks for them by halves. */
export function splitOrReject(
  { queue, batch }: { readonly queue: PartitionQueue; readonly batch: ProducerBatch },
  answer: ProducePartitionResponse,
): 'split' | 'rejected' {
  const all = [...batch.records.keys()];
  const named = new Map(answer.recordErrors.map(({ index, message }) => [index, message]));
  if (invalid.has(answer.errorCode) && named.size > 0) {
    for (const [index, message] of named)
      rejectRecord(batch, index, invalidRecord(queue, message ?? answer.errorMessage, answer));
    queue.replace(batch, [all.filter((n) => !named.has(n))]);
  } else if (all.length > 1) {
    const half = Math.ceil(all.length / 2);
    queue.replace(batch, [all.slice(0, half), all.slice(half)]);
    return 'split';
  } else {
    const error = tooLarge.has(answer.errorCode)
      ? new DataError(
          `Kafka refused a record of ${batch.encoded.length} bytes as too large for topic '${queue.topic}'. Raise the topic's max.message.bytes, ` +
            'or keep such records out.',
          { code: RECORD_TOO_LARGE },
        )
      : invalidRecord(queue, answer.errorMessage, answer);
    rejectRecord(batch, 0, error);
    queue.replace(batch, []);
  }
  return 'rejected';
}

function rejectRecord(batch: ProducerBatch, n: number, error: DataError): void {
  const index = batch.indexes[n];
  if (index !== undefined) batch.calls[n]?.reject(index, error);
}

function invalidRecord(
  queue: PartitionQueue,
  message: string | null,
  { errorCode }: ProducePartitionResponse,
): DataError {
  return new DataError(
    `Kafka refused a record for ${queue.key} (${errorCodeName(errorCode)}${message === null ? '' : `: ${message}`}).`,
    { code: RECORD_INVALID },
  );
}
