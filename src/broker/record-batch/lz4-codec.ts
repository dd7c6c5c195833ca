import { type Codec, MAX_DECOMPRESSED_BYTES } from './codec.ts';

const LZ4_FRAME_MAGIC = 0x184d2204;
// A block's last bytes can each stand for 255 at most.
const MAX_EXPANSION = 255;

/**
 * Opens the LZ4 codec over the npm package `lz4-napi`. Batches of magic 2 hold a plain LZ4 frame; Kafka's reader wants its
 * blocks independent of one another, which is this library's default.
 */
export async function openLz4Codec(): Promise<Codec> {
  const { compressFrameSync, decompressFrameSync } = await import('lz4-napi');
  return {
    name: 'lz4',
    compress: (records) => compressFrameSync(asBuffer(records)),
    decompress(records) {
      const frame = asBuffer(records);
      // The library has no limit to be told, so that one is held beforehand.
      if (decompressedBound(frame) > MAX_DECOMPRESSED_BYTES) {
        throw new RangeError(`the LZ4 frame may decompress to more than ${MAX_DECOMPRESSED_BYTES} bytes`);
      }
      return decompressFrameSync(frame);
    },
  };
}

/**
 * The most that a frame can decompress to, from the sizes of its blocks (LZ4 frame format 1.6): magic, FLG, BD, content size if
 * FLG says so, dictionary id likewise, checksum; then blocks, each of a 32-bit size (highest bit: stored as it is), its data and
 * a checksum if FLG says so; a size of 0 ends them. What is no frame is left to the library to refuse.
 */
function decompressedBound(frame: Buffer): number {
  if (frame.length < 7 || frame.readUInt32LE(0) !== LZ4_FRAME_MAGIC) return 0;
  const flags = frame.readUInt8(4);
  const maxBlock = 1 << (8 + 2 * ((frame.readUInt8(5) >> 4) & 7)); // 4: 64 KiB to 7: 4 MiB
  const checksumBytes = flags & 0x10 ? 4 : 0;
  const hasContentSize = (flags & 0x08) !== 0;
  if (hasContentSize && frame.length >= 14 && frame.readBigUInt64LE(6) > MAX_DECOMPRESSED_BYTES)
    return Number.MAX_VALUE;
  let at = 7 + (hasContentSize ? 8 : 0) + (flags & 0x01 ? 4 : 0);
  let bound = 0;
  while (at + 4 <= frame.length) {
    const size = frame.readUInt32LE(at) & 0x7fff_ffff;
    if (size === 0) break;
    bound += Math.min(maxBlock, size * MAX_EXPANSION);
    at += 4 + size + checksumBytes;
  }
  return bound;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
