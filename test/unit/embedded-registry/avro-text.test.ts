import { describe, expect, it } from 'vitest';
import { renderAvro } from '../../../src/embedded-registry/avro-text.ts';
import { AvroSyntaxError, parseAvro } from '../../../src/registry/avro/avro-schema.ts';

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
});
