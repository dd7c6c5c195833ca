import { afterEach, describe, expect, it } from 'vitest';
import { ScriptedRegistry, type ScriptedRegistryOptions } from '../../../src/testing/index.ts';
import { LiveRegistry } from '../../support/recovery/moved-registry.ts';
import { InMemoryRegistry } from '../../unit/embedded-registry/in-memory-registry.ts';
import { snapshotOf } from '../../unit/recovery/rest/restore-into-memory.ts';

const running: ScriptedRegistry[] = [];
afterEach(async () => {
  for (const registry of running.splice(0)) await registry.stop();
});

async function started(
  options: ScriptedRegistryOptions,
): Promise<LiveRegistry & { readonly registry: ScriptedRegistry }> {
  const registry = await ScriptedRegistry.start(options);
  running.push(registry);
  return Object.assign(new LiveRegistry(...registry.urls), { registry });
}

function source(): InMemoryRegistry {
  const registry = new InMemoryRegistry();
  for (let n = 0; n < 8; n++) {
    for (const subject of [`orders-${n}`, `:.eu:orders-${n}`]) {
      registry.register(subject, { type: 'record', name: `Order${n}`, fields: [] });
      registry.register(subject, {
        ...{ type: 'record', name: `Order${n}` },
        fields: [{ name: 'more', type: 'string', default: '' }],
      });
    }
    registry.delete(`/subjects/orders-${n}/versions/1`);
  }
  registry.put('/config/orders-1', { compatibility: 'FULL' });
  registry.put('/mode/orders-2', { mode: 'READONLY' });
  registry.register('top', { type: 'record', name: 'Top', fields: [] });
  registry.delete('/subjects/top');
  registry.delete('/subjects/top?permanent=true');
  return registry;
}

describe('a registry of two nodes', () => {
  const { signal } = new AbortController();

  it('has every id at every node after a restore, and nothing of it but reserved ids after an undo', async () => {
    const live = await started({ nodes: 2 });
    const snapshot = snapshotOf(source());
    const { plan, undo } = await live.plan(snapshot, signal);
    await live.run(plan, signal);
    expect((await live.check(snapshot, signal)).filter(({ severity }) => severity !== 'note')).toEqual([]);
    expect((await live.plan(snapshot, signal)).plan.steps).toBe(0);
    await live.run(undo, signal);
    expect((await live.versions(signal)).filter((version) => !version.includes('holdfast-reserved-ids'))).toEqual([]);
  });

  it('is told of before anything is written when it can not keep ids', async () => {
    const live = await started({ nodes: 1, vendor: 'karapace' });
    await expect(live.plan(snapshotOf(source()), signal)).rejects.toMatchObject({
      code: 'holdfast.recovery.rest-no-import',
      message: expect.stringMatching(/PUT \/mode: HTTP 405.*Karapace has it from 6\.2\.4 on.*--into new-topic/),
    });
    expect(await live.versions(signal)).toEqual([]);
  });
});
