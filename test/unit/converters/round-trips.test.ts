import avsc from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AvroConverter } from '../../../src/converters/avro/avro-converter.ts';
import { JsonConverter } from '../../../src/converters/json/json-converter.ts';
import {
  ConnectDate,
  Decimal,
  isBigDecimal,
  isStruct,
  type Schema,
  SchemaType,
  valuesEqual,
} from '../../../src/sdk/data/index.ts';
import { DataError } from '../../../src/sdk/errors/index.ts';
import { SourceRecord } from '../../../src/sdk/record/index.ts';
import { contextFor } from './converter-context.ts';
import { FakeSchemaView } from './fake-schema-view.ts';
import { generatedData } from './generated-data.ts';

const signal = new AbortController().signal;

describe('what is written is read back', () => {
  it('by JsonConverter, with the schema in the envelope', () => {
    const writer = new JsonConverter();
    writer.configure({}, contextFor('value'));
    const reader = new JsonConverter();
    reader.configure({}, contextFor('value'));
    fc.assert(
      fc.property(generatedData, ({ schema, value }) => {
        const bytes = writer.fromConnectData('t', schema, value);
        expect(bytes).not.toBeNull();
        // Twice: by a whole parse of an unknown schema, and by its known prefix. And with blanks, and in another order.
        const { schema: schemaJson, payload } = JSON.parse(Buffer.from(bytes ?? []).toString());
        for (const _ of [1, 2]) {
          const back = reader.toConnectData('t', bytes);
          expect(back.schema?.equals(schema)).toBe(true);
          expect(valuesEqual(back.value, value)).toBe(true);
        }
        if (hasOnlySmallNumbers(schema)) {
          const spaced = JSON.stringify({ payload, schema: schemaJson }, null, 1);
          expect(valuesEqual(reader.toConnectData('t', Buffer.from(spaced)).value, value)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('by AvroConverter, whose bytes are those of another implementation', async () => {
    await fc.assert(
      fc.asyncProperty(generatedData, async ({ schema, value }) => {
        const view = new FakeSchemaView();
        const converter = new AvroConverter();
        converter.configure({}, contextFor('value', { view }));
        const record = new SourceRecord({
          sourcePartition: {},
          sourceOffset: {},
          topic: 't',
          valueSchema: schema,
          value,
        });
        await converter.prepareFromConnectData([record], signal);
        const bytes = converter.fromConnectData('t', schema, value);
        if (value === null) {
          expect(bytes).toBeNull();
          return;
        }
        const buffer = Buffer.from(bytes ?? []);
        await converter.prepareToConnectData([{ topic: 't', key: null, value: buffer }], signal);
        const back = converter.toConnectData('t', buffer);
        expect(back.schema?.equals(schema)).toBe(true);
        expect(valuesEqual(back.value, value)).toBe(true);
        if (schema.type === SchemaType.BYTES && !schema.optional) return;
        const text = view.bySubject.get('t-value')?.[0]?.schema ?? '';
        const type = avsc.Type.forSchema(JSON.parse(text), { wrapUnions: true, typeHook: longHook });
        expect(buffer.subarray(5).toString('hex')).toBe(type.toBuffer(plain(schema, value)).toString('hex'));
      }),
      { numRuns: 300 },
    );
  });

  it('by JsonConverter without a schema', () => {
    const converter = new JsonConverter();
    converter.configure({ 'schemas.enable': 'false' }, contextFor('value'));
    const values = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.constant(null),
        fc.boolean(),
        fc.string({ unit: 'binary' }).filter((text) => Buffer.from(text).toString() === text),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc
          .double({ noNaN: true, noDefaultInfinity: true })
          // Whole numbers come back as bigint; the large ones have no halves between them.
          .map((value) => (Number.isSafeInteger(value) ? (value % 2 ** 51) + 0.5 : value)),
        fc.array(tie('any'), { maxLength: 4 }),
        fc.array(fc.tuple(fc.string(), tie('any')), { minLength: 1, maxLength: 4 }).map((entries) => new Map(entries)),
      ),
    })).any;
    fc.assert(
      fc.property(values, (value) => {
        const back = converter.toConnectData('t', converter.fromConnectData('t', null, value));
        expect(valuesEqual(back.value, value)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('garbage under a known id', () => {
  it('is a value or a data error, whatever the schema', async () => {
    await fc.assert(
      fc.asyncProperty(generatedData, fc.uint8Array({ maxLength: 60 }), async ({ schema, value }, garbage) => {
        if (value === null) return;
        const view = new FakeSchemaView();
        const converter = new AvroConverter();
        converter.configure({}, contextFor('value', { view }));
        const record = new SourceRecord({
          sourcePartition: {},
          sourceOffset: {},
          topic: 't',
          valueSchema: schema,
          value,
        });
        await converter.prepareFromConnectData([record], signal);
        const bytes = Buffer.from([0, 0, 0, 0, 1, ...garbage]);
        await converter.prepareToConnectData([{ topic: 't', key: null, value: bytes }], signal);
        try {
          const back = converter.toConnectData('t', bytes);
          if (back.schema !== null) expect(back.schema.equals(schema)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is a value or a data error for JsonConverter, too', () => {
    const converter = new JsonConverter();
    converter.configure({}, contextFor('value'));
    const valid = Buffer.from(
      '{"schema":{"type":"struct","fields":[{"type":"int64","field":"a"},{"type":"string","field":"b"}]},"payload":{"a":1,"b":"x"}}',
    );
    fc.assert(
      fc.property(fc.nat(valid.length - 1), fc.integer({ min: 0, max: 255 }), fc.boolean(), (at, byte, isCut) => {
        const broken = isCut ? valid.subarray(0, at) : Buffer.from(valid);
        if (!isCut) broken[at] = byte;
        try {
          converter.toConnectData('t', broken);
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

/** JSON.parse of the test itself loses digits. */
function hasOnlySmallNumbers(schema: Schema): boolean {
  if (schema.type === SchemaType.INT64) return false;
  const parts = [
    schema.mapKeySchema,
    schema.elementSchema,
    ...(schema.structFields ?? []).map((field) => field.schema),
  ];
  return parts.every((part) => part === null || hasOnlySmallNumbers(part));
}

/** Gives avsc exact longs, also where the type has properties. */
function longHook(attributes: unknown): avsc.Type | undefined {
  const isLong = attributes === 'long' || (attributes as { type?: unknown }).type === 'long';
  return isLong ? longType() : undefined;
}

function longType(): avsc.Type {
  return avsc.types.LongType.__with({
    fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
    toBuffer: (value: bigint) => {
      const buffer = Buffer.alloc(8);
      buffer.writeBigInt64LE(value);
      return buffer;
    },
    fromJSON: BigInt,
    toJSON: Number,
    isValid: (value: unknown) => typeof value === 'bigint',
    compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
  });
}

/** The value as avsc wants it, unions wrapped. */
function plain(schema: Schema, value: unknown): unknown {
  if (value === null) return null;
  const bare = plainOf(schema, value);
  return schema.optional ? { [branchOf(schema)]: bare } : bare;
}

function plainOf(schema: Schema, value: unknown): unknown {
  if (isBigDecimal(value)) return Buffer.from(Decimal.fromLogical(schema, value));
  if (value instanceof Date) {
    if (schema.type === SchemaType.INT64) return BigInt(value.getTime());
    return schema.name === ConnectDate.LOGICAL_NAME ? value.getTime() / 86_400_000 : value.getTime();
  }
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (isStruct(value)) {
    return Object.fromEntries(value.schema.fields.map((field) => [field.name, plain(field.schema, value.get(field))]));
  }
  const { elementSchema, mapKeySchema } = schema;
  if (Array.isArray(value) && elementSchema !== null) return value.map((each) => plain(elementSchema, each));
  if (value instanceof Map && elementSchema !== null && mapKeySchema !== null) {
    if (mapKeySchema.type === SchemaType.STRING) {
      const members = Object.create(null) as Record<string, unknown>;
      for (const [key, each] of value) members[key as string] = plain(elementSchema, each);
      return members;
    }
    return [...value].map(([key, each]) => ({ key, value: plain(elementSchema, each) }));
  }
  return value;
}

function branchOf(schema: Schema): string {
  switch (schema.type) {
    case SchemaType.INT8:
    case SchemaType.INT16:
    case SchemaType.INT32:
      return 'int';
    case SchemaType.INT64:
      return 'long';
    case SchemaType.FLOAT32:
      return 'float';
    case SchemaType.FLOAT64:
      return 'double';
    case SchemaType.MAP:
      return schema.mapKeySchema?.type === SchemaType.STRING ? 'map' : 'array';
    case SchemaType.STRUCT:
      return schema.name ?? '';
    default:
      return schema.type.toLowerCase();
  }
}
