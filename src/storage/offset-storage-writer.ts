/** Writes the source offsets of connectors into a backing store. Kafka Connect's OffsetStorageWriter, for many connectors. */
import type { OffsetMap } from '../sdk/task.ts';
import type { OffsetBackingStore } from './offset-backing-store.ts';
import { encodeOffsetKey, encodeOffsetMap } from './offset-codec.ts';

export class OffsetStorageWriter {
  private readonly store: OffsetBackingStore;

  constructor(options: { readonly store: OffsetBackingStore }) {
    this.store = options.store;
  }

  /**
   * Resolves when all of them are durable; after a rejection none is. A null offset resets its partition.
   * @throws DataError `holdfast.storage.offset.invalid` when one is no flat map; then none is written.
   */
  async write(
    connector: string,
    offsets: readonly { readonly partition: OffsetMap; readonly offset: OffsetMap | null }[],
  ): Promise<void> {
    if (offsets.length === 0) return;
    const entries = new Map<string, string | null>();
    for (const { partition, offset } of offsets) {
      entries.set(encodeOffsetKey(connector, partition), offset === null ? null : encodeOffsetMap(offset));
    }
    await this.store.set(entries);
  }
}
