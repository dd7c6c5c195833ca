/** Writing Avro's binary encoding into slabs that many records share. */
import { asBuffer } from '../converter-config.ts';

const SLAB_BYTES = 64 * 1024;
/** Above this the native encoder beats a loop; below 64, so that the length takes one byte. */
const SHORT_TEXT = 48;

/** Node's own encoder behind `write(…, 'utf8')`, without the checks that precede it. The range is made sure of here. */
interface Utf8Buffer extends Buffer {
  utf8Write(text: string, offset: number, length: number): number;
}

// A bigint is split into halves by writing it here: far cheaper than shifting bigints.
const LONG = new BigInt64Array(1);
const HALVES = new Int32Array(LONG.buffer);
const [LOW, HIGH] = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? [0, 1] : [1, 0];

/** Appends values. `begin` starts a record, `finish` gives its bytes; a record never spans two slabs. */
export class AvroOutput {
  private buffer: Utf8Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES) as Utf8Buffer;
  private start = 0;
  private position = 0;

  /** Starts a record with `00` and the id. */
  begin(schemaId: number): void {
    if (SLAB_BYTES - this.position < 512 || this.buffer.length !== SLAB_BYTES) {
      // What was handed out keeps the old slab alive; nothing writes to it any more.
      this.buffer = Buffer.allocUnsafeSlow(SLAB_BYTES) as Utf8Buffer;
      this.position = 0;
    }
    this.start = this.position;
    const { buffer } = this;
    buffer[this.position++] = 0;
    buffer[this.position++] = schemaId >>> 24;
    buffer[this.position++] = schemaId >>> 16;
    buffer[this.position++] = schemaId >>> 8;
    buffer[this.position++] = schemaId;
  }

  /** The record's bytes; the caller's to keep. */
  finish(): Buffer {
    return this.buffer.subarray(this.start, this.position);
  }

  /** Takes back what was written of a record that failed. */
  abandon(): void {
    this.position = this.start;
  }

  writeBoolean(value: boolean): void {
    this.ensure(1);
    this.buffer[this.position++] = value ? 1 : 0;
  }

  /** One byte below 128, as are the indexes of small unions. */
  writeByte(value: number): void {
    this.ensure(1);
    this.buffer[this.position++] = value;
  }

  /** A 32-bit integer, zigzag encoded. */
  writeInt(value: number): void {
    this.ensure(5);
    const { buffer } = this;
    let position = this.position;
    let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
    while (zigzag > 127) {
      buffer[position++] = (zigzag & 127) | 128;
      zigzag >>>= 7;
    }
    buffer[position++] = zigzag;
    this.position = position;
  }

  /** A 64-bit integer, zigzag encoded; larger ones lose their high bits. */
  writeLong(value: bigint): void {
    LONG[0] = value;
    this.writeHalves(HALVES[LOW] ?? 0, HALVES[HIGH] ?? 0);
  }

  /** As `writeLong`, for an integer that a number holds exactly. */
  writeSafeInteger(value: number): void {
    if ((value | 0) === value) this.writeInt(value);
    else this.writeHalves(value | 0, Math.floor(value / 4294967296));
  }

  writeFloat(value: number): void {
    this.ensure(4);
    this.position = this.buffer.writeFloatLE(value, this.position);
  }

  writeDouble(value: number): void {
    this.ensure(8);
    this.position = this.buffer.writeDoubleLE(value, this.position);
  }

  writeString(text: string): void {
    const { length } = text;
    if (length <= SHORT_TEXT && this.writeShortAscii(text, length)) return;
    const size = Buffer.byteLength(text, 'utf8');
    this.writeSafeInteger(size);
    this.ensure(size);
    this.buffer.utf8Write(text, this.position, size);
    this.position += size;
  }

  /** With the length in front. */
  writeBytes(bytes: Uint8Array): void {
    this.writeSafeInteger(bytes.length);
    this.writeFixed(bytes);
  }

  writeFixed(bytes: Uint8Array): void {
    this.ensure(bytes.length);
    asBuffer(bytes).copy(this.buffer, this.position);
    this.position += bytes.length;
  }

  /** False, and nothing written, if a character is none of ASCII. */
  private writeShortAscii(text: string, length: number): boolean {
    this.ensure(length + 1);
    const { buffer } = this;
    let position = this.position;
    buffer[position++] = length << 1;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 127) return false;
      buffer[position++] = code;
    }
    this.position = position;
    return true;
  }

  private writeHalves(low: number, high: number): void {
    this.ensure(10);
    const { buffer } = this;
    let position = this.position;
    const sign = high >> 31;
    let upper = (((high << 1) | (low >>> 31)) ^ sign) >>> 0;
    let lower = ((low << 1) ^ sign) >>> 0;
    while (upper !== 0) {
      buffer[position++] = (lower & 127) | 128;
      lower = ((lower >>> 7) | (upper << 25)) >>> 0;
      upper >>>= 7;
    }
    while (lower > 127) {
      buffer[position++] = (lower & 127) | 128;
      lower >>>= 7;
    }
    buffer[position++] = lower;
    this.position = position;
  }

  private ensure(size: number): void {
    if (this.buffer.length - this.position < size) this.grow(size);
  }

  /** Moves the record to a larger slab of its own. */
  private grow(size: number): void {
    const written = this.position - this.start;
    const larger = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, (written + size) * 2));
    this.buffer.copy(larger, 0, this.start, this.position);
    this.buffer = larger as Utf8Buffer;
    this.start = 0;
    this.position = written;
  }
}
