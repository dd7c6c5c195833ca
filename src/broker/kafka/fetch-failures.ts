import { ConfigError, DataError } from '../../sdk/errors/index.ts';
import { BATCH_CORRUPT, OFFSET_OUT_OF_RANGE } from '../broker-errors.ts';
import type { FetchedPartition } from './fetched-partition.ts';

/** With `auto.offset.reset=none`. */
export function offsetOutOfRange({ topic, partition, key, fetchOffset: offset }: FetchedPartition): ConfigError {
  return new ConfigError(
    `Offset ${offset} of ${key} does not exist (any more, or yet), and auto.offset.reset=none forbids to choose another. Set an offset that ` +
      'exists for the group, or auto.offset.reset.',
    { code: OFFSET_OUT_OF_RANGE, details: { topic, partition, offset } },
  );
}

/** The broker itself found a checksum that does not fit. */
export function corruptAtBroker({ topic, partition, key, fetchOffset: offset }: FetchedPartition): DataError {
  return new DataError(
    `Kafka could not read ${key} from offset ${offset}: the broker found a batch corrupt. Check the broker's disk.`,
    { code: BATCH_CORRUPT, details: { topic, partition, offset } },
  );
}

/** A batch that came, and can't be read here; `nextOffset` is null where nobody knows how much would be left out with it. */
export function corruptBatch(
  { topic, partition, key }: FetchedPartition,
  {
    offset,
    nextOffset,
    cause,
  }: { readonly offset: number; readonly nextOffset: number | null; readonly cause: unknown },
): DataError {
  return new DataError(
    `The record batch of ${key} at offset ${offset} can't be read: ${cause instanceof Error ? cause.message : cause} Check the broker's disk ` +
      `and the network; to leave it out, ${nextOffset === null ? 'set a higher offset' : `go on at offset ${nextOffset}`}.`,
    {
      code: BATCH_CORRUPT,
      cause,
      details: { topic, partition, offset, ...(nextOffset === null ? {} : { nextOffset }) },
    },
  );
}
