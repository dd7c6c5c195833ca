/** What differs between texts of Java and ours without a difference in what they say. */

/** Java shows bytes by their identity, ours as it shows a buffer. */
const BYTES_AS_TEXT = /\[B@[0-9a-f]+|java\.nio\.HeapByteBuffer\[[^\]]*\]/g;
const NUMERAL = /-?\d+\.\d+(?:E-?\d+)?/g;

/**
 * True for answers, as JSON, that differ in nothing but
 * - the texts of byte arrays, which in Java name the identity of an object;
 * - the digits of floating-point numbers, which both are read back as the same number: before its version 19 Java did not always print
 *   the shortest ones (JDK-4511638).
 */
export function sameButForTexts(ours: string, theirs: string): boolean {
  // Characters of two bytes.
  const [us, them] = [ours, theirs].map((each) => each.replaceAll('\\u0000', '').replaceAll(BYTES_AS_TEXT, '[B'));
  if (us?.replace(NUMERAL, '#') !== them?.replace(NUMERAL, '#')) return false;
  const right = them?.match(NUMERAL) ?? [];
  return (us?.match(NUMERAL) ?? []).every((each, index) => {
    const [a, b] = [Number(each), Number(right[index])];
    return a === b || Math.fround(a) === Math.fround(b);
  });
}
