import { Type } from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { incompatibilitiesAt, readingProblems } from '../../../src/registry/avro/avro-compatibility.ts';
import { parseAvro } from '../../../src/registry/avro/avro-schema.ts';
import { compatibilityCases } from './compatibility-cases.ts';
import { field, InMemoryRegistry, record } from './in-memory-registry.ts';

const typeOf = (schema: unknown) => parseAvro(JSON.stringify(schema)).type;
const problems = (reader: unknown, writer: unknown) =>
  readingProblems(typeOf(reader), typeOf(writer)).map(({ type, path }) => `${type} ${path}`);

describe('reading what another schema wrote', () => {
  it.each(compatibilityCases)('%s', (_, reader, writer, expected) => {
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
