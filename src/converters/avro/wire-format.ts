/** Confluent's frame around a record: a zero byte, the schema id in four, the payload. */
import type { RawHeader, RawRecord } from '../../sdk/converter.ts';
import { DataError, defineErrorCode } from '../../sdk/errors/index.ts';
import type { SchemaView } from '../../sdk/schema-view.ts';

/** The code of a record that is not in Confluent's frame. */
export const NOT_FRAMED = defineErrorCode('holdfast.converters.not-framed', {
  what: 'A record does not begin with the zero byte and the schema id that a schema-registry serializer writes.',
  mend: 'Check that the converter of the connector is the one the topic was written with.',
});

/** The bytes before the payload. */
export const FRAME_BYTES = 5;

/** The schema id of a record. Throws DataError if it has no frame. */
export function schemaIdOf(bytes: Buffer): number {
  if (bytes.length > 0 && bytes[0] !== 0) throw new DataError('Unknown magic byte!', { code: NOT_FRAMED });
  if (bytes.length < FRAME_BYTES) {
    throw new DataError(`Invalid data: a record of ${bytes.length} bytes is too short to hold a schema id.`, {
      code: NOT_FRAMED,
    });
  }
  // Signed, as in Java: an id with its highest bit set is one that no registry gives.
  return bytes.readInt32BE(1);
}

/** How a record names its schema: by an id, or by a GUID (lower case, with dashes). */
export type SchemaName = number | string;

/**
 * What the header of newer clients names; undefined: there is no such header, or an empty one. The payload then has no frame.
 * Throws DataError for a header of another form.
 */
export function schemaNameIn(headers: readonly RawHeader[], key: string): SchemaName | undefined {
  for (let index = headers.length - 1; index >= 0; index--) {
    const header = headers[index];
    if (header?.key !== key) continue;
    return header.value === null ? undefined : schemaNameOf(header.value);
  }
  return undefined;
}

function schemaNameOf(value: Uint8Array): SchemaName {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (bytes[0] === 0 && bytes.length >= FRAME_BYTES) return bytes.readInt32BE(1);
  if (bytes[0] === 1 && bytes.length >= 17) {
    return bytes.toString('hex', 1, 17).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }
  throw new DataError('Error deserializing schema ID', {
    code: NOT_FRAMED,
    cause: new DataError('Unknown magic byte!', { code: NOT_FRAMED }),
  });
}

/** The frame in front of a payload. */
export function writeFrame(buffer: Buffer, offset: number, schemaId: number): void {
  buffer[offset] = 0;
  buffer[offset + 1] = schemaId >>> 24;
  buffer[offset + 2] = schemaId >>> 16;
  buffer[offset + 3] = schemaId >>> 8;
  buffer[offset + 4] = schemaId;
}

/** Tells a view which ids acknowledged records carry; what is not in the frame, and what was not written (offset -1), is left out. */
export function tellCarried(
  view: SchemaView,
  part: 'key' | 'value',
  records: readonly RawRecord[],
  partitions: ArrayLike<number>,
  offsets: ArrayLike<number>,
): void {
  for (let n = 0; n < records.length; n++) {
    const { topic, [part]: bytes } = records[n] as RawRecord;
    const offset = offsets[n] ?? -1;
    if (bytes === null || offset < 0 || bytes.length < FRAME_BYTES || bytes[0] !== 0) continue;
    const id = ((bytes[1] ?? 0) << 24) | ((bytes[2] ?? 0) << 16) | ((bytes[3] ?? 0) << 8) | (bytes[4] ?? 0);
    view.carried?.(id, topic, partitions[n] ?? -1, offset);
  }
}
