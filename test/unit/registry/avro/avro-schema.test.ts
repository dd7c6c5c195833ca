import { describe, expect, it } from 'vitest';
import {
  AvroSyntaxError,
  type AvroType,
  namespaceOf,
  parseAvro,
  simpleName,
} from '../../../../src/registry/avro/avro-schema.ts';
import { JsonNumber } from '../../../../src/registry/avro/json-text.ts';
import { field, record } from './record-schema.ts';

const typeOf = (schema: unknown): AvroType => parseAvro(JSON.stringify(schema)).type;
const problemOf = (text: string, options: Parameters<typeof parseAvro>[1] = {}): string => {
  try {
    parseAvro(text, options);
    return '';
  } catch (error) {
    if (!(error instanceof AvroSyntaxError)) throw error;
    return error.message;
  }
};
const fieldsOf = (type: AvroType) => (type.kind === 'record' ? type.fields : []);

describe('a parsed schema', () => {
  it('has all that the text says', () => {
    const schema = {
      type: 'record',
      name: 'R',
      namespace: 'n',
      doc: 'D',
      aliases: ['S', 'o.T', 3],
      custom: true,
      fields: [
        { name: 'a', type: 'int', doc: 'd', default: 1, order: 'descending', aliases: ['b'], more: 'x' },
        { name: 'c', type: { type: 'array', items: 'R', x: 1 }, order: 'ignore' },
        { name: 'd', type: { type: 'map', values: 'n.R', y: 2 }, order: 'sideways' },
      ],
    };
    const type = typeOf(schema);
    expect(type).toMatchObject({
      kind: 'record',
      isError: false,
      name: 'n.R',
      doc: 'D',
      aliases: ['n.S', 'o.T'],
    });
    expect('props' in type && type.props).toEqual({ custom: true });
    expect(fieldsOf(type)).toEqual([
      {
        name: 'a',
        type: { kind: 'int', props: {} },
        doc: 'd',
        default: new JsonNumber('1'),
        order: 'descending',
        aliases: ['b'],
        props: { more: 'x' },
      },
      {
        name: 'c',
        type: { kind: 'array', items: type, props: { x: new JsonNumber('1') } },
        doc: undefined,
        default: undefined,
        order: 'ignore',
        aliases: [],
        props: {},
      },
      {
        name: 'd',
        type: { kind: 'map', values: type, props: { y: new JsonNumber('2') } },
        doc: undefined,
        default: undefined,
        order: 'ascending',
        aliases: [],
        props: {},
      },
    ]);
  });

  it('may be an error, an enum or a fixed, with attributes of its own', () => {
    expect(typeOf({ type: 'error', name: 'R', fields: [] })).toMatchObject({ kind: 'record', isError: true });
    expect(typeOf({ type: 'enum', name: 'E', symbols: ['A', 'B'], default: 'B', doc: 'D', x: '' })).toEqual({
      kind: 'enum',
      name: 'E',
      symbols: ['A', 'B'],
      default: 'B',
      doc: 'D',
      aliases: [],
      props: { x: '' },
    });
    expect(typeOf({ type: 'fixed', name: 'F', size: 0, doc: 5, aliases: 'A', logicalType: 'decimal' })).toEqual({
      kind: 'fixed',
      name: 'F',
      size: 0,
      doc: undefined,
      aliases: [],
      props: { logicalType: 'decimal' },
    });
  });

  it('keeps the attributes of the outermost primitive, and none around anything else', () => {
    expect(typeOf({ type: { type: 'int', inner: true }, outer: true })).toEqual({
      kind: 'int',
      props: { outer: true },
    });
    expect(typeOf({ type: ['null', 'int'], outer: true })).toEqual(typeOf(['null', 'int']));
    expect(typeOf({ type: record('R'), outer: true })).toEqual(typeOf(record('R')));
  });

  it('may be the bare name of a primitive, and of nothing else', () => {
    expect(parseAvro(' string\n').type).toEqual({ kind: 'string', props: {} });
    expect(problemOf('strong')).toMatch(/^not valid JSON: /);
  });

  it('tells a default null from none', () => {
    const [none, withNull] = fieldsOf(
      typeOf(record('R', field('a', ['null', 'int']), field('b', ['null', 'int'], { default: null }))),
    );
    expect([none?.default, withNull?.default]).toEqual([undefined, null]);
  });
});

