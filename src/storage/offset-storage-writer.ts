/** Writes the source offsets of connectors into a backing store. Kafka Connect's OffsetStorageWriter, for many connectors. */
import type { OffsetMap } from '../sdk/task.ts';
import type { OffsetBackingStore } from './offset-backing-store.ts';
import { encodeOffsetKey, encodeOffsetMap } from './offset-codec.ts';

export class OffsetStorageWriter {
  private readonly store: OffsetBackingStore;
  /** By connector. A task that was abandoned does not take back what it had asked for. */
  private readonly underWay = new Map<string, Set<Promise<void>>>();

  constructor(options: { readonly store: OffsetBackingStore }) {
    this.store = options.store;
  }

  /**
   * Resolves when all of them are durable; after a rejection none is, or all are there but may be lost if the machine fails. A null offset resets its partition.
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
    const writes = this.underWay.get(connector) ?? new Set();
    this.underWay.set(connector, writes);
    const write = this.store.set(entries);
    writes.add(write);
    try {
      await write;
    } finally {
      writes.delete(write);
      if (writes.size === 0) this.underWay.delete(connector);
    }
  }

  /** Resolves when every write for the connector that was asked for before has ended, one way or the other: none of those lands later. */
  async settled(connector: string): Promise<void> {
    await Promise.allSettled(this.underWay.get(connector) ?? []);
  }
}
