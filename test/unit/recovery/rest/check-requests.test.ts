import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { checkRequests } from '../../../../src/recovery/rest/check-requests.ts';
import { runRegistryPlan } from '../../../../src/recovery/rest/run-registry-plan.ts';
import { witnessNode } from '../../../../src/recovery/rest/witness-node.ts';
import { writeRegistryPlan } from '../../../../src/recovery/rest/write-registry-plan.ts';
import { hastyClock } from '../../../support/hasty-clock.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { InMemoryRegistry } from '../../embedded-registry/in-memory-registry.ts';
import { signal, snapshotOf } from '../rest/restore-into-memory.ts';

it('finds what a node lacks, or has under another text, and nothing where all is as planned, forwards and back', async () => {
  const from = new InMemoryRegistry();
  from.register('a', { type: 'record', name: 'A', fields: [] });
  from.register('b', { type: 'record', name: 'B', fields: [] });
  from.register('c', { type: 'record', name: 'C', fields: [] });
  from.delete('/subjects/b');
  const served = new RegistryInMemory();
  const api = served.node();
  const folder = tempDir('check');
  const witness = await witnessNode({ api, clock: systemClock, folder, signal });
  const { plan, undo } = await writeRegistryPlan(
    {
      ...{ snapshot: snapshotOf(from), nodes: [api], witness, path: join(folder, 'p.ndjson') },
      ...{ source: 'a test', now: 0, folder },
    },
    signal,
  );
  await runRegistryPlan({ plan, api, clock: systemClock }, signal);
  const check = (which = plan) => checkRequests({ plan: which, nodes: [api], clock: hastyClock(), folder }, signal);
  expect(await check()).toEqual([]);

  const lacks = (path: string): boolean => path.startsWith('/subjects/c/versions/1');
  const nothing = { status: 404, body: '{"error_code":40402,"message":"no"}' };
  served.interfere = ({ path }) => (path.startsWith('/schemas?') || lacks(path) ? nothing : undefined);
  expect(await check()).toEqual([`${api.node} does not show POST /subjects/c/versions as planned`]);
  const other = (version: { readonly subject: string }): object =>
    version.subject === 'a' ? { ...version, schema: '"int"' } : version;
  const lists = (path: string): { status: number; body: string } => ({
    status: 200,
    body: JSON.stringify(served.registry.get(path).body.map(other)),
  });
  served.interfere = ({ path }) => (path.startsWith('/schemas?') ? lists(path) : undefined);
  // Asked for it by itself, the node has it.
  expect(await check()).toEqual([]);
  served.interfere = ({ path }) => {
    if (path.startsWith('/schemas?')) return lists(path);
    return path.startsWith('/schemas/ids/1?') ? { status: 200, body: '{"schema":"\\"int\\""}' } : undefined;
  };
  expect(await check()).toEqual([`${api.node} does not show POST /subjects/a/versions as planned`]);
  served.interfere = () => undefined;

  expect(await check(undo)).not.toEqual([]);
  await runRegistryPlan({ plan: undo, api, clock: systemClock }, signal);
  expect(await check(undo)).toEqual([]);
  expect(await check()).not.toEqual([]);
});
