import { describe, expect, it } from 'vitest';
import { DataError } from '../../../src/sdk/errors/kinds.ts';
import { MemoryOffsetBackingStore } from '../../../src/storage/memory-offset-backing-store.ts';
import { StoredOffsetReader } from '../../../src/storage/offset-storage-reader.ts';
import { OffsetStorageWriter } from '../../../src/storage/offset-storage-writer.ts';

function open(): { store: MemoryOffsetBackingStore; writer: OffsetStorageWriter; reader: StoredOffsetReader } {
  const store = new MemoryOffsetBackingStore();
  return {
    store,
    writer: new OffsetStorageWriter({ store }),
    reader: new StoredOffsetReader({ store, connector: 'c' }),
  };
}

describe('offsets of source connectors', () => {
  it('are read as they were written, each connector its own', async () => {
    const { writer, reader } = open();
    await writer.write('c', [
      { partition: { file: 'a' }, offset: { position: 2n ** 60n } },
      { partition: { file: 'b' }, offset: { position: 1 } },
    ]);
    await writer.write('d', [{ partition: { file: 'a' }, offset: { position: 9 } }]);
    expect(await reader.offset({ file: 'a' })).toEqual({ position: 2n ** 60n });
    expect(await reader.offsets([{ file: 'b' }, { file: 'none' }])).toEqual([{ position: 1 }, null]);
    expect(await reader.all()).toEqual([
      { partition: { file: 'a' }, offset: { position: 2n ** 60n } },
      { partition: { file: 'b' }, offset: { position: 1 } },
    ]);
  });

  it('are reset by null', async () => {
    const { writer, reader } = open();
    await writer.write('c', [{ partition: { file: 'a' }, offset: { position: 1 } }]);
    await writer.write('c', [{ partition: { file: 'a' }, offset: null }]);
    expect(await reader.offset({ file: 'a' })).toBeNull();
    expect(await reader.all()).toEqual([]);
  });

  it('are written all or none', async () => {
    const { store, writer } = open();
    const bad = writer.write('c', [
      { partition: { file: 'a' }, offset: { position: 1 } },
      { partition: { file: 'b' }, offset: { nested: {} } as never },
    ]);
    await expect(bad).rejects.toThrow(DataError);
    expect(await store.entries()).toEqual([]);
  });

  it('touch the store only when there are any', async () => {
    const { store, writer } = open();
    let writes = 0;
    store.set = async () => {
      writes++;
    };
    await writer.write('c', []);
    expect(writes).toBe(0);
  });
});
