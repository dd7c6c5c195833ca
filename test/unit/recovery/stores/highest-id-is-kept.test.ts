import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RawRecord } from '../../../../src/recovery/records/raw-record.ts';
import { readRecord } from '../../../../src/recovery/records/read-record.ts';
import type { SchemaValue } from '../../../../src/recovery/records/schemas-record.ts';
import { planNewTopic } from '../../../../src/recovery/restore/plan-new-topic.ts';
import { snapshotFromStores } from '../../../../src/recovery/stores/snapshot-from-stores.ts';
import { contextOf } from '../../../../src/registry/subject-context.ts';
import { purgedRegistry } from '../../../support/recovery/generated-registry.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { nextId } from '../../../support/recovery/next-id.ts';
import { runs } from '../../../support/recovery/property-runs.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { afterPlan, compacted } from '../repair/planned-log.ts';
import { schema, version, Worker } from './worker-stores.ts';

const dir = tempDir('stores');
let count = 0;

/** What the registry answered at one time or another, whether it is purged by now or not. */
function everRegistered(log: readonly RawRecord[]): readonly SchemaValue[] {
  return log.flatMap((raw) => {
    const read = readRecord(raw);
    return read.ok && read.record.kind === 'schema' ? [read.record.value] : [];
  });
}

it('a registry that is made anew from what workers know gives no id out that any of them knows', async () => {
  const shares = fc.array(fc.constantFrom('one', 'two', 'nobody'), { minLength: 7, maxLength: 7 });
  await fc.assert(
    fc.asyncProperty(purgedRegistry(), shares, async ({ log }, share) => {
      const workers = { one: new Worker(), two: new Worker() };
      const known = new Map<string, number>();
      for (const [n, value] of everRegistered(log).entries()) {
        const who = share[n % share.length] ?? 'nobody';
        if (who === 'nobody') continue;
        const context = contextOf(value.subject);
        await workers[who === 'one' ? 'one' : 'two'].knows((store) => {
          store.remember(schema(value.id, value, { context }));
          store.rememberVersion(version(value.subject, value.version, value.id));
        });
        known.set(context, Math.max(known.get(context) ?? 0, value.id));
      }
      fc.pre(known.size > 0);
      const records: RawRecord[] = [];
      const { maxIds, minIds } = await snapshotFromStores(
        {
          stores: Object.entries(workers).map(([name, worker]) => worker.source(name)),
          writer: { append: async (more) => void records.push(...more) },
        },
        new AbortController().signal,
      );
      expect(new Map(Object.entries(maxIds))).toEqual(known);
      const plan = await planNewTopic({
        ...{ snapshot: new MemorySnapshot(records), topic: '_schemas', groupId: 'schema-registry', source: 'a test' },
        minIds,
        ...{ present: { clusterId: 'c', brokers: 1, hasAuthorizer: false, facts: undefined }, now: 0 },
        path: join(dir, `${++count}.ndjson`),
      });
      const made = await afterPlan(plan, []);
      for (const { raw } of [made, compacted(made)]) {
        for (const vendor of ['confluent', 'karapace'] as const) {
          for (const [context, id] of known) expect(nextId(raw, vendor, context), vendor).toBeGreaterThan(id);
        }
      }
    }),
    { numRuns: runs(15) },
  );
});
