/** Bytes of a JSON body as text. The encoding is told from the first bytes, as Jackson does (RFC 4627, 3), whatever the content type says. */

interface Encoding {
  readonly bytesPerUnit: 1 | 2 | 4;
  readonly littleEndian: boolean;
  /** Length of the mark of the byte order. */
  readonly skip: number;
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true });
const UTF_16 = new TextDecoder('utf-16le', { ignoreBOM: true });

/** @throws TypeError for bytes that are no text of the encoding that they begin in; lone surrogates in UTF-16 become U+FFFD */
export function bodyText(bytes: Uint8Array): string {
  const { bytesPerUnit, littleEndian, skip } = encodingOf(bytes);
  if (bytesPerUnit === 1) return UTF_8.decode(bytes);
  const content = bytes.subarray(skip);
  if (bytesPerUnit === 4) return utf32(content, littleEndian);
  return UTF_16.decode(littleEndian ? content : Buffer.from(content.subarray(0, content.length & ~1)).swap16());
}

/** JSON begins with two ASCII characters, or is one: where the zeros are tells the encoding. */
function encodingOf(bytes: Uint8Array): Encoding {
  const [a = -1, b = -1, c = -1, d = -1] = bytes;
  const is = (bytesPerUnit: 1 | 2 | 4, littleEndian = false, skip = 0): Encoding => ({
    bytesPerUnit,
    littleEndian,
    skip,
  });
  if (bytes.length >= 4) {
    if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return is(4, false, 4);
    if (a === 0xff && b === 0xfe && c === 0 && d === 0) return is(4, true, 4);
    if (a === 0xfe && b === 0xff) return is(2, false, 2);
    if (a === 0xff && b === 0xfe) return is(2, true, 2);
    if (a === 0 && b === 0 && c === 0) return is(4, false);
    if (b === 0 && c === 0 && d === 0) return is(4, true);
  }
  if (bytes.length < 2) return is(1);
  if (a === 0) return is(2, false);
  return b === 0 ? is(2, true) : is(1);
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
