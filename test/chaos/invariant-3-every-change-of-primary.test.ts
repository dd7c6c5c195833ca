import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type RegistryTimeline, registryTimelines, ScriptedRegistry } from '../../src/testing/index.ts';
import {
  AvroBench,
  Flow,
  framed,
  range,
  sequenceSchema,
  type Tolerance,
  tolerating,
} from '../support/avro-pipelines.ts';
import { freePorts } from '../support/ports.ts';
import { createTopic, produce } from '../support/topic-content.ts';

/** New schemas, and ids that the worker has not read, turn up as often. */
const EVERY_MS = 2_000;
const tolerances: readonly Tolerance[] = ['none', 'all'];
const timelines: readonly (readonly [string, RegistryTimeline])[] = Object.entries(registryTimelines);

describe.concurrent.each(tolerances)('invariant 3, errors.tolerance=%s', (tolerance) => {
  it.each(timelines)('%s: nothing is lost, repeated, dead-lettered or failed', async (name, timeline) => {
    const nodes = timeline === registryTimelines.karapaceRestart ? 1 : 2;
    const joins = timeline === registryTimelines.karapaceLowerUrlJoins;
    const registry = await ScriptedRegistry.start({
      nodes,
      vendor: timeline.vendor,
      ports: await freePorts(nodes),
      primary: joins ? 1 : 0,
    });
    const bench = await AvroBench.start({ registryUrls: registry.urls });
    let flow: Flow | undefined;
    try {
      await bench.source('known', 'known', sequenceSchema('Known'), tolerating(tolerance));
      await bench.sink('known-sink', 'known', tolerating(tolerance, 'dlq'));
      await createTopic(bench.broker, 'read', 1);
      await bench.sink('read-sink', 'read', tolerating(tolerance, 'dlq'));
      const endMs = Math.max(...timeline.steps.map((step) => ('untilMs' in step ? step.untilMs : step.atMs)), 10_000);
      const rounds = Math.ceil(endMs / EVERY_MS);
      const ids: number[] = [];
      for (const n of range(0, rounds)) ids.push(await registry.register(`read-${n}`, sequenceSchema(`Read${n}`)));
      flow = new Flow(bench, 'known', 'known-sink');
      await bench.connect.waitFor('the known flow', async () => bench.delivered('known-sink').length > 20);
      if (joins) await registry.node(0).stop();

      const run = registry.play(timeline, joins ? { hurt: 0 } : {});
      for (const [n, id] of ids.entries()) {
        const schema = sequenceSchema(`Read${n}`);
        await produce(
          bench.broker,
          'read',
          0,
          range(n * 5, n * 5 + 5).map((seq) => framed(id, schema, { seq, text: 'r' })),
        );
        bench.feed(`new-${n}`, range(0, 5));
        await bench.source(`new-${n}`, `new-${n}`, sequenceSchema(`New${n}`), tolerating(tolerance));
        await bench.sink(`new-${n}-sink`, `new-${n}`, tolerating(tolerance, 'dlq'));
        expect(await bench.failures()).toEqual([]);
        await delay(EVERY_MS);
      }
      await run.done;
      if (timeline.writableAtMs === null) await registry.setPrimary(0);
      const over = performance.now();
      for (const n of range(0, rounds)) await bench.expectDelivered(`new-${n}-sink`, range(0, 5), 60_000);
      await bench.expectDelivered('read-sink', range(0, rounds * 5), 60_000);
      const afterMs = Math.round(performance.now() - over);
      await flow.stop();
      await bench.expectDelivered('known-sink', range(0, flow.count));
      expect(await bench.failures()).toEqual([]);
      expect((await bench.topic('dlq')).flat()).toEqual([]);
      // Invariant 9, all of the worker's tasks together: gates of reads and writes, and the nodes' revival.
      const peak = registry.requests.peak(1_000);
      const longestGapMs = Math.round(flow.takeLongestGapMs());
      console.log(`${name}, ${tolerance}: ${JSON.stringify({ rounds, afterMs, peak, longestGapMs })}`);
      expect(peak).toBeLessThan(40 + 4 * rounds);
      expect(bench.slowestAnswerMs).toBeLessThan(1_000);
    } finally {
      await flow?.stop();
      await bench.stop();
      await registry.stop();
    }
  });
});
