/** Reads the committed source offsets of one connector. Kafka Connect's OffsetStorageReader. */
import type { OffsetMap, OffsetStorageReader } from '../sdk/task.ts';
import type { OffsetBackingStore } from './offset-backing-store.ts';
import { decodeOffsetKey, decodeOffsetMap, encodeOffsetKey } from './offset-codec.ts';

export class StoredOffsetReader implements OffsetStorageReader {
  private readonly store: OffsetBackingStore;
  private readonly connector: string;

  constructor(options: { readonly store: OffsetBackingStore; readonly connector: string }) {
    this.store = options.store;
    this.connector = options.connector;
  }

  async offset(partition: OffsetMap): Promise<OffsetMap | null> {
    const [offset] = await this.offsets([partition]);
    return offset ?? null;
  }

  async offsets(partitions: readonly OffsetMap[]): Promise<readonly (OffsetMap | null)[]> {
    const values = await this.store.get(partitions.map((partition) => encodeOffsetKey(this.connector, partition)));
    return values.map((value) => (value === null ? null : decodeOffsetMap(value)));
  }

  /** Every partition that has a committed offset. */
  async all(): Promise<readonly { readonly partition: OffsetMap; readonly offset: OffsetMap }[]> {
    const found: { partition: OffsetMap; offset: OffsetMap }[] = [];
    for (const [text, value] of await this.store.entries()) {
      const key = decodeOffsetKey(text);
      const offset = decodeOffsetMap(value);
      if (key?.connector === this.connector && offset !== null) found.push({ partition: key.partition, offset });
    }
    return found;
  }
}
