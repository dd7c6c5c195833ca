import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  exactJson,
  JsonDepthError,
  parseExactJson,
  parseJsonWithNumberTexts,
} from '../../../src/foundation/exact-json.ts';

const big = fc.oneof(
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n }),
  fc.bigInt({ min: -(2n ** 64n), max: -(2n ** 53n) }),
);

describe('exact JSON', () => {
  it('round trips all that JSON has, and integers beyond 2^53', () => {
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.jsonValue(),
        big,
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie('tree'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        // JSON has no minus zero.
        const expected = exactJson(value);
        expect(exactJson(parseExactJson(expected))).toBe(expected);
      }),
    );
  });

  it.each(['9007199254740993', '-9223372036854775808', '{"a":[12345678901234567890]}'])('keeps %s', (text) => {
    expect(exactJson(parseExactJson(text))).toBe(text);
  });

  it('leaves digits within strings and fractions alone', () => {
    expect(parseExactJson('{"9007199254740993":"9007199254740993","f":1.2345678901234567}')).toEqual({
      '9007199254740993': '9007199254740993',
      f: 1.2345678901234567,
    });
  });

  it('reads a text of many megabytes', () => {
    const long = 'y'.repeat(20_000_000);
    expect(parseExactJson(`{"a":"${long}","b":12345678901234567890}`)).toEqual({ a: long, b: 12345678901234567890n });
  });

  it('keeps numbers as the texts that were written', () => {
    const text = '{"a":[1.0,1e3,-0,0.10,12345678901234567890,1E400,7],"1.0":"1.0 \\" 2.0","t":[true,null,{}]}';
    expect(parseJsonWithNumberTexts(text)).toEqual({
      a: ['1.0', '1e3', '-0', '0.10', '12345678901234567890', '1E400', '7'],
      '1.0': '1.0 " 2.0',
      t: [true, null, {}],
    });
    expect(() => parseJsonWithNumberTexts('[01]')).toThrow(SyntaxError);
  });

  it('is as JSON.stringify of what is undefined', () => {
    const value = { a: undefined, b: [undefined, null], c: 'ä"\u2028' };
    expect(exactJson(value)).toBe(JSON.stringify(value));
  });

  it('reads 1000 levels, and refuses more in words', () => {
    const nested = (levels: number): string => `${'{"a":['.repeat(levels / 2)}${']}'.repeat(levels / 2)}`;
    const tooDeep = nested(20_000).replace('[]', '[9007199254740993]');
    for (const parse of [parseExactJson, parseJsonWithNumberTexts]) {
      expect(() => parse(tooDeep)).toThrow(JsonDepthError);
      expect(() => parse(nested(1002))).toThrow('nested deeper than the 1000 levels that are read');
      expect(JSON.stringify(parse(nested(1000)))).toBe(nested(1000));
      expect(parse(JSON.stringify(nested(20_000)))).toBe(nested(20_000));
    }
  });

  it.each(['', '{', '[1,]', '01234567890123456789', '9007199254740993x'])('refuses %j', (text) => {
    expect(() => parseExactJson(text)).toThrow(SyntaxError);
  });
});
