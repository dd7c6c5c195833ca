/** A record of the topic `_schemas` as it is: bytes, null and empty kept apart. */
import type { FetchedRecord } from '../../broker/ports.ts';

/** Offset, time and time's type, key, value and headers; whoever keeps the bytes beyond their batch copies them. */
export type RawRecord = FetchedRecord;
