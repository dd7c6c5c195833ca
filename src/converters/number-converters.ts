/** org.apache.kafka.connect.converters: Short, Integer, Long, Float and Double, each a fixed number of big-endian bytes. */
import type { ConfigDef } from '../sdk/config/index.ts';
import type { Converter, ConverterContext, HeaderConverter } from '../sdk/converter.ts';
import { isBigDecimal, type Schema, SchemaAndValue, Schemas, typeNameOf, Values } from '../sdk/data/index.ts';
import { DataError } from '../sdk/errors/index.ts';
import { asBuffer, CONVERTER_CONFIG, withConverterType } from './converter-config.ts';

interface NumberFormat {
  /** As Kafka Connect's messages call it. */
  readonly name: string;
  readonly deserializer: string;
  readonly size: number;
  readonly schema: Schema;
  write(into: Buffer, value: unknown): void;
  read(from: Buffer): number | bigint;
}

/** The schema's type is not looked at, and any number is narrowed, as in Kafka Connect. Null stays null. */
abstract class NumberConverter implements Converter, HeaderConverter {
  private readonly format: NumberFormat;
  private readonly nullValue: SchemaAndValue;

  constructor(format: NumberFormat) {
    this.format = format;
    this.nullValue = Object.freeze(new SchemaAndValue(format.schema, null));
  }

  config(): ConfigDef {
    return CONVERTER_CONFIG;
  }

  configure(config: Readonly<Record<string, string>>, context: ConverterContext): void {
    CONVERTER_CONFIG.parse(withConverterType(config, context));
  }

  fromConnectData(_topic: string, _schema: Schema | null, value: unknown): Uint8Array | null {
    if (value === null || value === undefined) return null;
    const { name, size } = this.format;
    if (typeof value !== 'number' && typeof value !== 'bigint' && !isBigDecimal(value)) {
      const className = typeNameOf(value);
      const cause = new Error(`class ${className} cannot be cast to class java.lang.Number`);
      throw new DataError(`Failed to serialize to ${name} (was class ${className}): `, { cause });
    }
    const bytes = Buffer.allocUnsafe(size);
    this.format.write(bytes, value);
    return bytes;
  }

  toConnectData(_topic: string, bytes: Uint8Array | null): SchemaAndValue {
    if (bytes === null) return this.nullValue;
    const { name, size, deserializer, schema } = this.format;
    if (bytes.length !== size) {
      const cause = new Error(`Size of data received by ${deserializer} is not ${size}`);
      throw new DataError(`Failed to deserialize ${name}: `, { cause });
    }
    return new SchemaAndValue(schema, this.format.read(asBuffer(bytes)));
  }

  fromConnectHeader(topic: string, _key: string, schema: Schema | null, value: unknown): Uint8Array | null {
    return this.fromConnectData(topic, schema, value);
  }

  toConnectHeader(topic: string, _key: string, bytes: Uint8Array | null): SchemaAndValue {
    return this.toConnectData(topic, bytes);
  }
}

/** Two bytes; INT16. */
export class ShortConverter extends NumberConverter {
  constructor() {
    super({
      name: 'short',
      deserializer: 'ShortDeserializer',
      size: 2,
      schema: Schemas.OPTIONAL_INT16,
      write: (into, value) => into.writeInt16BE(Values.convertToShort(null, value) ?? 0),
      read: (from) => from.readInt16BE(),
    });
  }
}

/** Four bytes; INT32. */
export class IntegerConverter extends NumberConverter {
  constructor() {
    super({
      name: 'integer',
      deserializer: 'IntegerDeserializer',
      size: 4,
      schema: Schemas.OPTIONAL_INT32,
      write: (into, value) => into.writeInt32BE(Values.convertToInteger(null, value) ?? 0),
      read: (from) => from.readInt32BE(),
    });
  }
}

/** Eight bytes; INT64. */
export class LongConverter extends NumberConverter {
  constructor() {
    super({
      name: 'long',
      deserializer: 'LongDeserializer',
      size: 8,
      schema: Schemas.OPTIONAL_INT64,
      write: (into, value) => into.writeBigInt64BE(Values.convertToLong(null, value) ?? 0n),
      read: (from) => from.readBigInt64BE(),
    });
  }
}

/** Four bytes; FLOAT32. */
export class FloatConverter extends NumberConverter {
  constructor() {
    super({
      name: 'float',
      deserializer: 'Deserializer',
      size: 4,
      schema: Schemas.OPTIONAL_FLOAT32,
      write: (into, value) => into.writeFloatBE(Values.convertToFloat(null, value) ?? 0),
      read: (from) => from.readFloatBE(),
    });
  }
}

/** Eight bytes; FLOAT64. */
export class DoubleConverter extends NumberConverter {
  constructor() {
    super({
      name: 'double',
      deserializer: 'Deserializer',
      size: 8,
      schema: Schemas.OPTIONAL_FLOAT64,
      write: (into, value) => into.writeDoubleBE(Values.convertToDouble(null, value) ?? 0),
      read: (from) => from.readDoubleBE(),
    });
  }
}
