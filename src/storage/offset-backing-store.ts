/**
 * Where committed source offsets are kept. Keys and values are the texts that Kafka Connect writes into its offsets topic
 * (see offset-codec.ts), so that every store can be exported to every other.
 */
export interface OffsetBackingStore {
  /** Opens and reads what is there. Throws ConfigError when it is there but can't be read, never starts empty instead. */
  start(): Promise<void>;
  /** Parallel to `keys`; null where nothing is committed. */
  get(keys: readonly string[]): Promise<readonly (string | null)[]>;
  /**
   * Resolves when all entries are durable; a null value removes its key. All or nothing: after a rejection or a crash either
   * every entry is there or none. Calls are applied in order.
   */
  set(entries: ReadonlyMap<string, string | null>): Promise<void>;
  /** Every key and value. */
  entries(): Promise<readonly (readonly [key: string, value: string])[]>;
  /** Waits for pending writes. */
  stop(): Promise<void>;
}
