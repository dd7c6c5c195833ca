/**
 * The essential promises of parking, with tasks in threads of their own and in shared ones. The other tests of this folder tell them one by
 * one for inline tasks; `HOLDFAST_TASK_ISOLATION` runs those in threads too.
 */
import { describe, expect, it } from 'vitest';
import { AvroBench, Flow, framed, range, sequenceSchema, tolerating } from '../../support/avro-pipelines.ts';
import { registerAt, startRegistry } from '../../support/registry-outage-story.ts';
import { createTopic, produce } from '../../support/topic-content.ts';

/** A thread takes its time to start on a busy machine. */
const STARTS_MS = 60_000;
/** What does not end when it is asked to would be waited for that long. */
const STOP_DEADLINE_MS = 90_000;
const FOREIGN = sequenceSchema('Foreign');

describe.each(['own', 'shared'] as const)('task.isolation=%s', (isolation) => {
  it('while no new schema can be registered: known ones flow, what waits stops, restarts, and is delivered once', async () => {
    const { registry, urls, stop } = await startRegistry();
    const bench = await AvroBench.start({
      registryUrls: urls,
      isolation,
      settings: {
        'value.converter.http.read.timeout.ms': '1000',
        'task.shutdown.graceful.timeout.ms': String(STOP_DEADLINE_MS),
      },
    });
    let flow: Flow | undefined;
    const source = (name: string): Promise<void> => bench.source(name, name, sequenceSchema(name), tolerating('all'));
    const sink = (topic: string): Promise<void> => bench.sink(`${topic}-sink`, topic, tolerating('all', 'dlq'));
    const quickly = async (method: string, path: string): Promise<void> => {
      const begun = performance.now();
      const { status } = await bench.connect.request(method, `/connectors/${path}`);
      expect(status).toBeLessThan(300);
      expect(performance.now() - begun).toBeLessThan(STOP_DEADLINE_MS / 2);
    };
    const started = (...names: readonly string[]) =>
      Promise.all(names.map((name) => bench.connect.waitForTasks(name, 'RUNNING', STARTS_MS)));
    try {
      await source('Known');
      await sink('Known');
      await started('Known', 'Known-sink');
      flow = new Flow(bench, 'Known', 'Known-sink');
      await bench.connect.waitFor('the known flow', async () => bench.delivered('Known-sink').length > 20, STARTS_MS);

      // An id that nobody knows yet is the trouble of one partition, and no bad data.
      const id = (await registerAt(urls[0] ?? '', 'first-value', sequenceSchema('First'))) + 1;
      const foreign = (from: number, to: number): readonly Buffer[] =>
        range(from, to).map((seq) => framed(id, FOREIGN, { seq, text: '' }));
      const first = range(100, 110).map((seq) => framed(id - 1, sequenceSchema('First'), { seq, text: '' }));
      await createTopic(bench.broker, 'foreign', 2);
      await produce(bench.broker, 'foreign', 0, foreign(0, 10));
      await produce(bench.broker, 'foreign', 1, first);
      await sink('foreign');
      await bench.expectDelivered('foreign-sink', range(100, 110), STARTS_MS);
      await bench.connect.waitFor('the wait of one partition', async () => {
        const wait = await bench.parked('foreign-sink', STARTS_MS, 'holdfast.registry.id.not-seen');
        return wait.partitions.join() === 'foreign-0';
      });
      expect(await registerAt(urls[0] ?? '', 'foreign-value', FOREIGN)).toBe(id);
      await bench.expectDelivered('foreign-sink', [...range(100, 110), ...range(0, 10)], STARTS_MS);

      await registry.takePrimaryAway();
      bench.feed('New', range(0, 30));
      await source('New');
      await sink('New');
      expect(await bench.parked('New', STARTS_MS)).toMatchObject({ partitions: [] });
      const before = bench.delivered('Known-sink').length;
      const flows = (): Promise<boolean> =>
        bench.connect.waitFor('more of the known flow', async () => bench.delivered('Known-sink').length > before + 50);
      await flows();

      // Whoever waits is paused, stopped and restarted at once, and waits again.
      await quickly('PUT', 'New/pause');
      await bench.connect.waitForTasks('New', 'PAUSED');
      await quickly('PUT', 'New/resume');
      await quickly('PUT', 'New/stop');
      await bench.connect.waitFor('it is stopped', async () => (await bench.status('New')).tasks.length === 0);
      await quickly('PUT', 'New/resume');
      await bench.parked('New', STARTS_MS);
      await quickly('POST', 'New/restart?includeTasks=true');
      await bench.parked('New', STARTS_MS);

      // The worker too, and a new one waits on.
      await flow.stop();
      await bench.expectDelivered('Known-sink', range(0, flow.count));
      expect(await bench.stopWorker()).toBeLessThan(STOP_DEADLINE_MS / 2);
      await bench.startWorker();
      for (const name of ['Known', 'New']) {
        await source(name);
        await sink(name);
      }
      await bench.parked('New', STARTS_MS);
      bench.feed('Known', range(flow.count, flow.count + 20));
      await bench.expectDelivered('Known-sink', range(0, flow.count + 20), STARTS_MS);
      expect(bench.delivered('New-sink')).toEqual([]);

      await registry.restorePrimary();
      await bench.expectDelivered('New-sink', range(0, 30), STARTS_MS);
      for (const name of ['Known', 'New', 'Known-sink', 'New-sink']) await bench.notParked(name);
      expect(await bench.failures()).toEqual([]);
      expect(await bench.topicLength('dlq')).toBe(0);
      expect(await bench.topicLength('New')).toBe(30);
      expect(await bench.topicLength('Known')).toBe(flow.count + 20);
    } finally {
      await flow?.stop();
      await bench.stop();
      await stop();
    }
  }, 240_000);
});
