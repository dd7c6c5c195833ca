import { type Codec, MAX_DECOMPRESSED_BYTES } from './codec.ts';

/*
 * Kafka's Java client compresses with snappy-java's SnappyOutputStream: a 16-byte header, then blocks, each a big-endian int32
 * length and that many bytes of raw snappy. Some clients write one raw block without any framing; brokers take both.
 */
const XERIAL_HEADER = Buffer.from([
  0x82,
  0x53,
  0x4e,
  0x41,
  0x50,
  0x50,
  0x59,
  0, // "\x82SNAPPY\0"
  0,
  0,
  0,
  1, // version
  0,
  0,
  0,
  1, // oldest version that can read it
]);
const XERIAL_MAGIC_BYTES = 8;
const BLOCK_BYTES = 32 * 1024; // as the Java client, whose readers size their buffers by it

/** Opens the snappy codec over the npm package `snappy`. */
export async function openSnappyCodec(): Promise<Codec> {
  const { compressSync, uncompressSync } = await import('snappy');

  const uncompress = (block: Uint8Array, room: number): Buffer => {
    const size = uncompressedSize(block);
    if (size > room) throw new RangeError(`the snappy data decompresses to more than ${MAX_DECOMPRESSED_BYTES} bytes`);
    return uncompressSync(block, { asBuffer: true }) as Buffer;
  };

  return {
    name: 'snappy',
    compress(records) {
      const parts: Uint8Array[] = [XERIAL_HEADER];
      for (let at = 0; at < records.length; at += BLOCK_BYTES) {
        const block = compressSync(records.subarray(at, at + BLOCK_BYTES));
        const length = Buffer.allocUnsafe(4);
        length.writeInt32BE(block.length);
        parts.push(length, block);
      }
      return Buffer.concat(parts);
    },
    decompress(records) {
      const input = Buffer.from(records.buffer, records.byteOffset, records.byteLength);
      if (!hasXerialHeader(input, 0)) return uncompress(input, MAX_DECOMPRESSED_BYTES);
      const blocks: Buffer[] = [];
      let total = 0;
      let at = 0;
      while (at < input.length) {
        // Streams written after one another repeat the header.
        if (hasXerialHeader(input, at)) {
          at += XERIAL_HEADER.length;
          continue;
        }
        if (at + 4 > input.length) throw new RangeError('the snappy data ends inside the length of a block');
        const length = input.readInt32BE(at);
        at += 4;
        if (length < 0 || length > input.length - at) {
          throw new RangeError(`the snappy data names a block of ${length} bytes where ${input.length - at} are left`);
        }
        const block = uncompress(input.subarray(at, at + length), MAX_DECOMPRESSED_BYTES - total);
        blocks.push(block);
        total += block.length;
        at += length;
      }
      return blocks.length === 1 ? (blocks[0] as Buffer) : Buffer.concat(blocks, total);
    },
  };
}

function hasXerialHeader(input: Buffer, at: number): boolean {
  return (
    input.length - at >= XERIAL_HEADER.length &&
    input.compare(XERIAL_HEADER, 0, XERIAL_MAGIC_BYTES, at, at + XERIAL_MAGIC_BYTES) === 0
  );
}

/** The size a raw snappy block states first, as a varint: read beforehand, so that nothing is allocated for a lie. */
function uncompressedSize(block: Uint8Array): number {
  let size = 0;
  for (let n = 0; n < 5; n++) {
    const byte = block[n];
    if (byte === undefined) break;
    size += (byte & 0x7f) * 2 ** (7 * n);
    if (byte < 0x80) return size;
  }
  throw new RangeError('the snappy data does not begin with its size');
}
