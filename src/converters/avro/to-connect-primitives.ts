/** Avro's primitive and fixed types as Connect schemas, logical types included. */
import { ConnectDate, ConnectTime, ConnectTimestamp, Decimal, SchemaBuilder } from '../../sdk/data/index.ts';
import { DataError } from '../../sdk/errors/index.ts';
import { DEFAULT_PRECISION, FIXED_SIZE_PARAMETER, PRECISION_PARAMETER } from './avro-names.ts';
import { integerOf, is, textOf } from './avro-props.ts';
import type { AvroFixed, AvroPrimitive } from './avro-schema.ts';

/** Throws DataError for null, which is a type in unions only. */
export function primitiveBuilder(avro: AvroPrimitive): SchemaBuilder {
  switch (avro.kind) {
    case 'boolean':
      return SchemaBuilder.bool();
    case 'int':
      return intBuilder(avro);
    case 'long':
      return is(avro.props['logicalType'], 'timestamp-millis') ? ConnectTimestamp.builder() : SchemaBuilder.int64();
    case 'float':
      return SchemaBuilder.float32();
    case 'double':
      return SchemaBuilder.float64();
    case 'string':
      return SchemaBuilder.string();
    case 'bytes':
      return bytesBuilder(avro);
    case 'null':
      throw new DataError('Standalone null schemas are not supported by this converter');
  }
}

/** Of bytes with and without a size: a decimal, or bytes. */
export function bytesBuilder(avro: AvroPrimitive | AvroFixed): SchemaBuilder {
  if (is(avro.props['logicalType'], 'decimal')) {
    const builder = Decimal.builder(integerOf(avro.props['scale']) ?? 0);
    const precision = avro.props['precision'];
    if (precision === undefined) return builder;
    const digits = integerOf(precision);
    if (digits === undefined) throw new DataError('precision property must be a JSON Integer.');
    return digits === DEFAULT_PRECISION ? builder : builder.parameter(PRECISION_PARAMETER, String(digits));
  }
  const builder = SchemaBuilder.bytes();
  return avro.kind === 'fixed' ? builder.parameter(FIXED_SIZE_PARAMETER, String(avro.size)) : builder;
}

/** INT8 and INT16 are told by a property; logical types that Connect lacks are plain integers. */
function intBuilder(avro: AvroPrimitive): SchemaBuilder {
  const logicalType = textOf(avro.props['logicalType']);
  const connectType = textOf(avro.props['connect.type']);
  if (is(logicalType, 'date')) return ConnectDate.builder();
  if (is(logicalType, 'time-millis')) return ConnectTime.builder();
  if (connectType === null || logicalType !== null) return SchemaBuilder.int32();
  if (connectType === 'int8') return SchemaBuilder.int8();
  if (connectType === 'int16') return SchemaBuilder.int16();
  throw new DataError('Connect type annotation for Avro int field is null');
}
