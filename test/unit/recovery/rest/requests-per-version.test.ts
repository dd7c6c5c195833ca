import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { restSource } from '../../../../src/recovery/backup/backup-source.ts';
import { refuseChangedRegistry } from '../../../../src/recovery/rest/check-changes.ts';
import { checkNodes } from '../../../../src/recovery/rest/check-nodes.ts';
import { checkRequests } from '../../../../src/recovery/rest/check-requests.ts';
import { runRegistryPlan } from '../../../../src/recovery/rest/run-registry-plan.ts';
import { witnessNode } from '../../../../src/recovery/rest/witness-node.ts';
import { type WrittenRegistryPlan, writeRegistryPlan } from '../../../../src/recovery/rest/write-registry-plan.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { InMemoryRegistry } from '../../embedded-registry/in-memory-registry.ts';
import { signal, snapshotOf } from './restore-into-memory.ts';

const VERSIONS = 5;

function source(subjects: number): InMemoryRegistry {
  const registry = new InMemoryRegistry();
  for (let subject = 0; subject < subjects; subject++) {
    for (let version = 0; version < VERSIONS; version++) {
      const fields = Array.from({ length: version }, (_, n) => ({ name: `f${n}`, type: 'int', default: 0 }));
      registry.register(`s${subject}`, { type: 'record', name: `S${subject}`, fields });
    }
  }
  return registry;
}

const KINDS: readonly (readonly [kind: string, request: RegExp])[] = [
  ['import', /^POST \/subjects\/[^/]+\/versions$/],
  ['version', /^GET \/subjects\/[^/]+\/versions\/\d+/],
  ['id', /^GET \/schemas\/ids\//],
  ['setting', /^GET \/(mode|config)\/./],
];

function counted({ requests }: RegistryInMemory): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { method, path } of requests.splice(0)) {
    const [kind] = KINDS.find(([, pattern]) => pattern.test(`${method} ${path}`)) ?? ['other'];
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

async function restored(subjects: number): Promise<readonly Record<string, number>[]> {
  const served = new RegistryInMemory();
  const api = served.node();
  const folder = tempDir('count');
  const common = { clock: systemClock, folder };
  const witness = await witnessNode({ ...common, api, signal });
  const path = join(folder, 'plan.ndjson');
  const snapshot = snapshotOf(source(subjects));
  const written = { ...{ snapshot, nodes: [api], witness, path, folder }, source: 'a test', now: 0 };
  const { plan }: WrittenRegistryPlan = await writeRegistryPlan(written, signal);
  const planning = counted(served);
  const present = await refuseChangedRegistry({ ...common, plan, api }, signal);
  await runRegistryPlan({ plan, api, clock: systemClock, present }, signal);
  const running = counted(served);
  expect(await checkRequests({ ...common, plan, nodes: [api] }, signal)).toEqual([]);
  const shown = counted(served);
  const told = await restSource({ nodes: [api], clock: systemClock }).read(folder, signal);
  const nodes = { nodes: [api], toldBy: api.node, mayHaveMore: true, waitMs: 0 };
  expect(await checkNodes({ ...common, ...nodes, snapshot: told, signal })).toEqual([]);
  await told.close();
  const checked = counted(served);
  const listed = await refuseChangedRegistry({ ...common, plan, api }, signal);
  await runRegistryPlan({ plan, api, clock: systemClock, present: listed }, signal);
  return [planning, running, shown, checked, counted(served)];
}

it('takes one request for each import, and one for each id, for each subject a list, a look and its settings, and none for what a list tells to be there when it is run again', async () => {
  const few = await restored(10);
  const many = await restored(30);
  const more = many.map((counts, phase) =>
    Object.fromEntries(Object.entries(counts).map(([kind, count]) => [kind, (count - (few[phase]?.[kind] ?? 0)) / 20])),
  );
  expect(more).toEqual([
    { setting: 2, other: 0 },
    { import: VERSIONS, version: 1, other: 1 },
    { id: 0, other: 0 },
    { id: VERSIONS, setting: 2, other: 0 },
    { id: 0, other: 0 },
  ]);
});
