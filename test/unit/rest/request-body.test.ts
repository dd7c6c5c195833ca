import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configMap, readBody } from '../../../src/rest/request-body.ts';

const ENCODERS: Readonly<Record<string, (text: string) => Buffer>> = {
  'utf-8': (text) => Buffer.from(text),
  'utf-16le': (text) => Buffer.from(text, 'utf16le'),
  'utf-16be': (text) => Buffer.from(text, 'utf16le').swap16(),
  'utf-32le': (text) => utf32(text, true),
  'utf-32be': (text) => utf32(text, false),
};

function utf32(text: string, littleEndian: boolean): Buffer {
  const points = [...text].map((char) => char.codePointAt(0) ?? 0);
  const view = new DataView(new ArrayBuffer(points.length * 4));
  for (const [i, point] of points.entries()) view.setUint32(i * 4, point, littleEndian);
  return Buffer.from(view.buffer);
}

describe('the body of a request', () => {
  it.each(Object.entries(ENCODERS))('is read in %s, with and without a mark', (_name, encoded) => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), (value) => {
        const text = JSON.stringify(value);
        expect(readBody(encoded(text))).toEqual(JSON.parse(text));
        expect(readBody(encoded(`\ufeff${text}`))).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    ['cut off in UTF-16', Buffer.from('{"a":1}', 'utf16le').subarray(0, 13)],
    ['cut off in UTF-32', utf32('{"a":1}', true).subarray(0, 27)],
    ['beyond Unicode', Buffer.from([0, 0, 0, 0x7b, 0, 0x11, 0, 0])],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['an object and more', Buffer.from('{} {}')],
    ['zeros', Buffer.alloc(8)],
  ])('is refused: %s', (_what, bytes) => {
    expect(() => readBody(bytes)).toThrow(expect.objectContaining({ status: 500 }));
    expect(() => readBody(bytes, 'texts', 400)).toThrow(expect.objectContaining({ status: 400 }));
  });

  it.each([[''], [' '], ['\ufeff']])('is none: %j', (text) => {
    expect(readBody(Buffer.from(text))).toBeNull();
  });

  it('says where it is wrong without quoting it', () => {
    expect(() => readBody(Buffer.from('{"password":"hunter2'))).toThrow(/^(?!.*hunter2).*not valid JSON/);
  });

  it('is refused in words when it is nested too deep', () => {
    const bytes = Buffer.from('['.repeat(20_000) + ']'.repeat(20_000));
    for (const status of [400, 500] as const) {
      const message = "The body can't be read: it is nested deeper than the 1000 levels that are read.";
      expect(() => readBody(bytes, 'numbers', status)).toThrow(expect.objectContaining({ status, message }));
    }
  });

  it('names what is there in place of a string, or of an object', () => {
    expect(() => configMap({ a: {} }, 'the config')).toThrow(/boolean, not an object\./);
    expect(() => configMap([], 'the config')).toThrow(/not an array\./);
    expect(() => configMap(7, 'the config')).toThrow(/not a number\./);
  });
});
