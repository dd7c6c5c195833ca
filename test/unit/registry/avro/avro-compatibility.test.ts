import avsc from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CompatibilityLevel,
  incompatibilitiesAt,
  readingProblems,
} from '../../../../src/registry/avro/avro-compatibility.ts';
import { parseAvro } from '../../../../src/registry/avro/avro-schema.ts';
import { compatibilityCases } from './compatibility-cases.ts';
import { field, record } from './record-schema.ts';

const typeOf = (schema: unknown) => parseAvro(JSON.stringify(schema)).type;
const problems = (reader: unknown, writer: unknown) =>
  readingProblems(typeOf(reader), typeOf(writer)).map(({ type, path }) => `${type} ${path}`);

describe('reading what another schema wrote', () => {
  it.each(compatibilityCases)('%s', (_, reader, writer, expected) => {
    expect(problems(reader, writer)).toEqual(expected);
  });

  const ofEachKind = [
    'int',
    'string',
    { type: 'fixed', name: 'X', size: 1 },
    { type: 'enum', name: 'X', symbols: ['A'] },
    record('X'),
    { type: 'array', items: 'int' },
    { type: 'map', values: 'int' },
  ];
  it.each(ofEachKind)('of another kind is a mismatch: %j', (reader) => {
    for (const writer of ofEachKind) {
      expect([writer, problems(reader, writer)]).toEqual([writer, reader === writer ? [] : ['TYPE_MISMATCH /']]);
    }
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
          avsc.Type.forSchema(reader as never, options).createResolver(avsc.Type.forSchema(writer as never, options));
        } catch {
          resolves = false;
        }
        expect(problems(reader, writer).length === 0).toBe(resolves);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what a level asks', () => {
  const plain = record('R', field('a', 'int'));
  const more = record('R', field('a', 'int'), field('b', 'int'));
  const wide = record('R', field('a', 'long'));
  const asked = (level: CompatibilityLevel, next: unknown, earlier: unknown) =>
    incompatibilitiesAt(level, typeOf(next), typeOf(earlier)).map((text) => /in the (new|old) schema/.exec(text)?.[1]);

  it.each<[CompatibilityLevel, readonly string[]]>([
    ['NONE', []],
    ['BACKWARD', ['new']],
    ['BACKWARD_TRANSITIVE', ['new']],
    ['FORWARD', []],
    ['FORWARD_TRANSITIVE', []],
    ['FULL', ['new']],
    ['FULL_TRANSITIVE', ['new']],
  ])('%s of a field more, which old data do not have', (level, sides) => {
    expect(asked(level, more, plain)).toEqual(sides);
  });

  it.each<[CompatibilityLevel, readonly string[]]>([
    ['NONE', []],
    ['BACKWARD', []],
    ['BACKWARD_TRANSITIVE', []],
    ['FORWARD', ['old']],
    ['FORWARD_TRANSITIVE', ['old']],
    ['FULL', ['old']],
    ['FULL_TRANSITIVE', ['old']],
  ])('%s of a field less, which old readers need', (level, sides) => {
    expect(asked(level, plain, more)).toEqual(sides);
  });

  it('FULL tells of both directions', () => {
    expect(asked('FULL', record('R', field('c', 'int')), plain)).toEqual(['new', 'old']);
  });

  it.each<[string, unknown, unknown, string]>([
    [
      'a name',
      record('X'),
      record('R'),
      "{errorType:'NAME_MISMATCH', description:'The name of the schema has changed (path '/name')', additionalInfo:'expected: R'}",
    ],
    [
      'a size',
      { type: 'fixed', name: 'F', size: 4 },
      { type: 'fixed', name: 'F', size: 8 },
      "{errorType:'FIXED_SIZE_MISMATCH', description:'The size of FIXED type field at path '/size' in the new schema does not match with the old schema', additionalInfo:'expected: 4, found: 8'}",
    ],
    [
      'symbols',
      { type: 'enum', name: 'E', symbols: ['A'] },
      { type: 'enum', name: 'E', symbols: ['A', 'B', 'C'] },
      "{errorType:'MISSING_ENUM_SYMBOLS', description:'The new schema is missing enum symbols '[B, C]' at path '/symbols' in the old schema', additionalInfo:'[B, C]'}",
    ],
    [
      'a default',
      more,
      plain,
      "{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'The field 'b' at path '/fields/1' in the new schema has no default value and is missing in the old schema', additionalInfo:'b'}",
    ],
    [
      'a type',
      plain,
      wide,
      "{errorType:'TYPE_MISMATCH', description:'The type (path '/fields/0/type') of a field in the new schema does not match with the old schema', additionalInfo:'reader type: INT not compatible with writer type: LONG'}",
    ],
    [
      'a branch',
      ['null', 'int'],
      'string',
      "{errorType:'MISSING_UNION_BRANCH', description:'The new schema is missing a type inside a union field at path '/' in the old schema', additionalInfo:'reader union [NULL, INT] lacking writer type: STRING'}",
    ],
  ])('is answered in the words of registries: %s', (_, next, earlier, words) => {
    expect(incompatibilitiesAt('BACKWARD', typeOf(next), typeOf(earlier))).toEqual([words]);
  });
});
