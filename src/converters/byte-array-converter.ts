/** org.apache.kafka.connect.converters.ByteArrayConverter: bytes as they are. */
import type { ConfigDef } from '../sdk/config/index.ts';
import type { Converter, ConverterContext, HeaderConverter } from '../sdk/converter.ts';
import { type Schema, SchemaAndValue, Schemas, SchemaType, typeNameOf } from '../sdk/data/index.ts';
import { DataError } from '../sdk/errors/index.ts';
import { CONVERTER_CONFIG, withConverterType } from './converter-config.ts';

const NULL_BYTES = Object.freeze(new SchemaAndValue(Schemas.OPTIONAL_BYTES, null));

/** Hands bytes through in both directions without a copy; what it reads stays a view into the fetched batch. */
export class ByteArrayConverter implements Converter, HeaderConverter {
  config(): ConfigDef {
    return CONVERTER_CONFIG;
  }

  configure(config: Readonly<Record<string, string>>, context: ConverterContext): void {
    CONVERTER_CONFIG.parse(withConverterType(config, context));
  }

  fromConnectData(_topic: string, schema: Schema | null, value: unknown): Uint8Array | null {
    if (schema !== null && schema.type !== SchemaType.BYTES) {
      throw new DataError(`Invalid schema type for ByteArrayConverter: ${schema.type}`);
    }
    if (value === null || value === undefined) return null;
    if (!(value instanceof Uint8Array)) {
      throw new DataError(`ByteArrayConverter is not compatible with objects of type class ${typeNameOf(value)}`);
    }
    return value;
  }

  toConnectData(_topic: string, bytes: Uint8Array | null): SchemaAndValue {
    return bytes === null ? NULL_BYTES : new SchemaAndValue(Schemas.OPTIONAL_BYTES, bytes);
  }

  fromConnectHeader(topic: string, _key: string, schema: Schema | null, value: unknown): Uint8Array | null {
    return this.fromConnectData(topic, schema, value);
  }

  toConnectHeader(topic: string, _key: string, bytes: Uint8Array | null): SchemaAndValue {
    return this.toConnectData(topic, bytes);
  }
}
