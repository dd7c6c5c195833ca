import { describe, expect, it } from 'vitest';
import type { TakeAwayOptions } from '../../../src/embedded-registry/embedded-registry.ts';
import type { RegistryTimings, RegistryVendor } from '../../../src/embedded-registry/vendor-profile.ts';
import { errorAnswer, ScriptedRegistry } from '../../../src/testing/index.ts';
import {
  AvroBench,
  Flow,
  framed,
  range,
  sequenceSchema,
  type Tolerance,
  tolerating,
} from '../../support/avro-pipelines.ts';
import { freePorts } from '../../support/ports.ts';
import { registerAt, startRegistry } from '../../support/registry-outage-story.ts';
import { TASK_ISOLATION } from '../../support/task-isolation.ts';
import { createTopic, produce } from '../../support/topic-content.ts';

type How = NonNullable<TakeAwayOptions['how']>;

const hows: readonly How[] = ['crash', 'terminate', 'freeze', 'unelect'];
const variants: readonly (readonly [RegistryVendor, Tolerance])[] = [
  ['confluent', 'none'],
  ['karapace', 'all'],
];
/** Most of the time goes into waiting. But one worker with threads is enough at a time. */
const describeAll = TASK_ISOLATION === 'inline' ? describe.concurrent : describe;
const OUTAGE_MS = 2_000;
const TIMINGS: Partial<RegistryTimings> = { sessionTimeoutMs: 1_000, rebalanceMs: 200, replayMs: 700 };
const READ = sequenceSchema('Read');
const settings = { 'value.converter.http.read.timeout.ms': '1000' };

describeAll.each(variants)('the primary of a %s registry goes away, errors.tolerance=%s', (vendor, tolerance) => {
  it.each(hows)('by %s: known schemas and reads flow, new schemas wait for the next one that writes', async (how) => {
    const { registry, urls, stop } = await startRegistry({
      vendor,
      timings: { ...TIMINGS, ...(vendor === 'karapace' ? { primaryWaitMs: 1_000 } : {}) },
    });
    const bench = await AvroBench.start({ registryUrls: urls, settings });
    let flow: Flow | undefined;
    try {
      const id = await registerAt(urls[0] ?? '', 'read-value', READ);
      await createTopic(bench.broker, 'read', 1);
      await bench.source('known', 'known', sequenceSchema('Known'), tolerating(tolerance));
      await bench.sink('known-sink', 'known', tolerating(tolerance, 'dlq'));
      await bench.source('new', 'new', sequenceSchema('New'), tolerating(tolerance));
      await bench.sink('new-sink', 'new', tolerating(tolerance, 'dlq'));
      flow = new Flow(bench, 'known', 'known-sink');
      await bench.connect.waitFor('the known flow', async () => bench.delivered('known-sink').length > 20);

      await registry.takePrimaryAway({ how });
      // Karapace's nodes go by the old primary until the rebalance is over.
      if (how === 'unelect') await bench.connect.waitFor('no primary', async () => registry.primary() === null);
      const endsAt = performance.now() + OUTAGE_MS;
      const atStart = bench.delivered('known-sink').length;
      bench.feed('new', range(0, 30));
      // Never read by this worker before: a replica answers.
      await produce(
        bench.broker,
        'read',
        0,
        range(0, 30).map((seq) => framed(id, READ, { seq, text: 'r' })),
      );
      await bench.sink('read-sink', 'read', tolerating(tolerance, 'dlq'));
      await bench.parked('new');
      await bench.expectDelivered('read-sink', range(0, 30));
      await bench.connect.waitFor('the end of the outage', async () => performance.now() > endsAt);
      expect(await bench.parked('new')).toMatchObject({ partitions: [] });
      expect(bench.delivered('known-sink').length).toBeGreaterThan(atStart + 50);
      expect(bench.delivered('new-sink')).toEqual([]);

      const usable = registry.restorePrimary().then(() => performance.now());
      await bench.connect.waitFor('the first new record', async () => bench.delivered('new-sink').length > 0, 30_000);
      const waitedMs = performance.now() - (await usable);
      // Soon, and not at the end of some long back-off.
      expect(waitedMs).toBeLessThan(10_000);
      await bench.expectDelivered('new-sink', range(0, 30));
      await flow.stop();
      await bench.expectDelivered('known-sink', range(0, flow.count));
      for (const name of ['known', 'new', 'known-sink', 'new-sink', 'read-sink']) await bench.notParked(name);
      expect(await bench.failures()).toEqual([]);
      expect((await bench.topic('dlq')).flat()).toEqual([]);
      expect((await bench.topic('new')).flat()).toHaveLength(30);
    } finally {
      await flow?.stop();
      await bench.stop();
      await stop();
    }
  });
});