describe('names', () => {
  it('are split at the last dot', () => {
    expect([namespaceOf('a.b.C'), simpleName('a.b.C')]).toEqual(['a.b', 'C']);
    expect([namespaceOf('C'), simpleName('C')]).toEqual(['', 'C']);
    expect([namespaceOf('.C'), simpleName('.C')]).toEqual(['', 'C']);
  });

  it.each<[string, object, string]>([
    ['a name with a namespace of its own', { name: 'a.b.R', namespace: 'n' }, 'a.b.R'],
    ['a namespace beside it', { name: 'R', namespace: 'n.m' }, 'n.m.R'],
    ['an empty namespace', { name: 'R', namespace: '' }, 'R'],
    ['a namespace that is no text', { name: 'R', namespace: 7 }, 'R'],
    ['one letter, and underscores and digits', { name: '_R1_' }, '_R1_'],
  ])('are full: %s', (_, names, full) => {
    expect(typeOf({ type: 'record', fields: [], ...names })).toMatchObject({ name: full });
  });

  it('count in the namespace around them: of fields, items, values and branches', () => {
    const fixed = (name: string, more: object = {}) => ({ type: 'fixed', name, size: 1, ...more });
    const text = JSON.stringify(
      record(
        'n.R',
        field('a', fixed('A')),
        field('b', { type: 'array', items: fixed('B') }),
        field('c', { type: 'map', values: fixed('C') }),
        field('d', ['null', fixed('D')]),
        field('e', { type: 'enum', name: 'E', symbols: [], namespace: '' }),
        field('f', record('o.F', field('g', fixed('G')))),
        field('h', { type: fixed('H') }),
      ),
    );
    expect([...parseAvro(text).defined].sort()).toEqual(['E', 'n.A', 'n.B', 'n.C', 'n.D', 'n.H', 'n.R', 'o.F', 'o.G']);
  });

  it('are looked for in the namespace first, and outside of any then', () => {
    const references = ['{"type":"fixed","name":"F","size":1}', '{"type":"fixed","name":"n.F","size":2}'];
    const sizeOf = (type: string, namespace?: string) => {
      const text = JSON.stringify({ ...record('R', field('f', type)), namespace });
      const [found] = fieldsOf(parseAvro(text, { references }).type);
      return found?.type.kind === 'fixed' ? found.type.size : undefined;
    };
    expect([sizeOf('F', 'n'), sizeOf('F', 'o'), sizeOf('n.F', 'o'), sizeOf('F')]).toEqual([2, 1, 2, 1]);
  });

  it('of references are known, later ones may use earlier ones, and none is defined again', () => {
    const references = ['{"type":"fixed","name":"F","size":1}', JSON.stringify(record('G', field('f', 'F')))];
    const { type, defined } = parseAvro(JSON.stringify(record('R', field('g', 'G'))), { references });
    expect([...defined]).toEqual(['R']);
    expect(fieldsOf(type)[0]?.type).toMatchObject({ kind: 'record', name: 'G' });
    expect(problemOf(JSON.stringify(record('G')), { references })).toBe("can't redefine: G");
    expect(problemOf('"n.G"')).toBe('undefined name: "n.G"');
  });
});

