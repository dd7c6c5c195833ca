import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { openPlan } from '../../../../src/recovery/plan/open-plan.ts';
import { refuseChangedRegistry } from '../../../../src/recovery/rest/check-changes.ts';
import { checkRequests } from '../../../../src/recovery/rest/check-requests.ts';
import { clusterIdOf } from '../../../../src/recovery/rest/check-target.ts';
import { runRegistryPlan } from '../../../../src/recovery/rest/run-registry-plan.ts';
import { witnessNode } from '../../../../src/recovery/rest/witness-node.ts';
import { type WrittenRegistryPlan, writeRegistryPlan } from '../../../../src/recovery/rest/write-registry-plan.ts';
import { lockTarget, registryTarget } from '../../../../src/recovery/restore/lock-target.ts';
import type { Snapshot } from '../../../../src/recovery/snapshot/snapshot.ts';
import { hastyClock } from '../../../support/hasty-clock.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { InMemoryRegistry } from '../../embedded-registry/in-memory-registry.ts';
import { answersOf, signal, snapshotOf } from './restore-into-memory.ts';

/** Fifty subjects, each of which refers to the one before it, and fifty that refer to nothing. */
function source(): InMemoryRegistry {
  const registry = new InMemoryRegistry();
  for (let n = 0; n < 50; n++) {
    const fields = n === 0 ? [] : [{ name: 'before', type: ['null', `R${n - 1}`], default: null }];
    const references = n === 0 ? [] : [{ name: `R${n - 1}`, subject: `r${n - 1}`, version: 1 }];
    registry.register(`r${n}`, { type: 'record', name: `R${n}`, fields }, { references });
    registry.register(`s${n}`, { type: 'record', name: `S${n}`, fields: [] });
    if (n % 10 === 0) registry.delete(`/subjects/s${n}`);
  }
  return registry;
}

async function written(snapshot: Snapshot, served: RegistryInMemory): Promise<WrittenRegistryPlan> {
  const folder = tempDir('plan');
  const api = served.node();
  const witness = await witnessNode({ api, clock: systemClock, folder, signal });
  const path = join(folder, 'plan.ndjson');
  return writeRegistryPlan({ snapshot, nodes: [api], witness, path, source: 'a test', now: 0, folder }, signal);
}

it('sends many imports at a time, none before what it refers to, and sends nothing twice when it is run again', async () => {
  const from = source();
  const served = new RegistryInMemory();
  const { plan, undo } = await written(snapshotOf(from), served);
  const api = served.node();
  const first = new AbortController();
  const stopped = runRegistryPlan(
    {
      ...{ plan, api, clock: systemClock },
      onProgress: (done) => {
        if (done === 60) first.abort(new Error('killed'));
      },
    },
    first.signal,
  );
  await expect(stopped).rejects.toThrow('killed');
  const again = await runRegistryPlan({ plan, api, clock: systemClock }, signal);
  // All but entering IMPORT, which is only seen to have been done when all is there.
  expect(again.doneBefore).toBeGreaterThanOrEqual(59);
  expect(again.sent + again.doneBefore).toBe(plan.steps);
  expect(answersOf(served.registry)).toEqual(answersOf(from));
  expect(await runRegistryPlan({ plan, api, clock: systemClock }, signal)).toEqual({
    sent: 0,
    doneBefore: plan.steps,
    leftAlone: [],
  });

  expect((await openPlan(undo.path)).header.undoes).toEqual({
    ...{ id: plan.header.id, path: plan.path, sha256: plan.sha256, base: null },
  });
  await runRegistryPlan({ plan: undo, api, clock: systemClock }, signal);
  expect(served.registry.get('/subjects?deleted=true').body).toEqual(['holdfast-reserved-ids']);
});

it('goes on after it was killed without asking for what a list told, and sends nothing that was there', async () => {
  const from = source();
  const served = new RegistryInMemory();
  const { plan } = await written(snapshotOf(from), served);
  const api = served.node();
  const presentNow = () => refuseChangedRegistry({ plan, api, clock: systemClock, folder: tempDir('now') }, signal);
  for (const killedAt of [1, 30, 60, 90, plan.steps - 1]) {
    const killed = new AbortController();
    const onProgress = (done: number): void => {
      if (done === killedAt) killed.abort(new Error('killed'));
    };
    const present = await presentNow();
    const run = runRegistryPlan({ plan, api, clock: systemClock, present, onProgress }, killed.signal);
    await expect(run).rejects.toThrow('killed');
  }
  const present = await presentNow();
  const sentBefore = served.writes.length;
  await runRegistryPlan({ plan, api, clock: systemClock, present }, signal);
  const versions = [...(present ?? new Map()).keys()].map((path) => `POST ${path.replace(/\/\d+$/, '')}`);
  expect(versions.length).toBeGreaterThan(90);
  expect(served.writes.slice(sentBefore).filter((write) => versions.includes(write))).toEqual([]);
  expect(answersOf(served.registry)).toEqual(answersOf(from));
});

/** What the registry makes of the import of one version; undefined: nothing. */
const LIES: readonly [what: string, version: number, taken: (body: Imported) => Imported | undefined][] = [
  ['keeps it under another id', 4, (body) => ({ ...body, id: 4711 })],
  ['keeps nothing of the first version', 1, () => undefined],
  ['passes over the version that it is to have', 3, ({ version: _, ...others }) => others],
];