const tolerances: readonly Tolerance[] = ['none', 'all'];

describeAll.each(tolerances)('what a registry denies that it has, errors.tolerance=%s', (tolerance) => {
  it('while it comes back: 404 for existing ids, then 50003 for new schemas, is a second outage and no bad data', async () => {
    const registry = await ScriptedRegistry.start({ vendor: 'karapace', ports: await freePorts(1) });
    const bench = await AvroBench.start({ registryUrls: registry.urls, settings });
    try {
      const id = await registry.register('read-value', READ);
      await createTopic(bench.broker, 'read', 1);
      await bench.sink('read-sink', 'read', tolerating(tolerance, 'dlq'));
      await bench.source('new', 'new', sequenceSchema('New'), tolerating(tolerance));
      await bench.sink('new-sink', 'new', tolerating(tolerance, 'dlq'));
      const node = registry.node(0);
      await node.stop();
      await produce(
        bench.broker,
        'read',
        0,
        range(0, 20).map((seq) => framed(id, READ, { seq, text: 'r' })),
      );
      bench.feed('new', range(0, 20));
      await bench.parked('read-sink');
      await bench.parked('new');
      node.pauseReading();
      const refusal = registry.script({ stage: 'write', fault: errorAnswer(500, 50003) });
      const comesBackAt = registry.elapsedMs;
      node.start().catch(() => {});
      await bench.connect.waitFor('the denial of an id that is there', async () => {
        return registry.requests.list({ operation: 'by-id', outcome: 404 }).length >= 2;
      });
      expect(await bench.parked('read-sink')).toMatchObject({ partitions: ['read-0'] });
      node.resumeReading();
      await bench.expectDelivered('read-sink', range(0, 20));
      await bench.connect.waitFor('a refused registration', async () => {
        return registry.requests.list({ errorCode: 50003, fromMs: comesBackAt }).length >= 2;
      });
      await bench.parked('new');
      refusal.remove();
      await bench.expectDelivered('new-sink', range(0, 20));
      expect(await bench.failures()).toEqual([]);
      expect((await bench.topic('dlq')).flat()).toEqual([]);
    } finally {
      await bench.stop();
      await registry.stop();
    }
  });

  it('because a replica lags while the primary hangs, is waited for', async () => {
    const registry = await ScriptedRegistry.start({ nodes: 2, ports: await freePorts(2) });
    const bench = await AvroBench.start({ registryUrls: registry.urls, settings });
    try {
      registry.node(1).pauseReading();
      const id = await registry.register('read-value', READ);
      registry.node(0).freeze();
      await createTopic(bench.broker, 'read', 2);
      const known = await registry.register('other-value', sequenceSchema('Other'));
      expect(known).toBe(id + 1);
      await produce(
        bench.broker,
        'read',
        0,
        range(0, 20).map((seq) => framed(id, READ, { seq, text: 'r' })),
      );
      await bench.sink('read-sink', 'read', tolerating(tolerance, 'dlq'));
      await bench.connect.waitFor('the denials of the replica', async () => {
        return registry.requests.list({ node: 1, operation: 'by-id', outcome: 404 }).length >= 3;
      });
      expect(await bench.parked('read-sink')).toMatchObject({
        partitions: ['read-0'],
        code: 'holdfast.registry.id.not-seen',
      });
      registry.node(0).thaw();
      await bench.expectDelivered('read-sink', range(0, 20));
      expect(await bench.failures()).toEqual([]);
      expect((await bench.topic('dlq')).flat()).toEqual([]);
    } finally {
      await bench.stop();
      await registry.stop();
    }
  });
});
