/** org.apache.kafka.connect.storage.StringConverter: the text of a value, whatever its schema. */
import { ConfigDef, invalidValue } from '../sdk/config/index.ts';
import type { Converter, ConverterContext, HeaderConverter } from '../sdk/converter.ts';
import { javaText, type Schema, SchemaAndValue, Schemas } from '../sdk/data/index.ts';
import { asBuffer, CONVERTER_CONFIG, withConverterType } from './converter-config.ts';
import { CHARSET_NAMES, type Charset, charsetOf, UTF_8 } from './java-charsets.ts';

const CONFIG = CONVERTER_CONFIG.extend(
  ConfigDef.of({
    'converter.encoding': {
      type: 'STRING',
      default: 'UTF-8',
      importance: 'high',
      documentation: 'The name of the Java character set to use for encoding strings as byte arrays.',
      width: 'MEDIUM',
      displayName: 'Encoding',
    },
  }),
);

const NULL_STRING = Object.freeze(new SchemaAndValue(Schemas.OPTIONAL_STRING, null));

/** Writes what Java's `toString` gives (`Struct{a=1}`, `{a=1}`), reads an optional string. Null stays null. */
export class StringConverter implements Converter, HeaderConverter {
  private charset: Charset = UTF_8;

  config(): ConfigDef {
    return CONFIG;
  }

  configure(config: Readonly<Record<string, string>>, context: ConverterContext): void {
    const name = CONFIG.parse(withConverterType(config, context))['converter.encoding'];
    const charset = charsetOf(name);
    if (charset === undefined) {
      throw invalidValue('converter.encoding', name, `Encoding must be one of: ${CHARSET_NAMES.join(', ')}`);
    }
    this.charset = charset;
  }

  fromConnectData(_topic: string, schema: Schema | null, value: unknown): Uint8Array | null {
    if (typeof value === 'string') return this.charset.encode(value);
    return value === null || value === undefined ? null : this.charset.encode(javaText(value, schema));
  }

  toConnectData(_topic: string, bytes: Uint8Array | null): SchemaAndValue {
    if (bytes === null) return NULL_STRING;
    return new SchemaAndValue(Schemas.OPTIONAL_STRING, this.charset.decode(asBuffer(bytes)));
  }

  fromConnectHeader(topic: string, _key: string, schema: Schema | null, value: unknown): Uint8Array | null {
    return this.fromConnectData(topic, schema, value);
  }

  toConnectHeader(topic: string, _key: string, bytes: Uint8Array | null): SchemaAndValue {
    return this.toConnectData(topic, bytes);
  }
}
