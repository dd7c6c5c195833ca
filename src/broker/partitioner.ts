import { murmur2 } from './murmur2.ts';

/** The partition that Kafka's default partitioner gives a key: `(murmur2(key) & 0x7fffffff) % partitions`. */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/**
 * Partitions for the records of one topic, as Kafka's default partitioner chooses them: by key, and for records without a
 * key one partition that is kept until some bytes went there (KIP-794's sticky bytes), then another one at random.
 */
export class Partitioner {
  private readonly stickyBytes: number;
  private readonly random: () => number;
  private current = -1;
  private left = 0;

  /** `stickyBytes` is the producer's `batch.size`. */
  constructor(options: { readonly stickyBytes?: number; readonly random?: () => number } = {}) {
    this.stickyBytes = options.stickyBytes ?? 16_384;
    this.random = options.random ?? Math.random;
  }

  /** `bytes` is what the record adds to its batch; `partitions` is how many the topic has now. */
  partition(key: Uint8Array | null, bytes: number, partitions: number): number {
    if (partitions === 1) return 0;
    if (key !== null) return partitionOfKey(key, partitions);
    if (this.left <= 0 || this.current >= partitions) {
      this.current = this.next(partitions);
      this.left = this.stickyBytes;
    }
    this.left -= bytes;
    return this.current;
  }

  private next(partitions: number): number {
    if (this.current < 0 || this.current >= partitions) return Math.floor(this.random() * partitions);
    // Never the same one twice in a row.
    const other = Math.floor(this.random() * (partitions - 1));
    return other >= this.current ? other + 1 : other;
  }
}
