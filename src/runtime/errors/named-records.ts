/** Invariant 6: an integrity error that stops a task names the records that the task wrote with what turned out to be wrong. */
import { errorFromWire, errorToWire } from '../../sdk/errors/error-wire.ts';
import { IntegrityError } from '../../sdk/errors/kinds.ts';
import type { RecordRange } from '../../sdk/record/record-ranges.ts';

/** In the message; all that are known are in the details. */
const MAX_NAMED = 20;
const MAX_LISTED = 10_000;

/**
 * The error with what it touches: `details.records` holds `{topic, partition, first, last}`, offsets both included. `unsure` is the number
 * of records that were on their way when the task ended: they may have been written too.
 */
export function namingRecords(error: unknown, records: readonly RecordRange[], unsure: number): unknown {
  if (!(error instanceof IntegrityError) || (records.length === 0 && unsure === 0)) return error;
  const wire = errorToWire(error);
  const message = wire.message + sentences(records, unsure);
  const frames = wire.stack?.indexOf('\n    at ') ?? -1;
  const stack = `${wire.name}: ${message}${frames < 0 ? '' : wire.stack?.slice(frames)}`;
  const details = {
    ...wire.details,
    records: records.slice(0, MAX_LISTED),
    ...(unsure === 0 ? {} : { unacknowledged: unsure }),
  };
  return errorFromWire({ ...wire, message, stack, details });
}

function sentences(records: readonly RecordRange[], unsure: number): string {
  let text = '';
  if (records.length > 0) {
    const named = records.slice(0, MAX_NAMED).map(words).join(', ');
    const more = records.length - MAX_NAMED;
    text += ` Records of this task that carry it: ${named}${more > 0 ? `, and ${more} more ranges` : ''}.`;
    if (records.some(({ isCoarse }) => isCoarse)) {
      text += ' They were too many to keep them apart: not all records of the ranges marked with ~ carry it.';
    }
  }
  if (unsure > 0) {
    text += ` ${unsure} records were on their way and not acknowledged: they may have been written, and carry it too.`;
  }
  return text;
}

function words({ topic, partition, first, last, isCoarse }: RecordRange): string {
  return `${isCoarse === true ? '~' : ''}${topic}-${partition} ${first === last ? `offset ${first}` : `offsets ${first} to ${last}`}`;
}
