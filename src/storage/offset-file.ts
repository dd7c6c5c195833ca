/**
 * Our offset file, version 1: a line `holdfast-offsets 1 <count> <crc32 of the rest, hex>`, then one JSON array `[key, value]` a line.
 */
import { crc32 } from 'node:zlib';
import { inJacksonsBytes } from './offset-codec.ts';

const MAGIC = 'holdfast-offsets';
const VERSION = 1;

/** The pieces of the file, in order. */
export function encodeOffsetFile(offsets: ReadonlyMap<string, string>): readonly [header: string, body: Uint8Array] {
  let body = '';
  for (const entry of offsets) body += `${JSON.stringify(entry)}\n`;
  const bytes = Buffer.from(body, 'utf8');
  return [`${MAGIC} ${VERSION} ${offsets.size} ${checksum(bytes)}\n`, bytes];
}

/** What it holds, or in words, to go on with "it", why it can't be read. An empty file holds nothing. */
export function decodeOffsetFile(content: Buffer): Map<string, string> | string {
  const offsets = new Map<string, string>();
  if (content.length === 0) return offsets;
  const end = content.indexOf(0x0a);
  const header = content.subarray(0, Math.max(end, 0)).toString('latin1').split(' ');
  if (end < 0 || header[0] !== MAGIC) return 'it is not an offset file of Holdfast';
  if (Number(header[1]) !== VERSION) {
    return `it has format version ${header[1]}, and this version of Holdfast reads version ${VERSION}`;
  }
  const body = content.subarray(end + 1);
  if (checksum(body) !== header[3]) return 'its checksum does not match its content';
  for (const line of body.toString('utf8').split('\n')) {
    if (line === '') continue;
    const [key, value] = JSON.parse(line) as [string, string];
    // Earlier versions wrote surrogates as they are.
    offsets.set(inJacksonsBytes(key), value);
  }
  return offsets.size === Number(header[2]) ? offsets : 'it holds fewer offsets than it says';
}

function checksum(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, '0');
}
