/**
 * How a record of a data topic names its schema: a zero byte and four bytes of id before the payload, or a header of newer clients with an
 * id or a GUID (docs/guides/avro.md, "Ids in headers"). A header counts before the payload, as it does for readers.
 */
import type { FetchedRecord } from '../../broker/ports.ts';

export type RecordPart = 'key' | 'value';

/** Named as Confluent's clients do. */
const HEADERS: Readonly<Record<RecordPart, string>> = { key: '__key_schema_id', value: '__value_schema_id' };
/** The bytes before the payload. */
const FRAME_BYTES = 5;
const GUID_BYTES = 17;

/** An id (signed, as the bytes are), a GUID (lower case, with dashes), or undefined: the part names none. */
export function schemaMarkOf(record: FetchedRecord, part: RecordPart): number | string | undefined {
  const { headers } = record;
  if (headers.length > 0) {
    const name = HEADERS[part];
    for (let index = headers.length - 1; index >= 0; index--) {
      const header = headers[index];
      if (header?.key === name && header.value !== null) return markIn(header.value);
    }
  }
  const bytes = record[part];
  return bytes === null || bytes[0] !== 0 || bytes.length < FRAME_BYTES ? undefined : idIn(bytes);
}

function markIn(bytes: Uint8Array): number | string | undefined {
  if (bytes[0] === 0 && bytes.length >= FRAME_BYTES) return idIn(bytes);
  if (bytes[0] !== 1 || bytes.length < GUID_BYTES) return undefined;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('hex', 1, GUID_BYTES)
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function idIn(bytes: Uint8Array): number {
  return (
    ((bytes[1] as number) << 24) | ((bytes[2] as number) << 16) | ((bytes[3] as number) << 8) | (bytes[4] as number)
  );
}
