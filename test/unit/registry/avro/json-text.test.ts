import { describe, expect, it } from 'vitest';
import { isJsonObject, JsonNumber, parseJsonText, renderJsonText } from '../../../../src/registry/avro/json-text.ts';

describe('JSON text', () => {
  it('keeps the digits of numbers and the order of keys', () => {
    const text = '{"b":[1.0,-1e400,9007199254740993],"a":{"x":"\\u00e9\\n\\"","y":[true,false,null,[],{}]}}';
    expect(renderJsonText(parseJsonText(text))).toBe(text.replace('\\u00e9', 'é'));
    expect(renderJsonText(parseJsonText('{"b":1,"a":{"d":2,"c":3}}'), { sortKeys: true })).toBe(
      '{"a":{"c":3,"d":2},"b":1}',
    );
  });

  it.each(['12', '-1.25', '0.5e-3', '1E+10', '2e07', '100.000'])('keeps the number %s as it is written', (literal) => {
    expect(parseJsonText(literal)).toEqual(new JsonNumber(literal));
    expect(renderJsonText(parseJsonText(`[ ${literal} ]`))).toBe(`[${literal}]`);
  });

  it('leaves out the whitespace between tokens, and none in strings', () => {
    const text = ' {\n\t"a b" :\r [ 1 , "c  d" , true ],"e":{ } } ';
    expect(renderJsonText(parseJsonText(text))).toBe('{"a b":[1,"c  d",true],"e":{}}');
  });

  it.each(['"a\\\\"', '"\\"b\\""', '"[{:,}]"', '"null"', '""'])('reads the string %s', (literal) => {
    expect(parseJsonText(`[${literal},1]`)).toEqual([JSON.parse(literal), new JsonNumber('1')]);
  });

  it('keeps the last value of a key that is there twice', () => {
    expect(renderJsonText(parseJsonText('{"a":1,"b":2,"a":3}'))).toBe('{"a":3,"b":2}');
  });

  it('reads one text after another that was no JSON', () => {
    expect(() => parseJsonText('[1')).toThrow(SyntaxError);
    expect(parseJsonText('false')).toBe(false);
    expect(parseJsonText('null')).toBe(null);
  });

  it('sorts keys at every depth, and no items', () => {
    const text = '{"b":[{"z":1,"y":2},0],"c":3,"a":4,"B":5}';
    expect(renderJsonText(parseJsonText(text), { sortKeys: true })).toBe('{"B":5,"a":4,"b":[{"y":2,"z":1},0],"c":3}');
    expect(renderJsonText(parseJsonText(text), { sortKeys: false })).toBe(text);
  });

  it.each<[string, boolean]>([
    ['{}', true],
    ['[]', false],
    ['1', false],
    ['null', false],
    ['"a"', false],
  ])('knows an object: %s', (text, is) => {
    expect(isJsonObject(parseJsonText(text))).toBe(is);
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
