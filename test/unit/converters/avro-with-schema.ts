/** An AvroConverter that reads and writes with one given schema, for tests of the bytes. */
import { AvroConverter } from '../../../src/converters/avro/avro-converter.ts';
import type { Schema, SchemaAndValue } from '../../../src/sdk/data/index.ts';
import { SourceRecord } from '../../../src/sdk/record/index.ts';
import { contextFor } from './converter-context.ts';
import { FakeSchemaView } from './fake-schema-view.ts';

const signal = new AbortController().signal;
const ID = 1;

export function converterOn(view: FakeSchemaView, config: Record<string, string> = {}): AvroConverter {
  const converter = new AvroConverter();
  converter.configure(config, contextFor('value', { view }));
  return converter;
}

/** A converter that reads, and writes, with the schema. */
export function converterOf(avro: unknown, config: Record<string, string> = {}): AvroConverter {
  const view = new FakeSchemaView();
  view.add(typeof avro === 'string' ? avro : JSON.stringify(avro), { id: ID });
  return converterOn(view, { 'use.schema.id': String(ID), 'id.compatibility.strict': 'false', ...config });
}

function framed(payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0, 0, 0, 0, ID]), payload]);
}

export async function read(converter: AvroConverter, payload: Uint8Array): Promise<SchemaAndValue> {
  const bytes = framed(payload);
  await converter.prepareToConnectData([{ topic: 't', key: null, value: bytes }], signal);
  return converter.toConnectData('t', bytes);
}

export async function write(converter: AvroConverter, schema: Schema | null, value: unknown): Promise<Buffer> {
  const record = new SourceRecord({ sourcePartition: {}, sourceOffset: {}, topic: 't', valueSchema: schema, value });
  await converter.prepareFromConnectData([record], signal);
  const bytes = converter.fromConnectData('t', schema, value);
  if (bytes === null) throw new Error('no bytes');
  // No copy, so that a later record that wrote over this one would be seen.
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).subarray(5);
}

export const inRecord = (type: unknown, more: object = {}): unknown => ({
  type: 'record',
  name: 'R',
  fields: [{ name: 'f', type, ...more }],
});
