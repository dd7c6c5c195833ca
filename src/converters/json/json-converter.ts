/** org.apache.kafka.connect.json.JsonConverter: JSON, with the schema in an envelope or without one. */
import { isUtf8 } from 'node:buffer';
import { LruCache } from '../../foundation/lru-cache.ts';
import type { ConfigDef } from '../../sdk/config/index.ts';
import type { Converter, ConverterContext, HeaderConverter } from '../../sdk/converter.ts';
import { type Schema, SchemaAndValue } from '../../sdk/data/index.ts';
import { SchemaCache } from '../../sdk/data/schema-cache.ts';
import { DataError } from '../../sdk/errors/index.ts';
import { asBuffer, withConverterType } from '../converter-config.ts';
import { endOfEnvelope, findEnvelopePrefix } from './envelope-prefix.ts';
import { isJsonUtf8, jsonTextOf } from './json-bytes.ts';
import { JSON_CONFIG } from './json-config.ts';
import { hasDecimal, type JsonReader, jsonReaderOf, readSchemaless, SERIALIZATION_ERROR } from './json-reader.ts';
import { jsonSchemaText, schemaOfJson } from './json-schema.ts';
import { type Json, JsonNumber, jsonText } from './json-text.ts';
import { type JsonWriter, jsonWriterOf, writeSchemaless } from './json-writer.ts';
import { type Precision, parseJson, parseLaxJson } from './parse-json.ts';

/** What writing with one schema needs. */
interface WritingEntry {
  /** `{"schema":…,"payload":`, made when first needed. */
  prefix: string | undefined;
  readonly write: JsonWriter;
}

/** What reading with one schema needs. */
interface ReadingEntry {
  readonly schema: Schema | null;
  readonly read: JsonReader;
  readonly precision: Precision;
}

interface KnownPrefix {
  readonly bytes: Buffer;
  readonly entry: ReadingEntry;
}

/** Prefixes compared before the cache is asked: a partition carries few schemas at a time. */
const RECENT_PREFIXES = 8;

const ENVELOPE_ERROR =
  'JsonConverter with schemas.enable requires "schema" and "payload" fields and may not contain additional fields.' +
  ' If you are trying to deserialize plain JSON data, set schemas.enable=false in your converter configuration.';

/**
 * Kafka Connect's JSON format, to the byte: order of members, Java's form of doubles, base64 for bytes. INT64 is exact in both directions.
 *
 * Null without a schema is a tombstone. Quirk kept: NaN and the infinities are written as texts and read back as 0.
 */
export class JsonConverter implements Converter, HeaderConverter {
  private settings = JSON_CONFIG.parse({ 'converter.type': 'value' });
  private writers: SchemaCache<WritingEntry> | undefined;
  private readers: LruCache<string, ReadingEntry> | undefined;
  private recent: KnownPrefix[] = [];

  config(): ConfigDef {
    return JSON_CONFIG;
  }

  configure(config: Readonly<Record<string, string>>, context: ConverterContext): void {
    this.settings = JSON_CONFIG.parse(withConverterType(config, context));
    this.writers = undefined;
    this.readers = undefined;
    this.recent = [];
  }

  fromConnectData(_topic: string, schema: Schema | null, value: unknown): Uint8Array | null {
    if (schema === null) {
      if (value === null || value === undefined) return null;
      const payload = writeSchemaless(value);
      return Buffer.from(this.settings['schemas.enable'] ? `{"schema":null,"payload":${payload}}` : payload, 'utf8');
    }
    const entry = this.writersBySchema().get(schema);
    const payload = entry.write(value);
    if (!this.settings['schemas.enable']) return Buffer.from(payload, 'utf8');
    entry.prefix ??= `{"schema":${jsonSchemaText(schema, this.writerOptions())},"payload":`;
    return Buffer.from(`${entry.prefix}${payload}}`, 'utf8');
  }

  toConnectData(_topic: string, bytes: Uint8Array | null): SchemaAndValue {
    if (bytes === null) return SchemaAndValue.NULL;
    const buffer = asBuffer(bytes);
    if (!this.settings['schemas.enable']) {
      const json = parse(buffer, 'kinds');
      return json === undefined ? SchemaAndValue.NULL : new SchemaAndValue(null, readSchemaless(json));
    }
    return this.readByPrefix(buffer) ?? this.readEnvelope(buffer);
  }

  fromConnectHeader(topic: string, _key: string, schema: Schema | null, value: unknown): Uint8Array | null {
    return this.fromConnectData(topic, schema, value);
  }

