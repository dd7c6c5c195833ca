import { type Codec, MAX_DECOMPRESSED_BYTES } from './codec.ts';

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
      // An LZ4 block can't expand by more than 255, which bounds what a damaged frame makes the library allocate.
      if (records.length > MAX_DECOMPRESSED_BYTES) {
        throw new RangeError(`the LZ4 frame is larger than ${MAX_DECOMPRESSED_BYTES} bytes`);
      }
      const output = decompressFrameSync(asBuffer(records));
      if (output.length > MAX_DECOMPRESSED_BYTES) {
        throw new RangeError(`the LZ4 frame decompresses to more than ${MAX_DECOMPRESSED_BYTES} bytes`);
      }
      return output;
    },
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
