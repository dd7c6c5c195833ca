import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { isReservedSubject } from '../../../../src/recovery/records/reserved-id.ts';
import { runRegistryPlan } from '../../../../src/recovery/rest/run-registry-plan.ts';
import { witnessNode } from '../../../../src/recovery/rest/witness-node.ts';
import { writeRegistryPlan } from '../../../../src/recovery/rest/write-registry-plan.ts';
import { generatedRegistry } from '../../../support/recovery/generated-registry.ts';
import { differenceOf, MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { runs } from '../../../support/recovery/property-runs.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { signal } from './restore-into-memory.ts';

interface ToldVersion {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly schema: string;
  readonly deleted: boolean;
}

const inWords = (versions: readonly ToldVersion[]): readonly string[] =>
  versions.map((v) => `${v.subject} ${v.version} is ${v.id}${v.deleted ? ' deleted' : ''} ${v.schema}`).sort();

/** Confluent's registry removes for good what is soft-deleted below a version of its id. */
const keptByConfluent = (versions: readonly ToldVersion[]): readonly ToldVersion[] =>
  versions.filter(
    (v) => !(v.deleted && versions.some((o) => o.subject === v.subject && o.id === v.id && o.version > v.version)),
  );

it('a generated registry that is restored through REST has every version, id, text and soft delete, and gives no old id out', async () => {
  await fc.assert(
    fc.asyncProperty(generatedRegistry({ vendor: 'confluent', isPlain: true, isWritable: true }), async (lived) => {
      const served = new RegistryInMemory();
      const api = served.node();
      const folder = tempDir('plan');
      const witness = await witnessNode({ api, clock: systemClock, folder, signal });
      const snapshot = new MemorySnapshot(lived.log);
      const path = join(folder, 'plan.ndjson');
      const { plan } = await writeRegistryPlan(
        { snapshot, nodes: [api], witness, path, source: 'a test', now: 0, folder },
        signal,
      );
      await runRegistryPlan({ plan, api, clock: systemClock }, signal);
      const { state } = served.registry.core;
      const restored = state.schemas({ deleted: true, subjectPrefix: '' }).filter((v) => !isReservedSubject(v.subject));
      expect(differenceOf(inWords(restored), inWords(keptByConfluent(lived.versions)))).toBeUndefined();
      for (const [context, id] of lived.maxIds) expect(state.maxId(context)).toBeGreaterThanOrEqual(id);
      // The level that holds anyway is not set once more.
      const unset = { compatibilityLevel: 'BACKWARD' };
      for (const [scope, value] of lived.configs) {
        expect(state.config(scope) ?? (scope === null ? unset : undefined)).toEqual(value);
      }
    }),
    { numRuns: runs(15) },
  );
});
