/** The compressions of Kafka, by the names of `compression.type`. */
export type CompressionType = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** Compresses and decompresses the records of a batch in one piece. Both calls are synchronous and throw what the library throws. */
export interface Codec {
  readonly name: CompressionType;
  /** Returns memory of its own: the input is overwritten afterwards. */
  compress(records: Uint8Array): Uint8Array;
  /** Refuses to grow beyond {@link MAX_DECOMPRESSED_BYTES}. */
  decompress(records: Uint8Array): Buffer;
}

/** What one batch may decompress to. Batches have a few MiB in practice, and a bomb must not take the worker down. */
export const MAX_DECOMPRESSED_BYTES = 256 * 1024 * 1024;
