import { crc32 } from 'node:zlib';
import { expect, it } from 'vitest';
import { zipArchive } from '../../../../src/recovery/rest/zip-archive.ts';

/** As APPNOTE.TXT 6.3.10 says: from the end of the central directory to the entries, each where both headers say the same. */
function entriesOf(zip: Buffer): readonly (readonly [name: string, content: string])[] {
  const end = zip.length - 22;
  expect(zip.readUInt32LE(end)).toBe(0x06054b50);
  const count = zip.readUInt16LE(end + 10);
  let at = zip.readUInt32LE(end + 16);
  expect(zip.readUInt32LE(end + 12)).toBe(end - at);
  const entries: [string, string][] = [];
  for (let n = 0; n < count; n++) {
    expect(zip.readUInt32LE(at)).toBe(0x02014b50);
    const local = zip.readUInt32LE(at + 42);
    expect(zip.readUInt32LE(local)).toBe(0x04034b50);
    // From the version that is needed to the length of the extra field.
    expect(zip.subarray(local + 4, local + 30)).toEqual(zip.subarray(at + 6, at + 32));
    const [method, sum, packed, size, nameLength, extra] = [
      zip.readUInt16LE(at + 10),
      zip.readUInt32LE(at + 16),
      zip.readUInt32LE(at + 20),
      zip.readUInt32LE(at + 24),
      zip.readUInt16LE(at + 28),
      zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32),
    ];
    expect([method, extra, packed]).toEqual([0, 0, size]);
    const name = zip.subarray(local + 30, local + 30 + nameLength);
    expect(zip.subarray(at + 46, at + 46 + nameLength)).toEqual(name);
    const content = zip.subarray(local + 30 + nameLength, local + 30 + nameLength + size);
    expect(crc32(content)).toBe(sum);
    entries.push([name.toString('utf8'), content.toString('utf8')]);
    at += 46 + nameLength;
  }
  expect(at).toBe(end);
  return entries;
}

it('is a ZIP file for others, too', () => {
  const entries = [
    ['a.json', '{"é":1}'],
    ['folder/ä b', ''],
    ['big', 'x'.repeat(100_000)],
  ] as const;
  expect(entriesOf(Buffer.from(zipArchive(entries)))).toEqual(entries);
  expect(entriesOf(Buffer.from(zipArchive([])))).toEqual([]);
});