  toConnectHeader(topic: string, _key: string, bytes: Uint8Array | null): SchemaAndValue {
    return this.toConnectData(topic, bytes);
  }

  /** Undefined if the envelope has another form: its parts in another order, further members, or no JSON at all. */
  private readByPrefix(bytes: Buffer): SchemaAndValue | undefined {
    const end = endOfEnvelope(bytes);
    if (end < 0) return undefined;
    const known = this.recentPrefix(bytes) ?? this.learnPrefix(bytes);
    if (known === undefined || known.bytes.length >= end) return undefined;
    const { schema, read, precision } = known.entry;
    const payloadBytes = bytes.subarray(known.bytes.length, end);
    if (!isUtf8(payloadBytes)) return undefined;
    let payload: Json;
    try {
      // One complete value between prefix and closing brace: then there is nothing else in the envelope.
      payload = parseJson(payloadBytes.toString('utf8'), precision);
    } catch {
      return undefined;
    }
    return new SchemaAndValue(schema, read(payload));
  }

  private recentPrefix(bytes: Buffer): KnownPrefix | undefined {
    for (const known of this.recent) if (startsWith(bytes, known.bytes)) return known;
    return undefined;
  }

  private learnPrefix(bytes: Buffer): KnownPrefix | undefined {
    const found = findEnvelopePrefix(bytes);
    if (found === undefined) return undefined;
    const schemaBytes = bytes.subarray(found.schemaStart, found.schemaEnd);
    if (!isUtf8(schemaBytes)) return undefined;
    const text = schemaBytes.toString('utf8');
    let entry: ReadingEntry;
    try {
      entry = this.readerOf(text, parseJson(text, 'digits'));
    } catch {
      // Whatever it is: the envelope may have a worse mistake, which is to be named.
      return undefined;
    }
    // Copied, as the fetched batch must not be kept for the sake of its first bytes.
    const known = { bytes: Buffer.from(bytes.subarray(0, found.payloadStart)), entry };
    this.recent = [known, ...this.recent].slice(0, RECENT_PREFIXES);
    return known;
  }

  private readEnvelope(bytes: Buffer): SchemaAndValue {
    const envelope = parse(bytes, 'digits');
    if (
      typeof envelope !== 'object' ||
      envelope === null ||
      envelope instanceof JsonNumber ||
      Object.keys(envelope).length !== 2 ||
      !Object.hasOwn(envelope, 'schema') ||
      !Object.hasOwn(envelope, 'payload')
    ) {
      throw new DataError(ENVELOPE_ERROR);
    }
    const { schema: schemaJson = null, payload = null } = envelope as Record<string, Json>;
    const { schema, read } = this.readerOf(jsonText(schemaJson), schemaJson);
    return new SchemaAndValue(schema, read(payload));
  }

  private readerOf(text: string, json: Json): ReadingEntry {
    this.readers ??= new LruCache({ maxEntries: Math.max(1, this.settings['schemas.cache.size']) });
    const known = this.readers.get(text);
    if (known !== undefined) return known;
    const options = { replaceNullWithDefault: this.settings['replace.null.with.default'] };
    const schema = schemaOfJson(json, options);
    const entry: ReadingEntry = {
      schema,
      read: jsonReaderOf(schema, options),
      precision: schema === null ? 'kinds' : hasDecimal(schema) ? 'digits' : 'integers',
    };
    this.readers.set(text, entry);
    return entry;
  }

  private writersBySchema(): SchemaCache<WritingEntry> {
    this.writers ??= new SchemaCache({
      maxEntries: this.settings['schemas.cache.size'],
      create: (schema) => ({ prefix: undefined, write: jsonWriterOf(schema, this.writerOptions()) }),
    });
    return this.writers;
  }

  private writerOptions(): { decimalFormat: 'BASE64' | 'NUMERIC'; replaceNullWithDefault: boolean } {
    const isNumeric = this.settings['decimal.format'].toUpperCase() === 'NUMERIC';
    return {
      decimalFormat: isNumeric ? 'NUMERIC' : 'BASE64',
      replaceNullWithDefault: this.settings['replace.null.with.default'],
    };
  }
}

function parse(bytes: Buffer, precision: Precision): Json | undefined {
  try {
    return parseLaxJson(jsonTextOf(bytes), precision, isJsonUtf8(bytes));
  } catch (error) {
    throw new DataError(SERIALIZATION_ERROR, { cause: error });
  }
}

function startsWith(bytes: Buffer, prefix: Buffer): boolean {
  return bytes.length > prefix.length && bytes.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
}