interface Imported {
  readonly id: number;
  readonly version?: number;
}

it.each(LIES)('ends at once at a registry that takes an import and %s', async (_, version, taken) => {
  const from = new InMemoryRegistry();
  from.put('/mode', { mode: 'IMPORT' });
  for (const id of [1, 3, 4]) {
    from.register('gap', { type: 'record', name: `Gap${id}`, fields: [] }, { id, version: id });
  }
  from.put('/mode', { mode: 'READWRITE' });
  const served = new RegistryInMemory();
  const { plan } = await written(snapshotOf(from), served);
  const api = served.node();
  const present = await refuseChangedRegistry({ plan, api, clock: systemClock, folder: tempDir('now') }, signal);
  const imports: number[] = [];
  served.interfere = ({ method, path, body }) => {
    if (method !== 'POST') return undefined;
    const asked = JSON.parse(String(body)) as Required<Imported>;
    imports.push(asked.version);
    if (asked.version !== version) return undefined;
    const own = taken(asked);
    const answer = own === undefined ? { status: 200, body: { id: asked.id } } : served.registry.post(path, own);
    return { status: answer.status, body: JSON.stringify(answer.body) };
  };
  await expect(runRegistryPlan({ plan, api, clock: hastyClock(), present }, signal)).rejects.toMatchObject({
    code: 'holdfast.recovery.rest-unavailable',
    message: expect.stringContaining(`GET /subjects/gap/versions/${version} does not show it`),
  });
  expect(imports.at(-1)).toBe(version);
});

it('says which step was refused, and where IMPORT is still on', async () => {
  const served = new RegistryInMemory();
  const { plan, undo } = await written(snapshotOf(source()), served);
  served.interfere = ({ method, path }) =>
    method === 'POST' && path.startsWith('/subjects/s7/')
      ? { status: 422, body: '{"error_code":42201,"message":"no schema"}' }
      : undefined;
  const api = served.node();
  const refused = await runRegistryPlan({ plan, api, clock: systemClock }, signal).catch((error) => error);
  expect(refused.code).toBe('holdfast.recovery.rest-denied');
  expect(refused.message).toMatch(/^Step \d+ of \d+ \(version 1, id 16\): .*\/subjects\/s7\/versions.*no schema/);
  expect(refused.message).toContain('Mode IMPORT is still on for the whole registry');
  served.interfere = () => undefined;
  await runRegistryPlan({ plan: undo, api, clock: systemClock }, signal);
  expect(served.registry.get('/mode').body).toEqual({ mode: 'READWRITE' });
});

const other = { type: 'record', name: 'Other', fields: [] };

it('removes nothing that the plan did not import, and names it', async () => {
  const from = source();
  const served = new RegistryInMemory();
  const { plan, undo } = await written(snapshotOf(from), served);
  const api = served.node();
  // The plan never ran, and a producer's first schema takes an id and a version that it has for another one.
  served.registry.register('r0', other);
  const { leftAlone } = await runRegistryPlan({ plan: undo, api, clock: systemClock }, signal);
  expect(leftAlone).toEqual(['/subjects/r0/versions/1']);
  expect(served.registry.get('/subjects/r0/versions/1').body).toMatchObject({ id: 1, schema: JSON.stringify(other) });
  expect(
    await checkRequests({ plan: undo, nodes: [api], clock: systemClock, folder: tempDir('check') }, signal),
  ).toEqual([]);
  expect(plan.steps).toBeGreaterThan(0);
});

it('is not run while another plan is at the same registry, whatever URL that one goes by', async () => {
  const served = new RegistryInMemory();
  const { plan } = await written(snapshotOf(source()), served);
  const lock = await lockTarget(
    registryTarget(await clusterIdOf(served.node(), signal), 'http://two:8081'),
    systemClock,
  );
  const run = () => runRegistryPlan({ plan, api: served.node(), clock: systemClock }, signal);
  await expect(run()).rejects.toMatchObject({
    code: 'holdfast.recovery.plan-running',
    message: expect.stringContaining('http://one:8081'),
  });
  expect(served.writes).toEqual([]);
  const elsewhere = new RegistryInMemory();
  const other = await written(snapshotOf(source()), elsewhere);
  await runRegistryPlan({ plan: other.plan, api: elsewhere.node(), clock: systemClock }, signal);
  await lock?.release();
  await expect(run()).resolves.toMatchObject({ sent: plan.steps });
});

it('reserves no id in an undo that was given out since the restore', async () => {
  const served = new RegistryInMemory();
  const { plan, undo } = await written(snapshotOf(source()), served);
  const api = served.node();
  await runRegistryPlan({ plan, api, clock: systemClock }, signal);
  const id = served.registry.register('new', other);
  expect(id).toBe(undo.header.maxIds['']);
  expect(await runRegistryPlan({ plan: undo, api, clock: systemClock }, signal)).toMatchObject({ leftAlone: [] });
  expect(
    await checkRequests({ plan: undo, nodes: [api], clock: systemClock, folder: tempDir('check') }, signal),
  ).toEqual([]);
  expect(served.registry.get('/subjects?deleted=true').body).toEqual(['new']);
  expect(served.registry.get('/mode').body).toEqual({ mode: 'READWRITE' });
});
