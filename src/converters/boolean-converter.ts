/** org.apache.kafka.connect.converters.BooleanConverter: one byte. */
import type { ConfigDef } from '../sdk/config/index.ts';
import type { Converter, ConverterContext, HeaderConverter } from '../sdk/converter.ts';
import { type Schema, SchemaAndValue, Schemas, SchemaType, typeNameOf } from '../sdk/data/index.ts';
import { DataError } from '../sdk/errors/index.ts';
import { CONVERTER_CONFIG, withConverterType } from './converter-config.ts';

const NULL_BOOLEAN = Object.freeze(new SchemaAndValue(Schemas.OPTIONAL_BOOLEAN, null));
const TRUE = Object.freeze(new SchemaAndValue(Schemas.OPTIONAL_BOOLEAN, true));
const FALSE = Object.freeze(new SchemaAndValue(Schemas.OPTIONAL_BOOLEAN, false));

/** `01` for true, `00` for false. Null stays null. */
export class BooleanConverter implements Converter, HeaderConverter {
  config(): ConfigDef {
    return CONVERTER_CONFIG;
  }

  configure(config: Readonly<Record<string, string>>, context: ConverterContext): void {
    CONVERTER_CONFIG.parse(withConverterType(config, context));
  }

  fromConnectData(_topic: string, schema: Schema | null, value: unknown): Uint8Array | null {
    if (schema !== null && schema.type !== SchemaType.BOOLEAN) {
      throw new DataError(`Invalid schema type for BooleanConverter: ${schema.type}`);
    }
    if (value === null || value === undefined) return null;
    if (typeof value !== 'boolean') {
      throw new DataError(`BooleanConverter is not compatible with objects of type class ${typeNameOf(value)}`);
    }
    return Buffer.from([value ? 1 : 0]);
  }

  toConnectData(_topic: string, bytes: Uint8Array | null): SchemaAndValue {
    if (bytes === null) return NULL_BOOLEAN;
    if (bytes.length !== 1) throw failed('Size of data received by BooleanDeserializer is not 1');
    if (bytes[0] === 1) return TRUE;
    if (bytes[0] === 0) return FALSE;
    throw failed(`Unexpected byte received by BooleanDeserializer: ${((bytes[0] ?? 0) << 24) >> 24}`);
  }

  fromConnectHeader(topic: string, _key: string, schema: Schema | null, value: unknown): Uint8Array | null {
    return this.fromConnectData(topic, schema, value);
  }

  toConnectHeader(topic: string, _key: string, bytes: Uint8Array | null): SchemaAndValue {
    return this.toConnectData(topic, bytes);
  }
}

function failed(why: string): DataError {
  return new DataError('Failed to deserialize boolean: ', { cause: new Error(why) });
}
