import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { refuseChangedRegistry } from '../../../../src/recovery/rest/check-changes.ts';
import type { ListedVersions } from '../../../../src/recovery/rest/import-looks.ts';
import { runRegistryPlan } from '../../../../src/recovery/rest/run-registry-plan.ts';
import { witnessNode } from '../../../../src/recovery/rest/witness-node.ts';
import { type WrittenRegistryPlan, writeRegistryPlan } from '../../../../src/recovery/rest/write-registry-plan.ts';
import { TransportFailure } from '../../../../src/registry/http-transport.ts';
import type { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { answersOf, signal } from './restore-into-memory.ts';
import { backupOf, record, served, versionsOf } from './versions-in-memory.ts';

interface Checked extends WrittenRegistryPlan {
  readonly present: ListedVersions | undefined;
}

function there(): RegistryInMemory {
  const target = served(['a', 1, 1, 'A']);
  target.registry.put('/config', { compatibility: 'NONE' });
  return target;
}

/** As the command does it: the registry is looked at right before the run. */
async function checked(target: RegistryInMemory): Promise<Checked> {
  const backup = backupOf(['a', 1, 1, 'A'], ['a', 2, 12, 'AA'], ['a', 3, 13, 'AAA', 'deleted'], ['b', 1, 14, 'B']);
  const api = target.node();
  const folder = tempDir('plan');
  const common = { clock: systemClock, folder };
  const witness = await witnessNode({ ...common, api, signal });
  const path = join(folder, 'plan.ndjson');
  const options = { snapshot: backup, nodes: [api], witness, path, source: 'a test', now: 0, folder };
  const written = await writeRegistryPlan(options, signal);
  return { ...written, present: await refuseChangedRegistry({ ...common, plan: written.plan, api }, signal) };
}

it.each([
  ['a', 1],
  ['a', 2],
  ['b', 1],
] as const)(
  'what somebody registers in %s before IMPORT is on, %i versions, is never overwritten',
  async (subject, times) => {
    const target = there();
    const { plan, undo, present } = await checked(target);
    for (let n = 0; n < times; n++) target.registry.register(subject, record(`Theirs${n}`));
    const theirs = versionsOf(target);
    const run = runRegistryPlan({ plan, api: target.node(), clock: systemClock, present }, signal);
    await expect(run).rejects.toThrow(
      /The registry has id 2 at .* by now, .* somebody registered it meanwhile.*IMPORT is still on/,
    );
    expect(versionsOf(target)).toEqual(expect.arrayContaining([...theirs]));
    await runRegistryPlan({ plan: undo, api: target.node(), clock: systemClock }, signal);
    expect(versionsOf(target)).toEqual([
      ...theirs,
      ...versionsOf(target).filter((each) => each.startsWith('holdfast')),
    ]);
    expect(target.registry.get(`/mode/${subject}`).status).toBe(404);
  },
);

it.each([
  ['429', { status: 429, body: '{"error_code":429,"message":"slow down"}' }],
  ['503', { status: 503, body: '{"error_code":50302,"message":"no"}' }],
  ['a reset connection', undefined],
])(
  'each request is answered with %s once, whether it was applied or not, and all is there in the end',
  async (_, answer) => {
    const whole = there();
    const clean = await checked(whole);
    await runRegistryPlan({ ...clean, api: whole.node(), clock: systemClock }, signal);
    for (const isApplied of [true, false]) {
      const target = there();
      const { plan, undo, present } = await checked(target);
      const before = answersOf(target.registry);
      const hurt = new Set<string>();
      target.interfere = ({ method, path, body }) => {
        if (method === 'GET' || hurt.has(`${method} ${path} ${String(body)}`)) return undefined;
        hurt.add(`${method} ${path} ${String(body)}`);
        if (isApplied) target.registry.request(method, path, body);
        if (answer === undefined) throw new TransportFailure('ECONNRESET', 'exchange', 'socket hang up');
        return answer;
      };
      await runRegistryPlan({ plan, api: target.node(), clock: systemClock, present }, signal);
      expect(answersOf(target.registry), `applied: ${isApplied}`).toEqual(answersOf(whole.registry));
      await runRegistryPlan({ plan: undo, api: target.node(), clock: systemClock }, signal);
      expect(answersOf(target.registry), `applied: ${isApplied}`).toEqual(before);
      expect(hurt.size).toBeGreaterThan(10);
    }
  },
);
