/*
 * Kafka's varints: the number in zigzag (0, -1, 1, -2, ... become 0, 1, 2, 3, ...), then seven bits a byte, lowest first, the
 * high bit set on all but the last. The writers return the position behind what they wrote; the caller makes the room.
 */

const INT32_MAX = 0x7fff_ffff;
// Zigzag doubles, and doubles are exact up to 2^53.
const EXACT_ZIGZAG_LIMIT = 2 ** 52;

/** Bytes that {@link writeVarint} takes for a number from 0 to 2^31-1. */
export function sizeOfVarint(value: number): number {
  if (value < 0x40) return 1;
  if (value < 0x2000) return 2;
  if (value < 0x10_0000) return 3;
  if (value < 0x800_0000) return 4;
  return 5;
}

/** Writes a number from 0 to 2^31-1. */
export function writeVarint(out: Uint8Array, at: number, value: number): number {
  let rest = (value << 1) >>> 0;
  while (rest > 0x7f) {
    out[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[at++] = rest;
  return at;
}

/** Bytes that {@link writeZigzag} takes for an integer of at most 64 bits. */
export function sizeOfZigzag(value: number): number {
  let magnitude = value < 0 ? -(value + 1) : value;
  let size = 1;
  while (magnitude >= 0x40) {
    magnitude = Math.floor(magnitude / 0x80);
    size++;
  }
  return size;
}

/** Writes an integer of either sign, exactly up to 2^54. */
export function writeZigzag(out: Uint8Array, at: number, value: number): number {
  if (value >= 0 && value <= INT32_MAX) return writeVarint(out, at, value);
  if (Math.abs(value) >= EXACT_ZIGZAG_LIMIT) return writeZigzag64(out, at, BigInt(value));
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  while (rest > 0x7f) {
    out[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  out[at++] = rest;
  return at;
}

function writeZigzag64(out: Uint8Array, at: number, value: bigint): number {
  let rest = value < 0n ? -2n * value - 1n : 2n * value;
  while (rest > 0x7fn) {
    out[at++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  out[at++] = Number(rest);
  return at;
}

/** Reads varints one after another. Past the end of its bytes it reads zeros: check `at` against the end of what was to be read. */
export class VarintReader {
  readonly bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  /** A zigzag integer of 32 bits. */
  readVarint(): number {
    const bytes = this.bytes;
    let byte = bytes[this.at++] as number;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let raw = byte & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      byte = bytes[this.at++] as number;
      raw |= (byte & 0x7f) << shift;
      if (!(byte >= 0x80)) return (raw >>> 1) ^ -(raw & 1);
    }
    return Number.NaN; // longer than 32 bits can be
  }

  /** A zigzag integer of 64 bits; inexact beyond 2^53. */
  readVarlong(): number {
    const bytes = this.bytes;
    const start = this.at;
    let byte = bytes[this.at++] as number;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let raw = byte & 0x7f;
    let scale = 0x80;
    // Seven bytes make 49 bits, which a double holds exactly.
    for (let n = 1; n < 7; n++) {
      byte = bytes[this.at++] as number;
      raw += (byte & 0x7f) * scale;
      if (!(byte >= 0x80)) return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
      scale *= 0x80;
    }
    return this.#readLongVarlong(start);
  }

  #readLongVarlong(start: number): number {
    let raw = 0n;
    for (let n = 0; n < 10; n++) {
      const byte = this.bytes[start + n] ?? 0;
      raw |= BigInt(byte & 0x7f) << BigInt(7 * n);
      if (byte < 0x80) {
        this.at = start + n + 1;
        return Number(BigInt.asIntN(64, (raw >> 1n) ^ -(raw & 1n)));
      }
    }
    return Number.NaN;
  }
}
