/** In which encoding bytes of JSON are, as Jackson 2 finds it out by their first ones (RFC 4627, 3). */

export interface JsonEncoding {
  /** Of UTF-8, UTF-16 or UTF-32. */
  readonly bytesPerUnit: 1 | 2 | 4;
  readonly littleEndian: boolean;
  /** Length of the mark of the byte order, in bytes; that of UTF-8 is left to who decodes it. */
  readonly skip: number;
}

/** JSON begins with two ASCII characters, or is one: a mark tells the encoding, or where the zeros are. */
export function jsonEncodingOf(bytes: Uint8Array): JsonEncoding {
  const [a = -1, b = -1, c = -1, d = -1] = bytes;
  const is = (bytesPerUnit: 1 | 2 | 4, littleEndian = false, skip = 0): JsonEncoding => ({
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
