import { describe, expect, it } from 'vitest';
import type { Broker } from '../../../src/broker/ports.ts';
import { openRegistryClient } from '../../../src/cli/registry-client.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import { SchemaStore } from '../../../src/registry/schema-store.ts';
import { settle, snapshot } from '../runtime/fake-task-edges.ts';

async function open(defaults: Record<string, string>) {
  const clock = new ManualClock();
  const openStore = async () => ({
    store: await SchemaStore.open({ log: new MemoryCompactedLog(), logger: silentLogger }),
    ready: Promise.resolve(),
    isReady: () => true,
  });
  const kafka = { broker: { kind: 'embedded' } as Broker, settings: {} };
  return { clock, client: await openRegistryClient({ clock, defaults, openStore, kafka, logger: silentLogger }) };
}

describe('the registry client of a worker', () => {
  it('invariant 9: lets tasks go with the concurrency and the jitter of the worker', async () => {
    const { clock, client } = await open({
      'registry.release.concurrency': '1',
      'registry.release.jitter.ms': '60000',
    });
    const { gates } = client.openHostSide();
    gates.apply(snapshot('registry:r:read', 'closed'));
    let released = 0;
    for (let task = 0; task < 20; task++) {
      void gates
        .get('registry:r:read')
        ?.opened(new AbortController().signal)
        .then(() => {
          released++;
        });
    }
    await settle();
    gates.apply(snapshot('registry:r:read', 'open'));
    await settle();
    // Only the first goes at once; with the default of 50 ms all would soon have gone.
    await clock.advance(1_000);
    expect(released).toBeGreaterThanOrEqual(1);
    expect(released).toBeLessThan(20);
    await client.close();
  });

  it('refuses settings of the release that are not allowed, before anything is opened', async () => {
    await expect(open({ 'registry.release.concurrency': '0' })).rejects.toMatchObject({ name: 'ConfigError' });
  });
});
