import { Type } from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { incompatibilitiesAt, readingProblems } from '../../../src/embedded-registry/avro-compatibility.ts';
import { parseAvro } from '../../../src/embedded-registry/avro-schema.ts';
import { field, InMemoryRegistry, record } from './in-memory-registry.ts';

const typeOf = (schema: unknown) => parseAvro(JSON.stringify(schema)).type;
const problems = (reader: unknown, writer: unknown) =>
  readingProblems(typeOf(reader), typeOf(writer)).map(({ type, path }) => `${type} ${path}`);

const E = (symbols: string[], more: object = {}) => ({ type: 'enum', name: 'E', symbols, ...more });
const F = (size: number, more: object = {}) => ({ type: 'fixed', name: 'F', size, ...more });
const list = { type: 'record', name: 'L', fields: [field('v', 'int'), field('next', ['null', 'L'])] };
const longList = { type: 'record', name: 'L', fields: [field('v', 'long'), field('next', ['null', 'L'])] };

describe('reading what another schema wrote', () => {
  // reader, writer, what stands between them
  const cases: readonly [string, unknown, unknown, readonly string[]][] = [
    ['the same', 'string', 'string', []],
    ['int as long', 'long', 'int', []],
    ['long as int', 'int', 'long', ['TYPE_MISMATCH /']],
    ['int as float', 'float', 'int', []],
    ['long as float', 'float', 'long', []],
    ['float as double', 'double', 'float', []],
    ['double as float', 'float', 'double', ['TYPE_MISMATCH /']],
    ['bytes as string', 'string', 'bytes', []],
    ['string as bytes', 'bytes', 'string', []],
    ['int as string', 'string', 'int', ['TYPE_MISMATCH /']],
    ['boolean as int', 'int', 'boolean', ['TYPE_MISMATCH /']],
    ['items promoted', { type: 'array', items: 'long' }, { type: 'array', items: 'int' }, []],
    ['items not', { type: 'array', items: 'int' }, { type: 'array', items: 'long' }, ['TYPE_MISMATCH /items']],
    ['values not', { type: 'map', values: 'int' }, { type: 'map', values: 'string' }, ['TYPE_MISMATCH /values']],
    ['array as map', { type: 'map', values: 'int' }, { type: 'array', items: 'int' }, ['TYPE_MISMATCH /']],
    ['a symbol more at the reader', E(['A', 'B']), E(['A']), []],
    ['a symbol less at the reader', E(['A']), E(['A', 'B']), ['MISSING_ENUM_SYMBOLS /symbols']],
    ['a symbol less, with a default', E(['A'], { default: 'A' }), E(['A', 'B']), []],
    ['an enum of another name', E(['A'], { name: 'X' }), E(['A']), ['NAME_MISMATCH /name']],
    ['a fixed of another size', F(4), F(8), ['FIXED_SIZE_MISMATCH /size']],
    ['a fixed of another name, by alias', F(4, { name: 'X', aliases: ['F'] }), F(4), []],
    ['another namespace', record('a.R'), record('b.R'), []],
    ['another name', record('X'), record('R'), ['NAME_MISMATCH /name']],
    ['another name, by alias', { ...record('n.X'), aliases: ['R'] }, record('n.R'), []],
    ['an alias of another namespace', { ...record('n.X'), aliases: ['o.R'] }, record('n.R'), ['NAME_MISMATCH /name']],
    ['a field less at the reader', record('R'), record('R', field('a', 'int')), []],
    ['a field more, with a default', record('R', field('a', 'int', { default: 1 })), record('R'), []],
    ['a field more, default null', record('R', field('a', ['null', 'int'], { default: null })), record('R'), []],
    [
      'a field more, without',
      record('R', field('a', 'int')),
      record('R'),
      ['READER_FIELD_MISSING_DEFAULT_VALUE /fields/0'],
    ],
    [
      "a field more, of an enum whose own default is not the field's",
      record('R', field('e', E(['A'], { default: 'A' }))),
      record('R'),
      ['READER_FIELD_MISSING_DEFAULT_VALUE /fields/0'],
    ],
    [
      'a renamed field, by alias',
      record('R', field('b', 'long', { aliases: ['a'] })),
      record('R', field('a', 'int')),
      [],
    ],
    [
      'a renamed field of another type, by alias',
      record('R', field('b', 'string', { aliases: ['a'] })),
      record('R', field('a', 'int')),
      ['TYPE_MISMATCH /fields/0/type'],
    ],
    [
      'fields in another order',
      record('R', field('a', 'int'), field('b', 'int')),
      record('R', field('b', 'int'), field('a', 'int')),
      [],
    ],
    [
      'two problems at once',
      record('R', field('a', 'int'), field('b', 'int')),
      record('R', field('a', 'string')),
      ['TYPE_MISMATCH /fields/0/type', 'READER_FIELD_MISSING_DEFAULT_VALUE /fields/1'],
    ],
    ['into a union', ['null', 'int'], 'int', []],
    ['into a union by promotion', ['null', 'long'], 'int', []],
    ['into a union without it', ['null', 'int'], 'string', ['MISSING_UNION_BRANCH /']],
    ['out of a union of one', 'int', ['int'], []],
    ['out of a union', 'int', ['null', 'int'], ['TYPE_MISMATCH /']],
    ['out of a union whose branches all promote', 'double', ['int', 'float'], []],
    ['a branch more at the reader', ['null', 'int', 'string'], ['int', 'null'], []],
    ['a branch less at the reader', ['null', 'int'], ['null', 'int', 'string'], ['MISSING_UNION_BRANCH /2']],
    ['a union of records', [record('A', field('x', 'int')), record('B')], [record('B')], []],
    ['records in a union, incompatible', [record('A', field('x', 'int'))], [record('A')], ['MISSING_UNION_BRANCH /']],
    ['a record that contains itself', longList, list, []],
    ['a record that contains itself, narrowed: told once', list, longList, ['TYPE_MISMATCH /fields/0/type']],
    ['a logical type is its base', { type: 'int', logicalType: 'date' }, 'int', []],
    ['null as anything else', 'null', 'int', ['TYPE_MISMATCH /']],
  ];
  it.each(cases)('%s', (_, reader, writer, expected) => {
    expect(problems(reader, writer)).toEqual(expected);
  });

  it('what rested on a pair that turned out wrong is looked at again', () => {
    // B of the reader is found fine inside A only while A is taken to be; A is not, so B must not be remembered as fine.
    const inner = (a: unknown) => record('B', field('a', a));
    const reader = [record('A', field('b', inner(['null', 'A'])), field('missing', 'int')), 'B'];
    const writer = record('A', field('b', inner(['null', 'A'])));
    expect(problems(reader, writer)).toEqual(['MISSING_UNION_BRANCH /']);
    expect(problems(reader, [writer, 'B'])).toEqual(['MISSING_UNION_BRANCH /0', 'MISSING_UNION_BRANCH /1']);
  });

  const leaf = fc.constantFrom<unknown>('null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string');
  const anyType = fc.letrec((tie) => ({
    type: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.record({ type: fc.constant('array'), items: tie('type') }),
      fc.record({ type: fc.constant('map'), values: tie('type') }),
      fc.uniqueArray(leaf, { minLength: 1, maxLength: 3 }),
    ),
  })).type;

  it('agrees with avsc, which really resolves, over random schemas', () => {
    fc.assert(
      fc.property(anyType, anyType, (reader, writer) => {
        const options = { wrapUnions: true } as const;
        let resolves = true;
        try {
          Type.forSchema(reader as never, options).createResolver(Type.forSchema(writer as never, options));
        } catch {
          resolves = false;
        }
        expect(problems(reader, writer).length === 0).toBe(resolves);
      }),
      { numRuns: 500 },
    );
  });
});

