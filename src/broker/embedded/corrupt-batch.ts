import { DataError } from '../../sdk/errors/index.ts';
import { BATCH_CORRUPT } from '../broker-errors.ts';
import { behindDamagedBatch } from '../record-batch/damaged-batch.ts';

/** What a fetcher throws for a batch that can't be read; with `details.nextOffset`, behind it, a reader may leave it out. */
export function corruptBatch(place: {
  readonly topic: string;
  readonly partition: number;
  /** Where reading stopped. */
  readonly offset: number;
  /** The end of the log. */
  readonly end: number;
  readonly bytes: Buffer;
  readonly cause: unknown;
}): DataError {
  const { topic, partition, offset, cause } = place;
  const nextOffset = offsetBehind(place);
  return new DataError(
    `Topic '${topic}', partition ${partition}, can't be read at offset ${offset}: ${
      cause instanceof Error ? cause.message : String(cause)
    } Check the disk; to go on behind it, set a higher offset.`,
    {
      code: BATCH_CORRUPT,
      cause,
      details: { topic, partition, offset, ...(nextOffset === null ? {} : { nextOffset }) },
    },
  );
}

/** null where nobody knows how much would be left out with the batch. */
function offsetBehind(place: {
  readonly offset: number;
  readonly end: number;
  readonly bytes: Buffer;
  readonly cause: unknown;
}): number | null {
  const position = (place.cause as { readonly position?: unknown } | null)?.position;
  if (typeof position !== 'number') return null;
  const { offset, end, bytes } = place;
  const next = behindDamagedBatch(bytes, { position, offset, end })?.offset ?? -1;
  return next > offset ? next : null;
}
