/** org.apache.kafka.connect.storage.StringConverter: the text of a value, whatever its schema. */
import { ConfigDef, invalidValue } from '../sdk/config/index.ts';
import type { Converter, ConverterContext, HeaderConverter } from '../sdk/converter.ts';
import { javaText, type Schema, SchemaAndValue, Schemas } from '../sdk/data/index.ts';
import { asBuffer, CONVERTER_CONFIG, withConverterType } from './converter-config.ts';

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

interface Charset {
  encode(text: string): Uint8Array;
  decode(bytes: Buffer): string;
}

const UTF_8: Charset = {
  encode: (text) => Buffer.from(text, 'utf8'),
  decode: (bytes) => bytes.toString('utf8'),
};

/** Characters that the set lacks become a question mark, as in Java. */
function singleByte(lacking: RegExp, mask: number): Charset {
  return {
    encode: (text) => Buffer.from(text.replace(lacking, '?'), 'latin1'),
    decode: (bytes) =>
      mask === 0xff ? bytes.toString('latin1') : bytes.toString('latin1').replace(/[\u0080-\u00ff]/g, '\ufffd'),
  };
}

const UTF_16LE: Charset = {
  encode: (text) => Buffer.from(text, 'utf16le'),
  decode: (bytes) => bytes.toString('utf16le'),
};

/** An odd byte at the end, which is no character, is left out. */
function swapped(bytes: Buffer): Buffer {
  return Buffer.from(bytes.subarray(0, bytes.length & ~1)).swap16();
}

const UTF_16BE: Charset = {
  encode: (text) => Buffer.from(text, 'utf16le').swap16(),
  decode: (bytes) => swapped(bytes).toString('utf16le'),
};

/** With a byte order mark; big-endian without one. */
const UTF_16: Charset = {
  encode: (text) => UTF_16BE.encode(`\ufeff${text}`),
  decode: (bytes) => {
    if (bytes[0] === 0xff && bytes[1] === 0xfe) return UTF_16LE.decode(bytes.subarray(2));
    return UTF_16BE.decode(bytes[0] === 0xfe && bytes[1] === 0xff ? bytes.subarray(2) : bytes);
  },
};

const LATIN_1 = singleByte(/[\ud800-\udbff][\udc00-\udfff]|[\u0100-\uffff]/g, 0xff);
const ASCII = singleByte(/[\ud800-\udbff][\udc00-\udfff]|[\u0080-\uffff]/g, 0x7f);

const CHARSETS: ReadonlyMap<string, Charset> = new Map([
  ['UTF-8', UTF_8],
  ['UTF8', UTF_8],
  ['ISO-8859-1', LATIN_1],
  ['LATIN1', LATIN_1],
  ['US-ASCII', ASCII],
  ['ASCII', ASCII],
  ['UTF-16', UTF_16],
  ['UTF-16LE', UTF_16LE],
  ['UTF-16BE', UTF_16BE],
]);

const NULL_STRING = Object.freeze(new SchemaAndValue(Schemas.OPTIONAL_STRING, null));

/** Writes what Java's `toString` gives (`Struct{a=1}`, `{a=1}`), reads an optional string. Null stays null. */
export class StringConverter implements Converter, HeaderConverter {
  private charset: Charset = UTF_8;

  config(): ConfigDef {
    return CONFIG;
  }

  configure(config: Readonly<Record<string, string>>, context: ConverterContext): void {
    const name = CONFIG.parse(withConverterType(config, context))['converter.encoding'];
    const charset = CHARSETS.get(name.toUpperCase());
    if (charset === undefined) {
      const known = [...CHARSETS.keys()].join(', ');
      throw invalidValue('converter.encoding', name, `Encoding must be one of: ${known}`);
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
