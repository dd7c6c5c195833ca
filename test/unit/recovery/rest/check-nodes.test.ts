import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { type CheckNodesOptions, checkNodes } from '../../../../src/recovery/rest/check-nodes.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import type { Finding } from '../../../../src/recovery/verify/finding.ts';
import { RegistryInMemory } from '../../../support/recovery/registry-in-memory.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { InMemoryRegistry } from '../../embedded-registry/in-memory-registry.ts';
import { signal, snapshotOf } from './restore-into-memory.ts';

const record = (name: string): object => ({ type: 'record', name, fields: [] });

function filled<T extends { readonly registry: InMemoryRegistry }>(served: T): T {
  for (let n = 1; n <= 5; n++) served.registry.register(`s${n}`, record(`S${n}`));
  served.registry.register(':.dev:a', record('DevA'));
  served.registry.delete('/subjects/s2');
  return served;
}

async function check(
  nodes: readonly RegistryInMemory[],
  more: Partial<CheckNodesOptions> = {},
): Promise<readonly Finding[]> {
  const { registry } = filled({ registry: new InMemoryRegistry() });
  const snapshot = snapshotOf(registry);
  return checkNodes({
    ...{ snapshot, state: await replay(snapshot, 'confluent'), clock: systemClock, signal },
    nodes: nodes.map((node, n) => node.node({}, `http://node${n}:8081`)),
    compare: () => Promise.resolve([]),
    ...{ mayHaveMore: false, waitMs: 0, folder: tempDir('check'), ...more },
  });
}

describe('every id at every node', () => {
  it('is right when all answer what the snapshot has, soft-deleted ones included', async () => {
    expect(await check([filled(new RegistryInMemory()), filled(new RegistryInMemory())])).toEqual([]);
  });

  it('is named with its node when it is missing there, or another schema', async () => {
    const bad = filled(new RegistryInMemory());
    bad.interfere = ({ path }) => {
      if (path === '/schemas/ids/3') return { status: 404, body: '{"error_code":40403}' };
      if (path.startsWith('/schemas/ids/1?subject')) return { status: 200, body: '{"schema":"\\"int\\""}' };
      return undefined;
    };
    const found = await check([filled(new RegistryInMemory()), bad]);
    expect(found.map(({ name, node, id, context }) => [name, node, id, context])).toEqual([
      ['missing-at-node', 'http://node1:8081', 3, ''],
      ['other-content-at-node', 'http://node1:8081', 1, 'dev'],
    ]);
  });

  it('is only judged when the node knows the highest one, or had its time', async () => {
    const late = new RegistryInMemory();
    let looks = 0;
    late.interfere = ({ path }) => {
      if (path === '/schemas/ids/5' && ++looks === 2) filled(late);
      return undefined;
    };
    expect(await check([late], { waitMs: 10_000 })).toEqual([]);
    expect((await check([new RegistryInMemory()], { waitMs: 600 })).map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 1]);
  });

  it('is beside what a comparison of versions says, but for subjects that were there before or are ours', async () => {
    const kind = { name: 'only-at-node', severity: 'error', message: '', mend: '' } as const;
    const found: Finding[] = [
      { ...kind, subject: 'theirs' },
      { ...kind, subject: 'holdfast-reserved-ids' },
      { ...kind, name: 'config-differs' },
    ];
    const compare = (): Promise<Finding[]> => Promise.resolve(found);
    const nodes = [filled(new RegistryInMemory())];
    expect(await check(nodes, { compare })).toEqual([found[0], found[2]]);
    expect(await check(nodes, { compare, mayHaveMore: true })).toEqual([found[2]]);
  });
});
