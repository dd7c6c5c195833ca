/** Schema stores of workers, filled as workers fill them. */
import { silentLogger } from '../../../../src/foundation/logger.ts';
import type { StoreSource } from '../../../../src/recovery/stores/store-contents.ts';
import { MemoryCompactedLog } from '../../../../src/registry/compacted-log.ts';
import { contentFingerprint } from '../../../../src/registry/fingerprint.ts';
import { SchemaStore } from '../../../../src/registry/schema-store.ts';
import type { StoredSchema } from '../../../../src/registry/stored-entries.ts';
import type { SchemaText } from '../../../../src/sdk/schema-view.ts';

export const CLUSTER = 'kafka-cluster=k1;group=schema-registry';

/** What a worker's store learns, by means of the store itself. */
export class Worker {
  readonly log = new MemoryCompactedLog();
  private store: SchemaStore | undefined;

  async knows(fill: (store: SchemaStore) => void): Promise<this> {
    this.store ??= await SchemaStore.open({ log: this.log, logger: silentLogger });
    fill(this.store);
    await this.store.flushed();
    return this;
  }

  source(name: string): StoreSource {
    return { name, load: async () => ({ entries: await this.log.load(), damaged: 0 }) };
  }
}

export function schema(id: number, of: SchemaText, more: Partial<StoredSchema> = {}): StoredSchema {
  return {
    ...{ clusterId: CLUSTER, context: '', id, fingerprint: contentFingerprint(of), sent: false, time: 1000 + id },
    ...{ epoch: 'e', ...of, ...more },
  };
}

export const version = (subject: string, number: number, id: number) => ({
  clusterId: CLUSTER,
  subject,
  version: number,
  id,
});