describe('what is no schema', () => {
  const named = (type: string, more: object) => JSON.stringify({ type, name: 'n.X', ...more });
  const fields = (...all: readonly unknown[]) => named('record', { fields: all });

  it.each<[string, RegExp]>([
    ['17', /^no type: 17$/],
    ['null', /^no type: null$/],
    ['{}', /^no type: \{\}$/],
    ['{"type":null}', /^no type: null$/],
    ['null null', /^not valid JSON/],
    ['{"type":"array"}', /^array has no items type/],
    ['{"type":"map"}', /^map has no values type/],
    ['"N"', /^undefined name: "N"$/],
    ['["int",["null"]]', /union must not contain a union/],
    ['["int","int"]', /^duplicate in union: int$/],
    ['[{"type":"array","items":"int"},{"type":"array","items":"long"}]', /^duplicate in union: array$/],
    [`[${named('fixed', { size: 1 })},"n.X"]`, /^duplicate in union: n\.X$/],
    [`[${fields()},${fields()}]`, /^can't redefine: n\.X$/],
    [named('record', {}), /^record n\.X has no fields$/],
    [named('record', { fields: {} }), /^record n\.X has no fields$/],
    ['{"type":"record","fields":[]}', /^no name in \{/],
    ['{"type":"record","name":"int","fields":[]}', /named after the primitive int$/],
    ['{"type":"record","name":"1R","fields":[]}', /^illegal name for the name 1R: "1R"$/],
    ['{"type":"record","name":"R-S","fields":[]}', /^illegal name for the name R-S: "R-S"$/],
    ['{"type":"record","name":"n..R","fields":[]}', /^illegal name for the name n\.\.R: ""$/],
    ['{"type":"record","name":"R","namespace":"a b","fields":[]}', /^illegal name for the name a b\.R: "a b"$/],
    [fields('a'), /^field of n\.X is not an object: "a"$/],
    [fields({ type: 'int' }), /^illegal name for a field of n\.X: none$/],
    [fields({ name: 7, type: 'int' }), /^illegal name for a field of n\.X: 7$/],
    [fields({ name: 'a' }), /^no type for field a of n\.X$/],
    [fields(field('a', 'int'), field('a', 'int')), /^duplicate field a in record n\.X$/],
    [named('enum', {}), /^enum n\.X has no symbols$/],
    [named('enum', { symbols: ['A', '-'] }), /^illegal name for a symbol of n\.X: "-"$/],
    [named('enum', { symbols: ['A', 'A'] }), /^duplicate enum symbol in n\.X$/],
    [named('enum', { symbols: ['A'], default: 'B' }), /^the default "B" of enum n\.X is not among its symbols$/],
    [named('enum', { symbols: ['A'], default: null }), /^the default null of enum n\.X is not among its symbols$/],
    [named('fixed', {}), /size of fixed n\.X$/],
    [named('fixed', { size: -1 }), /size of fixed n\.X$/],
    [named('fixed', { size: 1.5 }), /size of fixed n\.X$/],
    [named('fixed', { size: '4' }), /size of fixed n\.X$/],
  ])('%s', (text, words) => {
    expect(problemOf(text)).toMatch(words);
  });

  it('is an error that says so by its name', () => {
    expect(new AvroSyntaxError('x').name).toBe('AvroSyntaxError');
  });

  it.each([
    '["int","long",{"type":"array","items":"int"},{"type":"map","values":"int"}]',
    `[${JSON.stringify(record('A'))},${JSON.stringify(record('B'))}]`,
    fields(field('a', 'int'), field('b', 'int')),
    '[]',
  ])('but %s is one', (text) => {
    expect(problemOf(text)).toBe('');
  });
});

describe('a default', () => {
  const check = (type: unknown, value: string, checkDefaults: boolean) =>
    problemOf(
      `{"type":"record","name":"R","fields":[{"name":"f","type":${JSON.stringify(type)},"default":${value}}]}`,
      {
        checkDefaults,
      },
    );
  const inner = record('I', field('a', ['null', 'int']), field('b', 'string', { default: 'x' }));
  const cases: readonly (readonly [unknown, readonly string[], readonly string[]])[] = [
    ['null', ['null'], ['0', '"null"', 'false']],
    ['boolean', ['true', 'false'], ['0', '"true"', 'null']],
    ['int', ['0', '12', '-7', '2147483647', '-2147483648'], ['2147483648', '-2147483649', '1.5', '1e3', '"1"', 'null']],
    ['long', ['9223372036854775807', '-9223372036854775808'], ['9223372036854775808', '-9223372036854775809', '1.0']],
    ['float', ['1.5', '1', '1e300'], ['"1"', 'null']],
    ['double', ['1.5', '-2'], ['"NaN"', 'true']],
    ['bytes', ['"\\u00ff"'], ['1', '[]']],
    ['string', ['""'], ['1', 'null']],
    [{ type: 'fixed', name: 'F', size: 1 }, ['"a"'], ['1', 'null']],
    [{ type: 'enum', name: 'E', symbols: ['A', 'B'] }, ['"B"'], ['"C"', '1']],
    [{ type: 'array', items: 'int' }, ['[]', '[1,2]'], ['[1,"a"]', '{}', '1']],
    [{ type: 'map', values: 'int' }, ['{}', '{"a":1}'], ['{"a":1,"b":"c"}', '[]', 'null']],
    [['null', 'int'], ['null', '1'], ['"a"']],
    [
      inner,
      ['{"a":1}', '{"a":null}', '{"a":null,"b":"y"}', '{"a":1,"other":2}'],
      ['{}', '{"a":"x"}', '{"a":1,"b":2}', '{"a":1,"b":null}', '[]', 'null'],
    ],
  ];

  it.each(cases)('of %j is checked', (type, good, bad) => {
    for (const value of good) expect([value, check(type, value, true)]).toEqual([value, '']);
    for (const value of bad)
      expect([value, check(type, value, true)]).toEqual([
        value,
        expect.stringMatching(/^invalid default for field f: /),
      ]);
  });

  it('of a record takes the default of a field that is left out, whatever its name', () => {
    const type = record('I', field('constructor', 'string', { default: 'x' }));
    expect(check(type, '{}', true)).toBe('');
  });

  it('is checked only when told, and not in references: an old schema must stay readable', () => {
    expect(check('int', '"a"', false)).toBe('');
    const wrong = JSON.stringify(record('I', field('a', 'int', { default: 'x' })));
    expect(parseAvro(wrong).type.kind).toBe('record');
    expect(problemOf('"I"', { references: [wrong], checkDefaults: true })).toBe('');
  });

  it('that is missing needs no check', () => {
    expect(problemOf(JSON.stringify(record('R', field('a', 'int'))), { checkDefaults: true })).toBe('');
  });
});
