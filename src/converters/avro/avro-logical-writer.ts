/**
 * Connect's logical types as Avro's. A schema that the registry selects may have another scale or unit than the record's own: values are
 * converted where nothing is lost, and refused otherwise, as their plain bytes would mean something else.
 */
import {
  ConnectDate,
  ConnectTime,
  ConnectTimestamp,
  Decimal,
  isBigDecimal,
  type Schema,
  typeNameOf,
} from '../../sdk/data/index.ts';
import { twosComplementOf } from '../../sdk/data/logical.ts';
import { DataError } from '../../sdk/errors/index.ts';
import { integerOf, textOf } from './avro-props.ts';
import type { AvroFixed, AvroSchema } from './avro-schema.ts';
import { type TapWriter, writeBytes, writeFixed, writeLong } from './avro-tap.ts';

/** Undefined if the schema is of no logical type, or if Avro's type is of another kind than the logical one. Throws DataError. */
export function logicalWriterOf(avro: AvroSchema, schema: Schema): TapWriter | undefined {
  switch (schema.name) {
    case Decimal.LOGICAL_NAME:
      if (avro.kind === 'bytes') {
        const bytesOf = decimalBytesOf(avro, schema);
        return { _write: (tap, value) => writeBytes(tap, bytesOf(value)) };
      }
      if (avro.kind === 'fixed') {
        const bytesOf = decimalBytesOf(avro, schema);
        return { _write: (tap, value) => writeFixed(tap, extended(bytesOf(value), avro)) };
      }
      return undefined;
    case ConnectDate.LOGICAL_NAME:
      if (avro.kind !== 'int') return undefined;
      refuseOther(avro, schema, 'date');
      return {
        _write: (tap, value) => {
          if (!(value instanceof Date)) throw wrongClass('Date', 'Date', value);
          tap.writeLong(ConnectDate.fromLogical(schema, value));
        },
      };
    case ConnectTime.LOGICAL_NAME:
      if (avro.kind !== 'int') return undefined;
      refuseOther(avro, schema, 'time-millis');
      return {
        _write: (tap, value) => {
          if (!(value instanceof Date)) throw wrongClass('Time', 'Date', value);
          tap.writeLong(ConnectTime.fromLogical(schema, value));
        },
      };
    case ConnectTimestamp.LOGICAL_NAME:
      return avro.kind === 'long' ? timestampWriterOf(avro, schema) : undefined;
    default:
      return undefined;
  }
}

/** The two's complement of a Decimal, of the scale that the Avro type has. */
export function decimalBytesOf(avro: AvroSchema, schema: Schema): (value: unknown) => Uint8Array {
  const scale = Decimal.scaleOf(schema);
  const isDecimal = textOf(avro.props['logicalType'])?.toLowerCase() === 'decimal';
  const avroScale = isDecimal ? (integerOf(avro.props['scale']) ?? 0) : scale;
  if (avroScale < scale) {
    throw new DataError(
      `Incompatible schema: a Decimal of the scale ${scale} can not be written as an Avro decimal of the scale ${avroScale} without loss.`,
    );
  }
  const factor = 10n ** BigInt(avroScale - scale);
  return (value) => {
    if (!isBigDecimal(value)) throw wrongClass('Decimal', 'BigDecimal', value);
    const bytes = Decimal.fromLogical(schema, value);
    return factor === 1n ? bytes : twosComplementOf(value.unscaledValue * factor);
  };
}

const PER_MILLISECOND: Readonly<Record<string, bigint>> = {
  'timestamp-micros': 1_000n,
  'local-timestamp-micros': 1_000n,
  'timestamp-nanos': 1_000_000n,
  'local-timestamp-nanos': 1_000_000n,
};

function timestampWriterOf(avro: AvroSchema, schema: Schema): TapWriter {
  const logicalType = textOf(avro.props['logicalType'])?.toLowerCase() ?? '';
  const factor = PER_MILLISECOND[logicalType];
  if (factor === undefined) {
    refuseOther(avro, schema, 'timestamp-millis', 'local-timestamp-millis');
    // Within 2^53, as are all times of a Date.
    return { _write: (tap, value) => tap.writeLong(millisOf(value)) };
  }
  return {
    _write: (tap, value) => {
      const time = BigInt(millisOf(value)) * factor;
      if (BigInt.asIntN(64, time) !== time) {
        throw new DataError(`The timestamp ${millisOf(value)} ms lies beyond what Avro's ${logicalType} can hold.`);
      }
      writeLong(tap, time);
    },
  };
}

/** Logical types of another meaning, which Avro's own rules of compatibility don't look at. Unknown ones have none. */
const KNOWN = /^(date|time-(millis|micros)|(local-)?timestamp-(millis|micros|nanos))$/;

function refuseOther(avro: AvroSchema, schema: Schema, ...fitting: readonly string[]): void {
  const logicalType = textOf(avro.props['logicalType'])?.toLowerCase() ?? '';
  if (!KNOWN.test(logicalType) || fitting.includes(logicalType)) return;
  throw new DataError(`Incompatible schema: ${String(schema)} can not be written as Avro ${logicalType}.`);
}

function millisOf(value: unknown): number {
  if (!(value instanceof Date)) throw wrongClass('Timestamp', 'Date', value);
  const millis = value.getTime();
  if (Number.isNaN(millis)) throw new DataError('The Date is invalid: it was made of something that is no date.');
  return millis;
}

/** The two's complement in as many bytes as the fixed type has. */
function extended(bytes: Uint8Array, avro: AvroFixed): Uint8Array {
  if (bytes.length === avro.size) return bytes;
  if (bytes.length > avro.size) {
    throw new DataError(`The decimal takes ${bytes.length} bytes, but Avro's ${avro.fullName} has ${avro.size}.`);
  }
  const filled = Buffer.alloc(avro.size, (bytes[0] ?? 0) > 127 ? 0xff : 0);
  filled.set(bytes, avro.size - bytes.length);
  return filled;
}

function wrongClass(what: string, expected: string, value: unknown): DataError {
  if (value === null || value === undefined) return new DataError('Found null value for non-optional schema');
  return new DataError(`Invalid type for ${what}, expected ${expected} but was class ${typeNameOf(value)}`);
}
