import * as zlib from 'node:zlib';
import { type Codec, MAX_DECOMPRESSED_BYTES } from './codec.ts';

/** The part of node:zlib that Node has from 22.15 on, and the type declarations of Node 20 lack. */
interface ZlibWithZstd {
  zstdCompressSync?(input: Uint8Array): Buffer;
  zstdDecompressSync?(input: Uint8Array, options: { readonly maxOutputLength: number }): Buffer;
}

const ZSTD_MAGIC = 0xfd2fb528;
const FIRST_GUESS_BYTES = 1024 * 1024;

/** Opens the Zstandard codec: Node's own where it has one (22.15 and later), else the npm package `@bokuweb/zstd-wasm`. */
export async function openZstdCodec(): Promise<Codec> {
  const { zstdCompressSync, zstdDecompressSync } = zlib as ZlibWithZstd;
  if (zstdCompressSync === undefined || zstdDecompressSync === undefined) return openWasmZstdCodec();
  return {
    name: 'zstd',
    compress: (records) => zstdCompressSync(records),
    decompress: (records) => zstdDecompressSync(records, { maxOutputLength: MAX_DECOMPRESSED_BYTES }),
  };
}

/** Kept with the library itself, which a process has once, however many copies of this module it has. */
const STARTED = Symbol.for('holdfast.zstd-wasm.started');

/** The library writes zeros, without a word, once it was started a second time. */
async function startOnce(init: (() => Promise<void>) & { [STARTED]?: Promise<void> }): Promise<void> {
  const starting = init[STARTED] ?? init();
  init[STARTED] = starting;
  try {
    await starting;
  } catch (error) {
    delete init[STARTED];
    throw error;
  }
}

/** Opens the Zstandard codec of `@bokuweb/zstd-wasm`, whatever Node has. */
export async function openWasmZstdCodec(): Promise<Codec> {
  const { compress, decompress, init } = await import('@bokuweb/zstd-wasm');
  await startOnce(init);
  return {
    name: 'zstd',
    compress: (records) => compress(records as Buffer),
    decompress(records) {
      const size = frameContentSize(records);
      if (size !== undefined && size > MAX_DECOMPRESSED_BYTES) throw tooLarge();
      // Streaming writers, the Java client among them, don't state the size. The library then wants to be told how much room
      // to make, and fails when it is too little.
      let room = size ?? Math.max(FIRST_GUESS_BYTES, records.length * 8);
      for (;;) {
        try {
          const output = decompress(records as Buffer, { defaultHeapSize: Math.min(room, MAX_DECOMPRESSED_BYTES) });
          return Buffer.from(output.buffer, output.byteOffset, output.byteLength);
        } catch (cause) {
          if (size !== undefined || !isOutOfRoom(cause)) throw cause;
          if (room >= MAX_DECOMPRESSED_BYTES) throw tooLarge();
          room *= 4;
        }
      }
    },
  };
}

function tooLarge(): RangeError {
  return new RangeError(`the Zstandard frame decompresses to more than ${MAX_DECOMPRESSED_BYTES} bytes`);
}

/** ZSTD_error_dstSize_tooSmall is 70; the library shows it as a size_t or as a signed number. */
function isOutOfRoom(cause: unknown): boolean {
  return cause instanceof Error && /(?:-70|4294967226)$/.test(cause.message);
}

/** The decompressed size that the first frame's header states (RFC 8878, 3.1.1.1), or undefined when it states none. */
function frameContentSize(frame: Uint8Array): number | undefined {
  const view = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  // Checked here because the library takes the error value for a size.
  if (view.length < 6 || view.readUInt32LE(0) !== ZSTD_MAGIC) throw new RangeError('the data is no Zstandard frame');
  const descriptor = view.readUInt8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
  const at = 5 + (singleSegment ? 0 : 1) + dictionaryBytes;
  const flag = descriptor >> 6;
  const sizeBytes = flag === 0 ? (singleSegment ? 1 : 0) : 2 ** flag;
  if (view.length < at + sizeBytes) throw new RangeError('the Zstandard frame ends inside its header');
  if (sizeBytes === 0) return undefined;
  if (sizeBytes === 2) return view.readUInt16LE(at) + 256;
  if (sizeBytes === 8) return Number(view.readBigUInt64LE(at));
  return view.readUIntLE(at, sizeBytes);
}
