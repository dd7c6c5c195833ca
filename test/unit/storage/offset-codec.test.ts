import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../../src/sdk/errors/kinds.ts';
import {
  decodeOffsetKey,
  decodeOffsetMap,
  encodeOffsetKey,
  encodeOffsetMap,
} from '../../../src/storage/offset-codec.ts';

describe('offset codec', () => {
  it("writes Kafka Connect's bytes", () => {
    expect(encodeOffsetKey('file-source', { filename: '/tmp/a "b".txt' })).toBe(
      '["file-source",{"filename":"/tmp/a \\"b\\".txt"}]',
    );
    expect(encodeOffsetMap({ position: 42, done: false, ts: 9_223_372_036_854_775_807n, name: null })).toBe(
      '{"position":42,"done":false,"ts":9223372036854775807,"name":null}',
    );
  });

  it('refuses what is not flat, naming the field', () => {
    expect(() => encodeOffsetMap({ a: { b: 1 } } as never)).toThrow(DataError);
    expect(() => encodeOffsetMap({ a: [1] } as never)).toThrow(
      /^Offsets may only contain primitive types as values, but field a contains ARRAY$/,
    );
    expect(() => encodeOffsetMap({ a: Number.NaN })).toThrow(/field a contains NaN/);
  });

  it('keeps integers beyond 2^53', () => {
    expect(decodeOffsetMap('{"a":9223372036854775807,"b":-9223372036854775808,"c":9007199254740991}')).toEqual({
      a: 9_223_372_036_854_775_807n,
      b: -9_223_372_036_854_775_808n,
      c: 9_007_199_254_740_991,
    });
  });

  it('leaves long digits inside strings and long fractions alone', () => {
    expect(decodeOffsetMap('{"id":"12345678901234567890","f":0.12345678901234566,"e":1234567890123456e3}')).toEqual({
      id: '12345678901234567890',
      f: 0.12345678901234566,
      e: 1234567890123456e3,
    });
  });

  it('answers null for what is no key or offset', () => {
    for (const text of ['', 'x', '[]', '["a"]', '["a",null]', '[1,{}]', '{}']) expect(decodeOffsetKey(text)).toBeNull();
    for (const text of ['', 'x', '[]', 'null', '1']) expect(decodeOffsetMap(text)).toBeNull();
  });

  it('reads back what it wrote', () => {
    const scalar = fc.oneof(
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.integer(),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
      fc.double({ noNaN: true, noDefaultInfinity: true, min: 0.001, max: 1e15 }),
    );
    fc.assert(
      fc.property(fc.string(), fc.dictionary(fc.string(), scalar, { noNullPrototype: true }), (connector, map) => {
        expect(decodeOffsetMap(encodeOffsetMap(map))).toEqual(map);
        expect(decodeOffsetKey(encodeOffsetKey(connector, map))).toEqual({ connector, partition: map });
      }),
    );
  });

  it('writes keys in the bytes of Kafka Connect, whatever the characters', () => {
    expect(encodeOffsetKey('a\u001f', { 'f\u00fc': '\u{1f600}\\u00ff"' })).toBe(
      '["a\\u001F",{"f\u00fc":"\\uD83D\\uDE00\\\\u00ff\\""}]',
    );
    expect(decodeOffsetKey(encodeOffsetKey('\u{1f600}', { a: '\u0001\u{1f600}' }))).toEqual({
      connector: '\u{1f600}',
      partition: { a: '\u0001\u{1f600}' },
    });
  });
});
