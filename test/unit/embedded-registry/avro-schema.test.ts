import { describe, expect, it } from 'vitest';
import { renderAvro } from '../../../src/embedded-registry/avro-text.ts';
import { AvroSyntaxError, parseAvro } from '../../../src/registry/avro/avro-schema.ts';
import { parseJsonText, renderJsonText } from '../../../src/registry/avro/json-text.ts';

const rendered = (text: string) => renderAvro(parseAvro(text));

describe('the text that is stored', () => {
  const cases: readonly [string, string, string][] = [
    ['a primitive, short', '{"type":"string"}', '"string"'],
    ['a primitive without quotes', 'string', '"string"'],
    ['attributes of a primitive', '{"logicalType":"date","type":"int"}', '{"type":"int","logicalType":"date"}'],
    [
      'a full name, split',
      '{"name":"a.b.R","fields":[],"type":"record"}',
      '{"type":"record","name":"R","namespace":"a.b","fields":[]}',
    ],
    [
      'a namespace only where it differs, a type in full only once',
      '{"type":"record","name":"R","namespace":"n","fields":[{"name":"f","type":{"type":"fixed","name":"F","namespace":"n","size":4}},{"name":"g","type":"n.F"},{"name":"h","type":{"type":"enum","name":"o.E","symbols":["A"],"default":"A"}},{"name":"i","type":"o.E"}]}',
      '{"type":"record","name":"R","namespace":"n","fields":[{"name":"f","type":{"type":"fixed","name":"F","size":4}},{"name":"g","type":"F"},{"name":"h","type":{"type":"enum","name":"E","namespace":"o","symbols":["A"],"default":"A"}},{"name":"i","type":"o.E"}]}',
    ],
    [
      'the attributes of a field in order, ascending left out',
      '{"type":"record","name":"R","fields":[{"custom":1,"aliases":["g"],"order":"ascending","default":null,"doc":"d","type":["null","int"],"name":"f"}],"aliases":["S"],"doc":"D","x":true}',
      '{"type":"record","name":"R","doc":"D","fields":[{"name":"f","type":["null","int"],"doc":"d","default":null,"aliases":["g"],"custom":1}],"x":true,"aliases":["S"]}',
    ],
    [
      'a wrapped array',
      '{"type":{"type":"array","items":{"type":"map","values":"long"}}}',
      '{"type":"array","items":{"type":"map","values":"long"}}',
    ],
    ['an error type', '{"type":"error","name":"R","fields":[]}', '{"type":"error","name":"R","fields":[]}'],
  ];
  it.each(cases)('%s', (_, text, expected) => {
    expect(rendered(text)).toBe(expected);
    expect(rendered(expected), 'rendering again changes nothing').toBe(expected);
  });

  it('in normal form does not depend on the order of attributes and aliases', () => {
    const normal = (text: string) => renderAvro(parseAvro(text), { normalize: true });
    const one = '{"type":"record","name":"R","fields":[],"b":1,"a":2,"aliases":["Y","X"]}';
    const other = '{"type":"record","name":"R","fields":[],"a":2,"b":1,"aliases":["X","Y"]}';
    expect(normal(one)).toBe(normal(other));
    expect(rendered(one)).not.toBe(rendered(other));
  });

  it('names what references define, and does not repeat it', () => {
    const references = ['{"type":"record","name":"n.In","fields":[]}'];
    const text = '{"type":"record","name":"n.Out","fields":[{"name":"i","type":"In"}]}';
    expect(renderAvro(parseAvro(text, { references }))).toBe(
      '{"type":"record","name":"Out","namespace":"n","fields":[{"name":"i","type":"In"}]}',
    );
    expect(() => parseAvro(text)).toThrow(AvroSyntaxError);
  });

  it('checks defaults only when told: an old schema must stay readable', () => {
    const text = '{"type":"record","name":"R","fields":[{"name":"f","type":"int","default":4294967296}]}';
    expect(() => parseAvro(text, { checkDefaults: true })).toThrow('invalid default for field f');
    expect(parseAvro(text).type.kind).toBe('record');
  });

  it.each([
    '{"type":"array"}',
    '{"type":"map"}',
    '{"type":"enum","name":"E","symbols":["A"],"default":"B"}',
    '{"type":"fixed","name":"F","size":-1}',
    '{"type":"record","name":"int","fields":[]}',
    '{"type":"record","name":"R"}',
    '{"type":"record","fields":[]}',
    '[{"type":"record","name":"R","fields":[]},{"type":"record","name":"R","fields":[]}]',
    '17',
    'null null',
  ])('%s is no schema', (text) => {
    expect(() => parseAvro(text)).toThrow(AvroSyntaxError);
  });
});

describe('JSON text', () => {
  it('keeps the digits of numbers and the order of keys', () => {
    const text = '{"b":[1.0,-1e400,9007199254740993],"a":{"x":"\\u00e9\\n\\"","y":[true,false,null,[],{}]}}';
    expect(renderJsonText(parseJsonText(text))).toBe(text.replace('\\u00e9', 'é'));
    expect(renderJsonText(parseJsonText('{"b":1,"a":{"d":2,"c":3}}'), { sortKeys: true })).toBe(
      '{"a":{"c":3,"d":2},"b":1}',
    );
  });

  it('refuses what JSON.parse refuses', () => {
    for (const text of ['', '{', '[1,]', '{"a" 1}', '01', "'a'", '1 2'])
      expect(() => parseJsonText(text)).toThrow(SyntaxError);
  });

  it('keeps a key that looks like a prototype', () => {
    const text = '{"__proto__":{"a":1},"constructor":2}';
    expect(renderJsonText(parseJsonText(text))).toBe(text);
  });
});
