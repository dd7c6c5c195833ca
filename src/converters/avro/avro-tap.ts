/**
 * avsc's cursor over the bytes of a record. Every byte of a value is read and written by it and by avsc's types; added here are the checks
 * that make garbage an error and never a long loop, and 64-bit integers as bigints.
 */
import avro, { type Type } from 'avsc';
import { DataError } from '../../sdk/errors/index.ts';
import { asBuffer } from '../converter-config.ts';

/**
 * What avsc's types read from and write to. None of its methods throws at the end of the bytes: reads give nothing, writes write nothing,
 * and the position goes on, so that it has to be looked at afterwards. avsc leaves it out of its declarations; its version is pinned.
 */
export interface AvroTap {
  readonly buf: Buffer;
  pos: number;
  readBoolean(): boolean;
  readFloat(): number;
  readDouble(): number;
  /** Any integer, not only of 32 bits; rounded beyond 2^53. */
  readLong(): number;
  /** Undefined beyond the end. */
  readString(): string | undefined;
  /** A copy, so that what a record holds does not keep the fetched batch alive. Undefined beyond the end. */
  readFixed(size: number): Buffer | undefined;
  skipLong(): void;
  writeBoolean(value: boolean): void;
  writeLong(value: number): void;
  writeDouble(value: number): void;
  writeString(text: string): void;
  writeFixed(bytes: Buffer, size: number): void;
}

/** Reads one value: a type of avsc, or ours in its place where Connect's values are other than avsc's. Throws DataError for garbage. */
export interface TapReader {
  _read(tap: AvroTap): unknown;
}

/** Writes one value, as `TapReader` reads it. Throws if the value does not fit; what was written before stays. */
export interface TapWriter {
  _write(tap: AvroTap, value: unknown): void;
}

/** avsc's type, with the two methods that its declarations leave out. */
export function codecOf(type: Type): TapReader & TapWriter {
  return type as unknown as TapReader & TapWriter;
}

// A number is made of a bigint, and the reverse, by way of its halves: far cheaper than converting.
const LONG = new BigInt64Array(1);
const HALVES = new Int32Array(LONG.buffer);
const [LOW, HIGH] = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? [0, 1] : [1, 0];
/** Up to here twice the value, which is what stands in the bytes, is exact as a number. */
const EXACT = 2 ** 52;

/** Avro's long as a bigint: avsc's own extension point, by which it hands over the eight bytes. */
export const LONG_TYPE: Type = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint' && BigInt.asIntN(64, value) === value,
  compare: (one: bigint, other: bigint) => (one === other ? 0 : one < other ? -1 : 1),
});
const LONG_CODEC = codecOf(LONG_TYPE);

/** A 64-bit integer. */
export function readLong(tap: AvroTap): bigint {
  const start = tap.pos;
  const value = tap.readLong();
  if (tap.pos - start > 10) throw new DataError('Invalid long encoding');
  if (value < EXACT && value > -EXACT) {
    HALVES[LOW] = value;
    HALVES[HIGH] = Math.floor(value / 4294967296);
    return LONG[0] ?? 0n;
  }
  tap.pos = start;
  return LONG_CODEC._read(tap) as bigint;
}

/** A bigint of 64 bits at most. */
export function writeLong(tap: AvroTap, value: bigint): void {
  LONG[0] = value;
  const high = HALVES[HIGH] ?? 0;
  if (high < 0x100000 && high >= -0x100000) tap.writeLong(high * 4294967296 + ((HALVES[LOW] ?? 0) >>> 0));
  else LONG_CODEC._write(tap, value);
}

/** A 32-bit integer. */
export function readInt(tap: AvroTap): number {
  const start = tap.pos;
  const value = tap.readLong();
  if ((value | 0) !== value || tap.pos - start > 5) throw new DataError('Invalid int encoding');
  return value;
}

/** Text with half a surrogate pair, which UTF-8 has no form for, gets a replacement character there: avsc would write invalid UTF-8. */
export function writeString(tap: AvroTap, text: string): void {
  const start = tap.pos;
  tap.writeString(text);
  // Longer than the text and its length are in ASCII.
  if (tap.pos - start <= text.length + 2) return;
  // In every Node that runs this, but not in the declarations of ES2023.
  const wellFormed = (text as string & { toWellFormed(): string }).toWellFormed();
  if (wellFormed === text) return;
  tap.pos = start;
  tap.writeString(wellFormed);
}

/** With the length in front. */
export function writeBytes(tap: AvroTap, bytes: Uint8Array): void {
  tap.writeLong(bytes.length);
  writeFixed(tap, bytes);
}

export function writeFixed(tap: AvroTap, bytes: Uint8Array): void {
  if (bytes.length > 0) tap.writeFixed(asBuffer(bytes), bytes.length);
}

export function readBytes(tap: AvroTap, size: number): Buffer {
  const bytes = size >= 0 ? tap.readFixed(size) : undefined;
  if (bytes === undefined) throw ended();
  return bytes;
}

/** Elements that take no bytes, of which a few garbage bytes could announce billions. */
const MAX_EMPTY_ELEMENTS = 1_000_000;

/** How many elements the next block of an array or map has; 0 at the end. `known` are those of the blocks before. */
export function readBlockCount(tap: AvroTap, isEmptyElement: boolean, known: number): number {
  let count = tap.readLong();
  if (count < 0) {
    count = -count;
    // The block's size in bytes, for those who skip it.
    tap.skipLong();
  }
  // An element takes a byte at least, unless it is of a type without content. Written so that NaN, which garbage can give, is refused.
  const limit = isEmptyElement ? MAX_EMPTY_ELEMENTS - known : tap.buf.length - tap.pos;
  if (count <= limit) return count;
  throw new DataError(`Malformed data: a block of ${count} elements goes beyond the end`);
}

/** Throws if more was read than is there. To be asked once per record and per value of unknown length, so that garbage ends soon. */
export function checkEnd(tap: AvroTap): void {
  if (!(tap.pos <= tap.buf.length)) throw ended();
}

export function badBranch(index: number): DataError {
  return new DataError(`Malformed data: union index ${index} is out of range`);
}

export function ended(): DataError {
  return new DataError('The record ends within a value: it is truncated, or of another schema than its id says.');
}

/** A whole record as a type of avsc, which its `decode` and `encode` go through. */
export class ConnectType extends avro.types.LogicalType {
  private readonly codec: Partial<TapReader & TapWriter>;

  constructor(type: Type, codec: Partial<TapReader & TapWriter>) {
    super(type);
    this.codec = codec;
  }

  _read(tap: AvroTap): unknown {
    return this.codec._read?.(tap);
  }

  _write(tap: AvroTap, value: unknown): void {
    this.codec._write?.(tap, value);
  }
}
