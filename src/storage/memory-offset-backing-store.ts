import type { OffsetBackingStore } from './offset-backing-store.ts';

/** Keeps offsets while the process lives: for tests and for embedders who say so. */
export class MemoryOffsetBackingStore implements OffsetBackingStore {
  private readonly offsets = new Map<string, string>();

  async start(): Promise<void> {}

  async get(keys: readonly string[]): Promise<readonly (string | null)[]> {
    return keys.map((key) => this.offsets.get(key) ?? null);
  }

  async set(entries: ReadonlyMap<string, string | null>): Promise<void> {
    for (const [key, value] of entries) {
      if (value === null) this.offsets.delete(key);
      else this.offsets.set(key, value);
    }
  }

  async entries(): Promise<readonly (readonly [string, string])[]> {
    return [...this.offsets];
  }

  async stop(): Promise<void> {}
}
