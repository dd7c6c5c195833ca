import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { runRegistryPlan } from '../../../../src/recovery/rest/run-registry-plan.ts';
import { witnessNode } from '../../../../src/recovery/rest/witness-node.ts';
import { writeRegistryPlan } from '../../../../src/recovery/rest/write-registry-plan.ts';
import { normalizedSnapshot } from '../../../../src/recovery/restore/normalized-snapshot.ts';
import { purgedRegistry } from '../../../support/recovery/generated-registry.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { runs } from '../../../support/recovery/property-runs.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { signal } from './restore-into-memory.ts';

/** What the registry answers to whoever registers something that nobody has registered before. */
function givenOut({ registry }: RegistryInMemory, context: string, name: string): number {
  const subject = `${context === '' ? '' : `:.${context}:`}${name}`;
  return registry.register(subject, { type: 'fixed', name, size: 1 });
}

const own = fc.uniqueArray(fc.constantFrom('', 'ctx', 'other-ctx', 'fourth'), { maxLength: 3 });

it.each(['confluent', 'karapace'] as const)(
  'the highest id of a generated registry of %s is not given out again by the one that it is restored into through REST, nor when that is undone',
  async (vendor) => {
    await fc.assert(
      fc.asyncProperty(
        purgedRegistry({ vendor, isPlain: true, isWritable: true }),
        own,
        async ({ log, maxIds }, has) => {
          const served = new RegistryInMemory();
          // It has given ids out itself, above all of the backup, and what had them is gone.
          const above = new Map(has.map((context, n) => [context, 5_000 + n]));
          served.registry.put('/mode', { mode: 'IMPORT' });
          for (const [context, id] of above) {
            const subject = `${context === '' ? '' : `:.${context}:`}theirs`;
            served.registry.register(subject, { type: 'fixed', name: `Theirs${id}`, size: 1 }, { id });
          }
          served.registry.put('/mode', { mode: 'READWRITE' });
          const highest = new Map([...maxIds, ...above]);
          const api = served.node();
          const folder = tempDir('plan');
          const witness = await witnessNode({ api, clock: systemClock, folder, signal });
          const { plan, undo } = await writeRegistryPlan(
            {
              ...{ snapshot: normalizedSnapshot(new MemorySnapshot(log)), nodes: [api], witness, folder },
              ...{ path: join(folder, 'plan.ndjson'), source: 'a test', now: 0 },
            },
            signal,
          );
          await runRegistryPlan({ plan, api, clock: systemClock }, signal);
          const next = new Map<string, number>();
          for (const [context, id] of highest) {
            next.set(context, givenOut(served, context, 'AfterRestore'));
            expect(next.get(context), context).toBeGreaterThan(id);
          }
          await runRegistryPlan({ plan: undo, api, clock: systemClock }, signal);
          for (const [context, id] of next) expect(givenOut(served, context, 'AfterUndo'), context).toBeGreaterThan(id);
        },
      ),
      { numRuns: runs(12) },
    );
  },
);
