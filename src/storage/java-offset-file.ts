/**
 * The offset file of Kafka Connect's standalone worker: one `java.util.HashMap` of byte arrays in Java's serialization format
 * (Kafka Connect 4.1.1, FileOffsetBackingStore; Java Object Serialization Specification, protocol version 2). Just that subset is read
 * and written: nothing in a file can name a class to be loaded.
 */
import { defineErrorCode } from '../sdk/errors/codes.ts';
import { DataError } from '../sdk/errors/kinds.ts';

export const JAVA_OFFSETS_INVALID = defineErrorCode('holdfast.storage.offset.java-file-invalid', {
  what: "A file that was given as the offset file of Kafka Connect's standalone worker is none, or is cut off.",
  mend: 'Stop Kafka Connect, so that it writes its offsets once more, and take offset.storage.file.filename of its worker.',
});

const OBJECT = 0x73;
const CLASS_DESC = 0x72;
const ARRAY = 0x75;
const REFERENCE = 0x71;
const NULL = 0x70;
const BLOCK_DATA = 0x77;
const END_BLOCK_DATA = 0x78;
const FIRST_HANDLE = 0x7e_0000;
const LOAD_FACTOR = 0.75;

/** Magic and version, and the descriptor of java.util.HashMap up to its fields. */
const HEADER = Buffer.concat([
  Buffer.from([0xac, 0xed, 0x00, 0x05, OBJECT, CLASS_DESC]),
  utf('java.util.HashMap'),
  Buffer.from('0507dac1c31660d1', 'hex'),
  // SC_WRITE_METHOD | SC_SERIALIZABLE; two fields.
  Buffer.from([0x03, 0x00, 0x02, 0x46]),
  utf('loadFactor'),
  Buffer.from('I'),
  utf('threshold'),
  Buffer.from([END_BLOCK_DATA, NULL]),
]);

/** The descriptor of `byte[]`, written with the first array; later ones refer to it. */
const BYTE_ARRAY = Buffer.concat([
  Buffer.from([CLASS_DESC]),
  utf('[B'),
  Buffer.from('acf317f8060854e0', 'hex'),
  Buffer.from([0x02, 0x00, 0x00, END_BLOCK_DATA, NULL]),
]);
/** The map's descriptor and the map come before it. */
const BYTE_ARRAY_HANDLE = FIRST_HANDLE + 2;

/** Whether the content starts as everything that Java serializes does. */
export function isJavaSerialized(content: Uint8Array): boolean {
  return content.length >= 2 && content[0] === 0xac && content[1] === 0xed;
}

/**
 * Keys and values as text, in the file's order; an entry whose value is null was reset, and is left out. An empty file holds none.
 * @throws DataError `holdfast.storage.offset.java-file-invalid` that names the place.
 */
export function decodeJavaOffsets(content: Uint8Array): Map<string, string> {
  const offsets = new Map<string, string>();
  if (content.length === 0) return offsets;
  const reader = new Reader(content);
  reader.expect(HEADER, 'a java.util.HashMap');
  reader.skip(8);
  reader.expect(Buffer.from([BLOCK_DATA, 8]), 'the size of the map');
  reader.skip(4);
  const size = reader.int();
  for (let i = 0; i < size; i++) {
    const key = reader.bytes();
    const value = reader.bytes();
    if (key !== null && value !== null) offsets.set(reader.text(key), reader.text(value));
  }
  reader.expect(Buffer.from([END_BLOCK_DATA]), 'the end of the map');
  reader.expectEnd();
  return offsets;
}

/** The file as Java writes it, up to the order of the entries. */
export function encodeJavaOffsets(offsets: ReadonlyMap<string, string>): Buffer {
  let capacity = 16;
  while (capacity * LOAD_FACTOR < offsets.size) capacity *= 2;
  const sizes = Buffer.alloc(18);
  sizes.writeFloatBE(LOAD_FACTOR, 0);
  sizes.writeInt32BE(capacity * LOAD_FACTOR, 4);
  sizes.writeUInt8(BLOCK_DATA, 8);
  sizes.writeUInt8(8, 9);
  sizes.writeInt32BE(capacity, 10);
  sizes.writeInt32BE(offsets.size, 14);
  const pieces: Uint8Array[] = [HEADER, sizes];
  const reference = Buffer.alloc(5);
  reference.writeUInt8(REFERENCE, 0);
  reference.writeInt32BE(BYTE_ARRAY_HANDLE, 1);
  let descriptor = BYTE_ARRAY;
  for (const text of [...offsets].flat()) {
    const bytes = Buffer.from(text, 'utf8');
    const length = Buffer.alloc(4);
    length.writeInt32BE(bytes.length, 0);
    pieces.push(Buffer.from([ARRAY]), descriptor, length, bytes);
    descriptor = reference;
  }
  pieces.push(Buffer.from([END_BLOCK_DATA]));
  return Buffer.concat(pieces);
}

/** A length of two bytes and the characters, all of them ASCII. */
function utf(text: string): Buffer {
  return Buffer.concat([Buffer.from([0, text.length]), Buffer.from(text)]);
}

class Reader {
  private readonly content: Buffer;
  private at = 0;
  /** By handle, from that of `byte[]`'s descriptor on, which is no array. */
  private readonly arrays: (Buffer | null)[] = [];

  constructor(content: Uint8Array) {
    this.content = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  }

  expect(bytes: Buffer, what: string): void {
    const found = this.content.subarray(this.at, this.at + bytes.length);
    if (!found.equals(bytes)) throw this.invalid(`it has no ${what}`.replace('no a ', 'no ').replace('no the ', 'no '));
    this.at += bytes.length;
  }

  expectEnd(): void {
    if (this.at < this.content.length) throw this.invalid('something follows the map');
  }

  skip(length: number): void {
    this.take(length);
  }

  int(): number {
    const value = this.take(4).readInt32BE(0);
    if (value < 0) throw this.invalid(`it has the length ${value}`);
    return value;
  }

  /** A byte array, one that was read before, or null. */
  bytes(): Buffer | null {
    const tag = this.take(1).readUInt8(0);
    if (tag === NULL) return null;
    if (tag === REFERENCE) return this.earlier();
    if (tag !== ARRAY) throw this.invalid('it holds something else than byte arrays');
    this.descriptor();
    const array = this.take(this.int());
    this.arrays.push(array);
    return array;
  }

  text(bytes: Buffer): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw this.invalid('a key or a value is not UTF-8');
    }
  }

  private descriptor(): void {
    if (this.arrays.length === 0) {
      this.expect(BYTE_ARRAY, 'byte arrays as keys and values');
      this.arrays.push(null);
      return;
    }
    const tag = this.take(1).readUInt8(0);
    if (tag !== REFERENCE || this.take(4).readInt32BE(0) !== BYTE_ARRAY_HANDLE) {
      throw this.invalid('it holds something else than byte arrays');
    }
  }

  private earlier(): Buffer {
    const array = this.arrays[this.take(4).readInt32BE(0) - BYTE_ARRAY_HANDLE];
    if (array === undefined || array === null) throw this.invalid('it refers to something that is no byte array');
    return array;
  }

  private take(length: number): Buffer {
    if (this.at + length > this.content.length) throw this.invalid('it is cut off');
    this.at += length;
    return this.content.subarray(this.at - length, this.at);
  }

  private invalid(why: string): DataError {
    return new DataError(
      `This is no offset file of Kafka Connect's standalone worker: ${why}, at byte ${this.at} of ${this.content.length}.`,
      { code: JAVA_OFFSETS_INVALID },
    );
  }
}
