import { afterEach, describe, expect, it } from 'vitest';
import { ScriptedRegistry } from '../../../src/testing/index.ts';
import { AvroBench, range, sequenceSchema, type Tolerance, tolerating } from '../../support/avro-pipelines.ts';
import { freePorts } from '../../support/ports.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function registryAt(ports: readonly number[], kafkaClusterId: string): Promise<ScriptedRegistry> {
  const registry = await ScriptedRegistry.start({ ports, kafkaClusterId });
  closers.push(() => registry.stop());
  return registry;
}

function failure(bench: AvroBench, connector: string): Promise<string> {
  return bench.connect.waitFor(`${connector} failed`, async () => {
    const { tasks } = await bench.status(connector);
    return tasks[0]?.state === 'FAILED' && (tasks[0].trace ?? '');
  });
}

/** A source and a sink of a schema, until the first records are through. */
async function startPipeline(bench: AvroBench, name: string, tolerance: Tolerance): Promise<void> {
  bench.feed(name, range(0, 5));
  await bench.source(name, name, sequenceSchema(name), tolerating(tolerance));
  await bench.sink(`${name}-sink`, name, tolerating(tolerance, 'dlq'));
  await bench.expectDelivered(`${name}-sink`, range(0, 5));
}

const tolerances: readonly Tolerance[] = ['none', 'all'];

describe.each(tolerances)('invariant 6, errors.tolerance=%s', (tolerance) => {
  it('another cluster behind the same URL after an outage stops every task that uses it, and nothing is written there', async () => {
    const ports = await freePorts(1);
    const before = await registryAt(ports, 'the-first');
    const bench = await AvroBench.start({ registryUrls: before.urls });
    closers.push(() => bench.stop());
    await startPipeline(bench, 'known', tolerance);
    await before.stop();
    bench.feed('new', range(0, 5));
    await bench.source('new', 'new', sequenceSchema('New'), tolerating(tolerance));
    await bench.parked('new');
    const after = await registryAt(ports, 'the-second');
    for (const name of ['new', 'known', 'known-sink']) expect(await failure(bench, name)).toMatch(/cluster/);
    expect(after.acknowledged()).toEqual([]);
    expect((await bench.topic('new')).flat()).toEqual([]);
    expect((await bench.topic('known')).flat()).toHaveLength(5);
    expect((await bench.topic('dlq')).flat()).toEqual([]);
  });

  it('another cluster than that of the store is noticed at first contact', async () => {
    const ports = await freePorts(1);
    const before = await registryAt(ports, 'the-first');
    const bench = await AvroBench.start({ registryUrls: before.urls });
    closers.push(() => bench.stop());
    await startPipeline(bench, 'known', tolerance);
    await bench.stopWorker();
    await before.stop();
    const after = await registryAt(ports, 'the-second');
    await bench.startWorker();
    bench.feed('known', range(5, 10));
    await bench.source('known', 'known', sequenceSchema('known'), tolerating(tolerance));
    expect(await failure(bench, 'known')).toMatch(/cluster/);
    expect((await bench.topic('known')).flat()).toHaveLength(5);
    expect(after.acknowledged()).toEqual([]);
  });

  it('an id that a restored registry gives out a second time stops who uses it, and is not written', async () => {
    const registry = await registryAt(await freePorts(1), 'the-only');
    const bench = await AvroBench.start({ registryUrls: registry.urls });
    closers.push(() => bench.stop());
    const empty = registry.records().length;
    await startPipeline(bench, 'known', tolerance);
    await registry.restoreTo(empty);
    bench.feed('new', range(0, 5));
    await bench.source('new', 'new', sequenceSchema('New'), tolerating(tolerance));
    expect(await failure(bench, 'new')).toMatch(/resolves to other content/);
    for (const name of ['known', 'known-sink']) expect(await failure(bench, name)).toMatch(/resolves to other content/);
    expect((await bench.topic('new')).flat()).toEqual([]);
    expect((await bench.topic('known')).flat()).toHaveLength(5);
    expect((await bench.topic('dlq')).flat()).toEqual([]);
  });
});
