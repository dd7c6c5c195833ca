import { describe, expect, it } from 'vitest';
import { AVRO_DATA_DEFAULTS, type AvroDataOptions } from '../../../src/converters/avro/avro-data-options.ts';
import { parseAvroSchema } from '../../../src/converters/avro/avro-schema.ts';
import { connectSchemaOf } from '../../../src/converters/avro/to-connect-schema.ts';
import type { Schema, Struct } from '../../../src/sdk/data/index.ts';
import { converterOf, read } from './avro-with-schema.ts';

const LEVELS = 40;

/** Types each of which uses the next one twice; `place` makes the use of a type, `leaf` are the last one's fields. */
function fanOut(place: (type: unknown) => unknown, leaf: readonly unknown[]): unknown {
  let type: unknown = { type: 'record', name: `L${LEVELS}`, fields: leaf };
  for (let level = LEVELS - 1; level >= 0; level--) {
    const fields = [
      { name: 'a', type: place(type), doc: `a of ${level}`, 'connect.parameters': { p: String(level) } },
      { name: 'b', type: place(`L${level + 1}`) },
    ];
    type = { type: 'record', name: `L${level}`, fields };
  }
  return type;
}

const orNull = (type: unknown): unknown => ['null', type];
const toConnect = (avro: unknown, options: Partial<AvroDataOptions> = {}): Schema => {
  const schema = connectSchemaOf(parseAvroSchema(JSON.stringify(avro)), { ...AVRO_DATA_DEFAULTS, ...options });
  if (schema === null) throw new Error('no schema');
  return schema;
};
const within = (schema: Schema, path: readonly string[]): Schema => {
  let at = schema;
  for (const name of path) at = at.field(name)?.schema ?? at;
  return at;
};

const depth = (name: string): string[] => new Array<string>(LEVELS).fill(name);

describe('types that are used in many places', () => {
  it.each<[string, (type: unknown) => unknown, readonly unknown[], Partial<AvroDataOptions>?]>([
    ['as they are', (type) => type, [{ name: 'x', type: 'int' }]],
    ['or null', orNull, [{ name: 'x', type: 'int' }]],
    ['in unions', (type) => ['string', type], [{ name: 'x', type: 'int' }]],
    ['in generalized unions', (type) => ['string', type], [{ name: 'x', type: 'int' }], { generalizedSumTypes: true }],
    ['within themselves', orNull, [{ name: 'x', type: orNull('L0') }]],
  ])('cost what their definition costs: %s', (_, place, leaf, options) => {
    const avro = fanOut(place, leaf);
    const began = performance.now();
    toConnect(avro, options);
    expect(performance.now() - began).toBeLessThan(8_000);
  });

  it('have what their place gives them', () => {
    const schema = toConnect(fanOut(orNull, [{ name: 'x', type: 'int' }]), { discardTypeDocDefault: true });
    const [a, b] = [within(schema, ['a']), within(schema, ['b'])];
    expect([a.name, a.optional, a.doc, a.parameters?.get('p')]).toEqual(['L1', true, 'a of 0', '0']);
    expect([b.name, b.optional, b.doc, b.parameters?.get('p')]).toEqual(['L1', true, null, undefined]);
    expect(a.fields[1]?.schema).toBe(b.fields[1]?.schema);
    expect(within(schema, [...depth('b'), 'x']).type).toBe('INT32');
  });

  it('are read where they stand', async () => {
    const converter = converterOf(fanOut(orNull, [{ name: 'x', type: 'int' }]));
    const began = performance.now();
    // The first of the two is there on each level, the second is not.
    const path = [...depth('a').map(() => 2), 6, ...depth('b').map(() => 0)];
    const { value } = await read(converter, Buffer.from(path));
    expect(performance.now() - began).toBeLessThan(8_000);
    let struct = value as Struct;
    for (let level = 0; level < LEVELS; level++) {
      expect(struct.get('b')).toBeNull();
      struct = struct.get('a') as Struct;
    }
    expect([struct.schema.name, struct.get('x')]).toEqual([`L${LEVELS}`, 3]);
  });

  it('are refused where they are more values of no bytes than time is left', async () => {
    const empty = fanOut((type) => type, []);
    const list = { type: 'record', name: 'R', fields: [{ name: 'list', type: { type: 'array', items: empty } }] };
    for (const avro of [empty, list]) {
      const began = performance.now();
      await expect(read(converterOf(avro), Buffer.from([0]))).rejects.toThrow('L0 takes no bytes');
      expect(performance.now() - began).toBeLessThan(8_000);
    }
  });

  it('may take no bytes', async () => {
    const fields = ['a', 'b'].map((name) => ({
      name,
      type: name === 'a' ? { type: 'record', name: 'E', fields: [] } : 'E',
    }));
    const { value } = await read(converterOf({ type: 'record', name: 'R', fields }), Buffer.alloc(0));
    expect(((value as Struct).get('b') as Struct).schema.name).toBe('E');
  });

  it('name their generalized unions by use, as upstream does', () => {
    const used = { type: 'record', name: 'U', fields: [{ name: 'u', type: ['int', 'string'] }] };
    const fields = [
      { name: 'a', type: used },
      { name: 'b', type: 'U' },
    ];
    const schema = toConnect({ type: 'record', name: 'R', fields }, { generalizedSumTypes: true });
    const names = ['a', 'b'].map((name) => within(schema, [name, 'u']).name);
    expect(names.map((name) => name?.replace(/\D/g, ''))).toEqual(['0', '1']);
  });
});
