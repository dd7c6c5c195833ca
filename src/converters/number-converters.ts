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
  /** Whether a number whose class nobody tells can be meant. */
  holds(value: number | bigint): boolean;
  write(into: Buffer, value: unknown): void;
  read(from: Buffer): number | bigint;
}

/** The Java class of a number by the schema that it comes with. */
const JAVA_CLASSES: Readonly<Record<string, string>> = {
  INT8: 'java.lang.Byte',
  INT16: 'java.lang.Short',
  INT32: 'java.lang.Integer',
  INT64: 'java.lang.Long',
  FLOAT32: 'java.lang.Float',
  FLOAT64: 'java.lang.Double',
};

/**
 * As in Kafka Connect, only numbers of the converter's own class are taken, whatever the schema is. Here the schema tells the class of a
 * number; without one, a number of any class is taken that has the very value. Null stays null.
 */
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

  fromConnectData(_topic: string, schema: Schema | null, value: unknown): Uint8Array | null {
    if (value === null || value === undefined) return null;
    const isNumber = typeof value === 'number' || typeof value === 'bigint';
    if (!isNumber && !isBigDecimal(value)) throw this.noCast(typeNameOf(value), 'java.lang.Number');
    const own = JAVA_CLASSES[this.format.schema.type] ?? '';
    const given = schema === null ? undefined : JAVA_CLASSES[schema.type];
    if (!isNumber || (given !== undefined && given !== own)) throw this.noCast(given ?? typeNameOf(value), own);
    if (given === undefined && !this.format.holds(value)) throw this.noCast(typeNameOf(value), own);
    const bytes = Buffer.allocUnsafe(this.format.size);
    this.format.write(bytes, value);
    return bytes;
  }

  private noCast(from: string, to: string): DataError {
    const cause = new Error(`class ${from} cannot be cast to class ${to}`);
    return new DataError(`Failed to serialize to ${this.format.name} (was class ${from}): `, { cause });
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

function integer(bits: number): (value: number | bigint) => boolean {
  return (value) => {
    if (typeof value === 'number' && !Number.isInteger(value)) return false;
    const whole = BigInt(value);
    return BigInt.asIntN(bits, whole) === whole;
  };
}

/** Two bytes; INT16. */
export class ShortConverter extends NumberConverter {
  constructor() {
    super({
      name: 'short',
      deserializer: 'ShortDeserializer',
      size: 2,
      schema: Schemas.OPTIONAL_INT16,
      holds: integer(16),
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
      holds: integer(32),
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
      holds: integer(64),
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
      holds: (value) => typeof value === 'number',
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
      holds: (value) => typeof value === 'number',
      write: (into, value) => into.writeDoubleBE(Values.convertToDouble(null, value) ?? 0),
      read: (from) => from.readDoubleBE(),
    });
  }
}
