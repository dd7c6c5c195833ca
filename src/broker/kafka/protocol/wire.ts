/** Writes Kafka's request bodies, in the classic encoding or (compact, tags) the flexible one of KIP-482, into one growing buffer. */
export class WireWriter {
  private buffer: Buffer;
  private at = 0;

  constructor(initialBytes = 256) {
    this.buffer = Buffer.allocUnsafe(initialBytes);
  }

  int8(value: number): this {
    this.room(1);
    this.at = this.buffer.writeInt8(value, this.at);
    return this;
  }

  bool(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  int16(value: number): this {
    this.room(2);
    this.at = this.buffer.writeInt16BE(value, this.at);
    return this;
  }

  int32(value: number): this {
    this.room(4);
    this.at = this.buffer.writeInt32BE(value, this.at);
    return this;
  }

  /** A whole number within 2^53. */
  int64(value: number): this {
    this.room(8);
    const high = Math.floor(value / 0x1_0000_0000);
    this.buffer.writeInt32BE(high, this.at);
    this.buffer.writeUInt32BE(value - high * 0x1_0000_0000, this.at + 4);
    this.at += 8;
    return this;
  }

  string(value: string): this {
    const length = Buffer.byteLength(value);
    if (length > 0x7fff) throw new RangeError(`A string of ${length} bytes does not fit a Kafka request.`);
    this.int16(length);
    this.room(length);
    this.at += this.buffer.write(value, this.at);
    return this;
  }

  nullableString(value: string | null): this {
    return value === null ? this.int16(-1) : this.string(value);
  }

  bytes(value: Uint8Array): this {
    this.int32(value.length);
    this.room(value.length);
    this.buffer.set(value, this.at);
    this.at += value.length;
    return this;
  }

  nullableBytes(value: Uint8Array | null): this {
    return value === null ? this.int32(-1) : this.bytes(value);
  }

  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }

  unsignedVarint(value: number): this {
    let left = value;
    while (left > 0x7f) {
      this.int8(((left & 0x7f) | 0x80) - 0x100);
      left >>>= 7;
    }
    return this.int8(left);
  }

  compactString(value: string): this {
    const length = Buffer.byteLength(value);
    this.unsignedVarint(length + 1).room(length);
    this.at += this.buffer.write(value, this.at);
    return this;
  }

  compactArray<T>(items: readonly T[], write: (item: T) => void): this {
    this.unsignedVarint(items.length + 1);
    for (const item of items) write(item);
    return this;
  }

  /** Writes no tagged field. */
  tags(): this {
    return this.unsignedVarint(0);
  }

  /** A view of what was written; the writer is not used afterwards. */
  done(): Buffer {
    return this.buffer.subarray(0, this.at);
  }

  private room(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.at + bytes, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.at);
    this.buffer = grown;
  }
}

/**
 * Reads the classic encoding of Kafka's answers, and (compact, tags) the flexible one. Bytes come as views into the answer. A 64-bit number beyond 2^53 throws a
 * RangeError, as does reading past the end.
 */
export class WireReader {
  private readonly buffer: Buffer;
  private at: number;

  constructor(buffer: Buffer, at = 0) {
    this.buffer = buffer;
    this.at = at;
  }

  get remaining(): number {
    return this.buffer.length - this.at;
  }

  int8(): number {
    const value = this.buffer.readInt8(this.at);
    this.at += 1;
    return value;
  }

  bool(): boolean {
    return this.int8() !== 0;
  }

  int16(): number {
    const value = this.buffer.readInt16BE(this.at);
    this.at += 2;
    return value;
  }

  int32(): number {
    const value = this.buffer.readInt32BE(this.at);
    this.at += 4;
    return value;
  }

  int64(): number {
    const value = this.buffer.readInt32BE(this.at) * 0x1_0000_0000 + this.buffer.readUInt32BE(this.at + 4);
    if (!Number.isSafeInteger(value)) {
      throw new RangeError(`The broker answered with ${this.buffer.readBigInt64BE(this.at)}, which lies beyond 2^53.`);
    }
    this.at += 8;
    return value;
  }

  string(): string {
    const value = this.nullableString();
    return value ?? '';
  }

  nullableString(): string | null {
    const length = this.int16();
    if (length < 0) return null;
    const value = this.slice(length).toString('utf8');
    return value;
  }

  bytes(): Buffer {
    return this.nullableBytes() ?? EMPTY;
  }

  nullableBytes(): Buffer | null {
    const length = this.int32();
    return length < 0 ? null : this.slice(length);
  }

  /** A null array reads as an empty one. */
  array<T>(read: () => T): T[] {
    const length = this.int32();
    const items: T[] = [];
    for (let n = 0; n < length; n++) items.push(read());
    return items;
  }

  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.int8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte >= 0) return value;
    }
    throw new RangeError('A length in an answer of the broker takes more than 5 bytes.');
  }

  nullableCompactString(): string | null {
    const length = this.unsignedVarint() - 1;
    return length < 0 ? null : this.slice(length).toString('utf8');
  }

  /** A null array reads as an empty one. */
  compactArray<T>(read: () => T): T[] {
    const length = this.unsignedVarint() - 1;
    const items: T[] = [];
    for (let n = 0; n < length; n++) items.push(read());
    return items;
  }

  uuid(): Buffer {
    return this.slice(16);
  }

  /** Passes over tagged fields. */
  tags(): void {
    for (let left = this.unsignedVarint(); left > 0; left--) {
      this.unsignedVarint();
      this.slice(this.unsignedVarint());
    }
  }

  private slice(length: number): Buffer {
    const end = this.at + length;
    if (end > this.buffer.length)
      throw new RangeError(`An answer of the broker ends ${end - this.buffer.length} bytes early.`);
    const value = this.buffer.subarray(this.at, end);
    this.at = end;
    return value;
  }
}

const EMPTY = Buffer.alloc(0);
