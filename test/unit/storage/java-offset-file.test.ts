import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeJavaOffsets, encodeJavaOffsets, isJavaSerialized } from '../../../src/storage/java-offset-file.ts';

/** Written by test/support/java/OffsetFile.java: 44 entries, one of them null. */
const sample = readFileSync(fileURLToPath(new URL('../../fixtures/kafka-connect.offsets', import.meta.url)));

describe("the offset file of Kafka Connect's standalone worker", () => {
  it('is read as Java wrote it, without what was reset', () => {
    const offsets = decodeJavaOffsets(sample);
    expect(offsets.size).toBe(43);
    expect(offsets.get('["files",{"filename":"/data/in.txt"}]')).toBe('{"position":6}');
    expect(offsets.get('["\u00fc\u4e2d\u{1f600}",{"a":"b"}]')).toBe('{"big":9007199254740993,"x":null}');
    expect(offsets.has('["probe",{"task":"1"}]')).toBe(false);
    expect(isJavaSerialized(sample)).toBe(true);
  });

  it('is written in the bytes that Java writes', () => {
    const offsets = new Map([['["files",{"filename":"/data/in.txt"}]', '{"position":6}']]);
    expect(encodeJavaOffsets(offsets).toString('hex')).toBe(
      'aced0005737200116a6176612e7574696c2e486173684d61700507dac1c31660d103000246000a6c6f6164466163746f724900097468726573686f6c6478703f4000000000000c77080000001000000001757200025b42acf317f8060854e002000078700000' +
        '00255b2266696c6573222c7b2266696c656e616d65223a222f646174612f696e2e747874227d5d7571007e00020000000e7b22706f736974696f6e223a367d78',
    );
  });

  it('comes back from any offsets as it was', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), (entries) => {
        const offsets = new Map(Object.entries(entries));
        expect(decodeJavaOffsets(encodeJavaOffsets(offsets))).toEqual(offsets);
      }),
    );
  });

  it('may be empty, and hold one array twice', () => {
    expect(decodeJavaOffsets(Buffer.alloc(0))).toEqual(new Map());
    const once = encodeJavaOffsets(new Map([['same', '']]));
    // The value becomes a reference to the key: handle 7e0003.
    const twice = Buffer.concat([once.subarray(0, once.length - 11), Buffer.from('71007e000378', 'hex')]);
    expect(decodeJavaOffsets(twice)).toEqual(new Map([['same', 'same']]));
  });

  it('is refused cut off anywhere, saying where', () => {
    for (let length = 1; length < sample.length; length += 7) {
      expect(() => decodeJavaOffsets(sample.subarray(0, length)), String(length)).toThrow(/no offset file of Kafka/);
    }
    expect(() => decodeJavaOffsets(sample.subarray(0, sample.length - 1))).toThrow(/at byte \d+ of \d+/);
  });

  it('is refused when it holds another class, or anything but byte arrays, or more than the map', () => {
    const with_ = (from: string, to: string) => Buffer.from(sample.toString('latin1').replace(from, to), 'latin1');
    expect(() => decodeJavaOffsets(with_('java.util.HashMap', 'java.util.TreeMap'))).toThrow(/no java.util.HashMap/);
    expect(() => decodeJavaOffsets(with_('[B', '[C'))).toThrow(/byte arrays/);
    expect(() => decodeJavaOffsets(Buffer.concat([sample, Buffer.from('x')]))).toThrow(/something follows/);
    expect(() => decodeJavaOffsets(with_('{"position":6}', '{"position":\xff}'))).toThrow(/not UTF-8/);
  });

  it('never ends in anything but a clear refusal when bytes are changed', () => {
    fc.assert(
      fc.property(fc.nat(sample.length - 1), fc.nat(255), (at, value) => {
        const changed = Buffer.from(sample);
        changed[at] = value;
        try {
          decodeJavaOffsets(changed);
        } catch (error) {
          expect(error).toMatchObject({ code: 'holdfast.storage.offset.java-file-invalid' });
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
