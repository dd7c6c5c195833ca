/** Character sets as Java encodes and decodes them, down to what it makes of what is no text. */

export interface Charset {
  encode(text: string): Uint8Array;
  decode(bytes: Buffer): string;
}

const REPLACEMENT = '\ufffd';
/** What Node.js writes for half a surrogate pair. */
const REPLACEMENT_BYTES = Buffer.from(REPLACEMENT, 'utf8');
/** Halves of surrogate pairs that stand alone. */
const LONE_SURROGATES = /\p{Surrogate}/gu;
const ENCODED_SURROGATES = /\u00ed[\u00a0-\u00bf][\u0080-\u00bf]?/g;

/** Half a surrogate pair is written as a question mark; one that is encoded like a character of its own is read as one replacement. */
export const UTF_8: Charset = {
  encode: (text) => {
    const bytes = Buffer.from(text, 'utf8');
    // Nearly all texts are ASCII, and a search in bytes costs a tenth of an expression over the characters.
    if (bytes.length === text.length || !bytes.includes(REPLACEMENT_BYTES)) return bytes;
    return Buffer.from(text.replace(LONE_SURROGATES, '?'), 'utf8');
  },
  decode: (bytes) => {
    const text = bytes.toString('utf8');
    if (!text.includes(REPLACEMENT)) return text;
    // Node.js takes each byte of it for a mistake of its own.
    return Buffer.from(bytes.toString('latin1').replace(ENCODED_SURROGATES, '\u00ff'), 'latin1').toString('utf8');
  },
};

/** Characters that the set lacks become a question mark. */
function singleByte(lacking: RegExp, mask: number): Charset {
  return {
    encode: (text) => Buffer.from(text.replace(lacking, '?'), 'latin1'),
    decode: (bytes) =>
      mask === 0xff ? bytes.toString('latin1') : bytes.toString('latin1').replace(/[\u0080-\u00ff]/g, REPLACEMENT),
  };
}

const LATIN_1 = singleByte(/[\ud800-\udbff][\udc00-\udfff]|[\u0100-\uffff]/g, 0xff);
const ASCII = singleByte(/[\ud800-\udbff][\udc00-\udfff]|[\u0080-\uffff]/g, 0x7f);

/** A pair, or what is none: a high half takes the next unit with it. */
const UNITS_TO_CHECK = /[\ud800-\udbff][\s\S]?|[\udc00-\udfff]/g;

function utf16Units(text: string, hasHalfUnit: boolean): string {
  let endsInHalf = false;
  const checked = text.replace(UNITS_TO_CHECK, (units: string, at: number) => {
    if (/^\P{Surrogate}$/u.test(units)) return units;
    endsInHalf = at === text.length - 1 && units < '\udc00';
    return REPLACEMENT;
  });
  // Half a unit after half a pair is one mistake with it.
  return hasHalfUnit && !endsInHalf ? checked + REPLACEMENT : checked;
}

export const UTF_16LE: Charset = {
  encode: (text) => Buffer.from(text.replace(LONE_SURROGATES, REPLACEMENT), 'utf16le'),
  decode: (bytes) => utf16Units(bytes.toString('utf16le'), bytes.length % 2 === 1),
};

export const UTF_16BE: Charset = {
  encode: (text) => Buffer.from(UTF_16LE.encode(text)).swap16(),
  decode: (bytes) => {
    const whole = Buffer.from(bytes.subarray(0, bytes.length & ~1)).swap16();
    return utf16Units(whole.toString('utf16le'), bytes.length % 2 === 1);
  },
};

/** With a byte order mark, unless it is empty; read as big-endian without one. */
const UTF_16: Charset = {
  encode: (text) => UTF_16BE.encode(text === '' ? '' : `\ufeff${text}`),
  decode: (bytes) => {
    if (bytes[0] === 0xff && bytes[1] === 0xfe) return UTF_16LE.decode(bytes.subarray(2));
    return UTF_16BE.decode(bytes[0] === 0xfe && bytes[1] === 0xff ? bytes.subarray(2) : bytes);
  },
};

const CHARSETS: ReadonlyMap<string, Charset> = new Map([
  ['UTF-8', UTF_8],
  ['UTF8', UTF_8],
  ['ISO-8859-1', LATIN_1],
  ['ISO8859_1', LATIN_1],
  ['LATIN1', LATIN_1],
  ['US-ASCII', ASCII],
  ['ASCII', ASCII],
  ['UTF-16', UTF_16],
  ['UTF-16LE', UTF_16LE],
  ['UTF-16BE', UTF_16BE],
]);

/** The names that {@link charsetOf} knows. */
export const CHARSET_NAMES: readonly string[] = [...CHARSETS.keys()];

/** By its Java name, in any case. Undefined for one that is not supported. */
export function charsetOf(name: string): Charset | undefined {
  return CHARSETS.get(name.toUpperCase());
}
