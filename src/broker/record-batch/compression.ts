import { gunzipSync, gzipSync } from 'node:zlib';
import { brandErrorClass, ConfigError, defineErrorCode, IllegalStateError } from '../../sdk/errors/index.ts';
import { type Codec, type CompressionType, MAX_DECOMPRESSED_BYTES } from './codec.ts';
import { UnsupportedBatchError } from './record-batch-error.ts';

/** A compression that takes a codec. */
export type LoadableCompression = Exclude<CompressionType, 'none'>;

/** The name of a compression that needs a library, and the npm package that has it. */
const PACKAGES = { snappy: 'snappy', lz4: 'lz4-napi', zstd: '@bokuweb/zstd-wasm' } as const;

const NAMES: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

const gzip: Codec = {
  name: 'gzip',
  compress: (records) => gzipSync(records),
  decompress: (records) => gunzipSync(records, { maxOutputLength: MAX_DECOMPRESSED_BYTES }),
};

// One entry per compression and thread: codecs have no state, and a library once loaded stays loaded.
const loaded = new Map<CompressionType, Codec>([['gzip', gzip]]);
const loading = new Map<CompressionType, Promise<Codec>>();

/** The code of {@link CodecUnavailableError}. */
export const CODEC_UNAVAILABLE = defineErrorCode('holdfast.broker.codec-unavailable', {
  what: 'A compression was asked for, or met in a topic, whose library is not installed or does not start on this machine.',
  mend: 'Install the npm package that the message names, or choose another compression.',
});

/** A compression whose library is not installed, or could not be started on this machine. */
export class CodecUnavailableError extends ConfigError {
  static override readonly defaultCode: string = CODEC_UNAVAILABLE;
  static {
    brandErrorClass(this, 'CodecUnavailableError');
  }

  constructor(compression: CompressionType, packageName: string, cause: unknown) {
    super(
      `Compression '${compression}' needs the npm package '${packageName}', which could not be loaded. Install it beside ` +
        'holdfast (it is an optional dependency, left out by --omit=optional), or choose another compression.',
      { cause, details: { compression, packageName } },
    );
  }
}

/** The code of {@link CodecNotLoadedError}. */
export const CODEC_NOT_LOADED = defineErrorCode('holdfast.broker.codec-not-loaded', {
  what: 'A batch was encoded or decoded before the library of its compression had been loaded.',
  mend: 'Await loadCodec of that compression first. If no code of yours uses the record batch codec, report it.',
});

/** A codec was needed before {@link loadCodec} had brought it in: await that, then try again. */
export class CodecNotLoadedError extends IllegalStateError {
  static override readonly defaultCode: string = CODEC_NOT_LOADED;
  static {
    brandErrorClass(this, 'CodecNotLoadedError');
  }
  readonly compression: LoadableCompression;

  constructor(compression: LoadableCompression) {
    super(
      `Compression '${compression}' is not loaded in this thread. Await loadCodec('${compression}') before encoding or decoding with it.`,
      { details: { compression } },
    );
    this.compression = compression;
  }
}

/**
 * Loads the codec of a compression, once per thread; later calls return at once. gzip needs no loading.
 *
 * @throws CodecUnavailableError when its package is missing or broken
 */
export async function loadCodec(name: LoadableCompression): Promise<Codec> {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  // Shared, as the WebAssembly library may be started only once. A failure is forgotten, so that a later call tries again.
  let opening = loading.get(name);
  if (opening === undefined) {
    opening = importCodec(name as keyof typeof PACKAGES).finally(() => loading.delete(name));
    loading.set(name, opening);
  }
  const codec = await opening;
  loaded.set(name, codec);
  return codec;
}

/**
 * The codec of a compression, for synchronous use.
 *
 * @throws CodecNotLoadedError before {@link loadCodec}
 */
export function loadedCodec(name: LoadableCompression): Codec {
  const codec = loaded.get(name);
  if (codec === undefined) throw new CodecNotLoadedError(name);
  return codec;
}

/** Whether batches of this compression can be read and written right now. */
export function isCodecLoaded(name: CompressionType): boolean {
  return name === 'none' || loaded.has(name);
}

/** The number of a compression in the lowest three bits of a batch's attributes. */
export function compressionId(name: CompressionType): number {
  return NAMES.indexOf(name);
}

/** The compression with that number. @throws UnsupportedBatchError naming the batch when there is none */
export function compressionTypeOf(id: number, baseOffset: number, position: number): CompressionType {
  const name = NAMES[id];
  if (name === undefined) {
    throw new UnsupportedBatchError({
      baseOffset,
      position,
      reason: `its compression has the number ${id}; known are ${NAMES.map((known, n) => `${n} (${known})`).join(', ')}.`,
    });
  }
  return name;
}

async function importCodec(name: keyof typeof PACKAGES): Promise<Codec> {
  try {
    if (name === 'snappy') return await (await import('./snappy-codec.ts')).openSnappyCodec();
    if (name === 'lz4') return await (await import('./lz4-codec.ts')).openLz4Codec();
    return await (await import('./zstd-codec.ts')).openZstdCodec();
  } catch (cause) {
    throw new CodecUnavailableError(name, PACKAGES[name], cause);
  }
}
