/** Reading Avro's binary encoding. Every read is checked against the end, so that garbage is an error and never a long loop. */
import { DataError } from '../../sdk/errors/index.ts';

/** Node's own decoder behind `toString('utf8', …)`, without the checks that precede it. Its range is checked here. */
interface Utf8Buffer extends Buffer {
  utf8Slice(start: number, end: number): string;
}

const LONG = new BigInt64Array(1);
const HALVES = new Int32Array(LONG.buffer);
const [LOW, HIGH] = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? [0, 1] : [1, 0];
const NOTHING = Buffer.alloc(0) as Utf8Buffer;
/** Elements that take no bytes, of which a few garbage bytes could announce billions. */
const MAX_EMPTY_ELEMENTS = 1_000_000;

/** Reads values one after the other. All methods throw DataError for what is no valid encoding. */
export class AvroInput {
  private buffer: Utf8Buffer = NOTHING;
  private position = 0;
  private end = 0;

  /** From where on to read; nothing of the bytes is kept after `release`. */
  begin(buffer: Buffer, offset: number): void {
    this.buffer = buffer as Utf8Buffer;
    this.position = offset;
    this.end = buffer.length;
  }

  release(): void {
    this.buffer = NOTHING;
    this.position = 0;
    this.end = 0;
  }

  readBoolean(): boolean {
    if (this.position >= this.end) throw ended();
    return this.buffer[this.position++] === 1;
  }

  /** A 32-bit integer. */
  readInt(): number {
    const { buffer, end } = this;
    let position = this.position;
    let zigzag = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (position >= end) throw ended();
      const byte = buffer[position++] ?? 0;
      zigzag |= (byte & 127) << shift;
      if (byte < 128) {
        this.position = position;
        return (zigzag >>> 1) ^ -(zigzag & 1);
      }
    }
    throw new DataError('Invalid int encoding');
  }

  /** A 64-bit integer. */
  readLong(): bigint {
    this.readHalves();
    return LONG[0] ?? 0n;
  }

  /** As `readLong`; beyond 2^53 the nearest number. */
  readLongAsNumber(): number {
    this.readHalves();
    return (HALVES[HIGH] ?? 0) * 4294967296 + ((HALVES[LOW] ?? 0) >>> 0);
  }

  readFloat(): number {
    const at = this.take(4);
    return this.buffer.readFloatLE(at);
  }

  readDouble(): number {
    const at = this.take(8);
    return this.buffer.readDoubleLE(at);
  }

  readString(): string {
    const length = this.readLength();
    const at = this.take(length);
    return this.buffer.utf8Slice(at, at + length);
  }

  skipString(): void {
    this.take(this.readLength());
  }

  /** A copy: what a record holds must not keep the fetched batch alive. */
  readBytes(): Buffer {
    return this.readFixed(this.readLength());
  }

  readFixed(size: number): Buffer {
    const at = this.take(size);
    return Buffer.from(this.buffer.subarray(at, at + size));
  }

  /** The rest, whatever it is. */
  readRest(): Buffer {
    return this.readFixed(this.end - this.position);
  }

  /** How many elements the next block of an array or map has; 0 at the end. */
  readBlockCount(isEmptyElement: boolean): number {
    let count = this.readLongAsNumber();
    if (count < 0) {
      count = -count;
      // The block's size in bytes, for those who skip it.
      this.readLongAsNumber();
    }
    // An element takes a byte at least, unless it is of a type without content.
    if (count > (isEmptyElement ? MAX_EMPTY_ELEMENTS : this.end - this.position)) {
      throw new DataError(`Malformed data: a block of ${count} elements goes beyond the end`);
    }
    return count;
  }

  private readLength(): number {
    const length = this.readLongAsNumber();
    if (length < 0) throw new DataError(`Malformed data. Length is negative: ${length}`);
    return length;
  }

  private take(size: number): number {
    const at = this.position;
    if (this.end - at < size) throw ended();
    this.position = at + size;
    return at;
  }

  /** Leaves the number in LONG. */
  private readHalves(): void {
    const { buffer, end } = this;
    let position = this.position;
    let lower = 0;
    let upper = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (position >= end) throw ended();
      const byte = buffer[position++] ?? 0;
      const bits = byte & 127;
      if (shift < 28) lower |= bits << shift;
      else if (shift === 28) {
        lower |= bits << 28;
        upper = bits >>> 4;
      } else upper |= bits << (shift - 32);
      if (byte < 128) {
        this.position = position;
        const sign = -(lower & 1);
        HALVES[LOW] = ((lower >>> 1) | (upper << 31)) ^ sign;
        HALVES[HIGH] = (upper >>> 1) ^ sign;
        return;
      }
    }
    throw new DataError('Invalid long encoding');
  }
}

function ended(): DataError {
  return new DataError('The record ends within a value: it is truncated, or of another schema than its id says.');
}
