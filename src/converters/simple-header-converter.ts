/** org.apache.kafka.connect.storage.SimpleHeaderConverter: texts whose form tells their type. */
import { ConfigDef } from '../sdk/config/index.ts';
import type { HeaderConverter } from '../sdk/converter.ts';
import { parseString, type Schema, SchemaAndValue, Values } from '../sdk/data/index.ts';
import { asBuffer } from './converter-config.ts';
import { UTF_8 } from './java-charsets.ts';

const CONFIG = ConfigDef.empty();

/** The worker's default for headers. Reading never fails: what can't be parsed is a string. Null stays null. */
export class SimpleHeaderConverter implements HeaderConverter {
  config(): ConfigDef {
    return CONFIG;
  }

  configure(): void {}

  fromConnectHeader(_topic: string, _key: string, schema: Schema | null, value: unknown): Uint8Array | null {
    const text = Values.convertToString(schema, value);
    return text === null ? null : UTF_8.encode(text);
  }

  toConnectHeader(_topic: string, _key: string, bytes: Uint8Array | null): SchemaAndValue {
    if (bytes === null) return SchemaAndValue.NULL;
    return parseString(UTF_8.decode(asBuffer(bytes)));
  }
}
