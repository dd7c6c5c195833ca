/** Bytes of a JSON body as text. The encoding is recognized by its first bytes, as Jackson does (RFC 4627, 3), whatever the content type says. */

import { jsonEncodingOf } from '../foundation/json-encoding.ts';

const UTF_8 = new TextDecoder('utf-8', { fatal: true });
const UTF_16 = new TextDecoder('utf-16le', { ignoreBOM: true });

/** @throws TypeError for bytes that are no text of the encoding that they begin in; lone surrogates in UTF-16 become U+FFFD */
export function bodyText(bytes: Uint8Array): string {
  const { bytesPerUnit, littleEndian, skip } = jsonEncodingOf(bytes);
  if (bytesPerUnit === 1) return UTF_8.decode(bytes);
  const content = bytes.subarray(skip);
  if (bytesPerUnit === 4) return utf32(content, littleEndian);
  return UTF_16.decode(littleEndian ? content : Buffer.from(content.subarray(0, content.length & ~1)).swap16());
}

function utf32(bytes: Uint8Array, littleEndian: boolean): string {
  if (bytes.length % 4 !== 0) throw new TypeError('The encoded data was not valid for encoding utf-32');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 4) {
    const point = view.getUint32(at, littleEndian);
    if (point > 0x10ffff) throw new TypeError('The encoded data was not valid for encoding utf-32');
    pieces.push(String.fromCodePoint(point));
  }
  return pieces.join('');
}
