import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { restSource } from '../../../../src/recovery/backup/backup-source.ts';
import { type CheckNodesOptions, checkNodes } from '../../../../src/recovery/rest/check-nodes.ts';
import type { Finding } from '../../../../src/recovery/verify/finding.ts';
import { TransportFailure } from '../../../../src/registry/http-transport.ts';
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
    ...{ snapshot, clock: systemClock, signal },
    nodes: nodes.map((node, n) => node.node({}, `http://node${n}:8081`)),
    ...{ mayHaveMore: false, waitMs: 0, folder: tempDir('check'), ...more },
  });
}

describe('every id at every node', () => {
  it('is right when all answer what the snapshot has, soft-deleted ones included', async () => {
    expect(await check([filled(new RegistryInMemory()), filled(new RegistryInMemory())])).toEqual([]);
  });

  it('is named with its node when it is missing there, not given, or another schema', async () => {
    const bad = filled(new RegistryInMemory());
    bad.interfere = ({ path }) => {
      if (path === '/schemas/ids/3') return { status: 404, body: '{"error_code":40403}' };
      if (path === '/schemas/ids/4') return { status: 400, body: '{"message":"Failed to discover artifact type"}' };
      if (path.startsWith('/schemas/ids/1?subject')) return { status: 200, body: '{"schema":"\\"int\\""}' };
      return undefined;
    };
    const found = await check([filled(new RegistryInMemory()), bad]);
    expect(
      found
        .filter(({ severity }) => severity === 'error')
        .map(({ name, node, id, context }) => [name, node, id, context]),
    ).toEqual([
      ['missing-at-node', 'http://node1:8081', 3, ''],
      ['missing-at-node', 'http://node1:8081', 4, ''],
      ['other-content-at-node', 'http://node1:8081', 1, 'dev'],
    ]);
  });

  it('is not asked for where a node told only that it was given out, and nothing has it any more', async () => {
    const served = [filled(new RegistryInMemory()), filled(new RegistryInMemory())];
    for (const { registry } of served) {
      registry.delete('/subjects/s5');
      registry.delete('/subjects/s5?permanent=true');
    }
    const nodes = served.map((node, n) => node.node({}, `http://node${n}:8081`));
    const source = restSource({ nodes: nodes.slice(0, 1), clock: systemClock });
    const snapshot = await source.read(tempDir('told'), signal);
    // The one that told it, and another one.
    const options = {
      snapshot,
      nodes,
      toldBy: 'http://node0:8081',
      folder: tempDir('check'),
      clock: systemClock,
      signal,
    };
    expect(await checkNodes({ ...options, mayHaveMore: false, waitMs: 0 })).toEqual([]);
    await snapshot.close();
  });

  it('is waited for at a node that comes up late, reads on, or lags with what comes last', async () => {
    const down = filled(new RegistryInMemory());
    const reading = new RegistryInMemory();
    const lagging = filled(new RegistryInMemory());
    let refused = 0;
    down.interfere = () => {
      if (refused++ < 5) throw new TransportFailure('ECONNREFUSED', 'connect', '');
      return undefined;
    };
    let looks = 0;
    reading.interfere = ({ path }) => {
      if (path === '/schemas/ids/5' && ++looks === 2) filled(reading);
      return undefined;
    };
    let asked = 0;
    lagging.interfere = ({ path }) =>
      path === '/schemas/ids/2' && asked++ === 0 ? { status: 404, body: '{"error_code":40403}' } : undefined;
    expect(await check([down, reading, lagging], { waitMs: 30_000 })).toEqual([]);
    expect(asked).toBe(2);
  });

  it('tells once what it waits for, as long as it is the same', async () => {
    const lagging = filled(new RegistryInMemory());
    let asked = 0;
    lagging.interfere = ({ path }) =>
      path === '/schemas/ids/4' && asked++ < 3 ? { status: 404, body: '{"error_code":40403}' } : undefined;
    const waits: string[] = [];
    const clock = new ManualClock();
    let isOver = false;
    const checked = check([lagging], { waitMs: 3_600_000, onWait: (message) => waits.push(message), clock });
    const over = checked.finally(() => (isOver = true));
    while (!isOver) {
      if (clock.pendingTimers > 0) await clock.advance(3000);
      await setImmediate();
    }
    expect(await over).toEqual([]);
    expect(asked).toBe(4);
    expect(waits).toEqual([expect.stringMatching(/http:\/\/node0:8081 does not give id 4: /)]);
  });

  it('is missing when the time is over, and a node that is down or refuses us is a finding and no failure', async () => {
    const found = await check([new RegistryInMemory()], { waitMs: 600 });
    expect(found.filter(({ name }) => name === 'missing-at-node').map(({ id }) => id)).toEqual(
      expect.arrayContaining([1, 2, 3, 4, 5]),
    );
    const down = new RegistryInMemory();
    down.interfere = () => {
      throw new TransportFailure('ECONNREFUSED', 'connect', '');
    };
    const closed = new RegistryInMemory();
    closed.interfere = () => ({ status: 401, body: '{"message":"who are you"}' });
    expect((await check([down])).map(({ name, node }) => [name, node])).toEqual([['node-silent', 'http://node0:8081']]);
    const [refusal, ...others] = await check([closed], { waitMs: 3_600_000 });
    expect(others).toEqual([]);
    expect(refusal?.message).toMatch(/http:\/\/node0:8081 was not checked: .*401.*--registry-config/);
  });

  it('is beside what a comparison of versions says, but for subjects that others have and those that are ours', async () => {
    const more = filled(new RegistryInMemory());
    more.registry.register('theirs', record('Theirs'));
    more.registry.register('holdfast-reserved-ids', record('Reserved'));
    more.registry.put('/config/s1', { compatibility: 'NONE' });
    const names = async (mayHaveMore: boolean): Promise<readonly unknown[]> =>
      (await check([more], { mayHaveMore })).map(({ name, subject }) => [name, subject]);
    expect(await names(false)).toEqual([
      ['only-at-node', 'theirs'],
      ['config-differs', 's1'],
    ]);
    expect(await names(true)).toEqual([['config-differs', 's1']]);
  });
});