describe('levels', () => {
  const v1 = record('R', field('a', 'string'));
  const v2 = record('R', field('a', 'string'), field('b', 'int', { default: 0 }));
  const needsB = record('R', field('a', 'string'), field('b', 'int'));
  const v3 = record('R', field('b', 'int', { default: 0 }));

  // level, earlier versions, the next one, whether it may follow
  const cases: readonly [string, readonly object[], object, boolean][] = [
    ['NONE', [v1], record('Other'), true],
    ['BACKWARD', [v1], v2, true],
    ['BACKWARD', [v1], needsB, false],
    ['BACKWARD', [v2], v1, true],
    ['BACKWARD', [v1, v2], needsB, true],
    ['BACKWARD_TRANSITIVE', [v1, v2], needsB, false],
    ['FORWARD', [v1], needsB, true],
    ['FORWARD', [v1], record('R'), false],
    ['FORWARD', [v1, v2], v3, false],
    ['FORWARD_TRANSITIVE', [v3, v2], needsB, true],
    ['FORWARD_TRANSITIVE', [v1, v2], v1, true],
    ['FULL', [v1], v2, true],
    ['FULL', [v1], needsB, false],
    ['FULL', [v2, v1], v3, false],
    ['FULL_TRANSITIVE', [v1, v2], v2, true],
  ];
  it.each(cases)('%s after %j: %j is %s', (level, earlier, next, fits) => {
    const registry = new InMemoryRegistry();
    registry.put('/config/s', { compatibility: 'NONE' });
    for (const schema of earlier) registry.register('s', schema);
    registry.put('/config/s', { compatibility: level });
    const body = { schema: JSON.stringify(next) };
    expect(registry.post('/compatibility/subjects/s/versions', body).body).toEqual({ is_compatible: fits });
    const known = registry.post('/subjects/s', body).status === 200;
    expect(registry.post('/subjects/s/versions', body).status).toBe(fits || known ? 200 : 409);
  });

  it('a check names the version, the level and every problem when asked', () => {
    const registry = new InMemoryRegistry();
    registry.register('s', v1);
    const body = { schema: JSON.stringify(needsB) };
    expect(registry.post('/compatibility/subjects/s/versions/1?verbose=true', body).body).toEqual({
      is_compatible: false,
      messages: [
        "{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'The field 'b' at path '/fields/1' in the new schema has no default value and is missing in the old schema', additionalInfo:'b'}",
        '{oldSchemaVersion: 1}',
        `{oldSchema: '${JSON.stringify(v1)}'}`,
        "{compatibility: 'BACKWARD'}",
      ],
    });
    expect(registry.post('/compatibility/subjects/s/versions/latest', body).body).toEqual({ is_compatible: false });
    expect(registry.post('/compatibility/subjects/none/versions', body).body).toEqual({ is_compatible: true });
    expect(registry.post('/compatibility/subjects/none/versions/1', body)).toMatchObject({
      body: { error_code: 40401 },
    });
    expect(registry.post('/compatibility/subjects/s/versions/7', body)).toMatchObject({ body: { error_code: 40402 } });
    expect(registry.post('/compatibility/subjects/s/versions/x', body)).toMatchObject({ body: { error_code: 42202 } });
  });

  it('a soft-deleted version is not compared with', () => {
    const registry = new InMemoryRegistry();
    registry.register('s', v1);
    registry.delete('/subjects/s/versions/1');
    expect(registry.register('s', needsB)).toBe(2);
  });

  it('resolves the references of both', () => {
    const registry = new InMemoryRegistry();
    registry.register('in', record('In', field('x', 'int')));
    registry.register('in', record('In', field('x', 'long')));
    registry.put('/config/in', { compatibility: 'NONE' });
    registry.register('in', record('In', field('x', 'string')));
    const outer = (version: number) => ({
      schema: JSON.stringify(record('Out', field('in', 'In'))),
      references: [{ name: 'In', subject: 'in', version }],
    });
    registry.post('/subjects/out/versions', outer(1));
    expect(registry.post('/subjects/out/versions', outer(2)).status).toBe(200);
    expect(registry.post('/subjects/out/versions', outer(3))).toMatchObject({ status: 409 });
  });

  it('says for FORWARD which side lacks what', () => {
    expect(incompatibilitiesAt('FORWARD', typeOf(record('R')), typeOf(v1))).toEqual([
      expect.stringContaining(
        "The field 'a' at path '/fields/0' in the old schema has no default value and is missing in the new schema",
      ),
    ]);
  });
});
