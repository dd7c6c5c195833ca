import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorAnswer, ScriptedRegistry } from '../../../src/testing/index.ts';
import { AvroBench, framed, range, sequenceSchema, type Tolerance, tolerating } from '../../support/avro-pipelines.ts';
import { freePorts } from '../../support/ports.ts';
import { createTopic, produce } from '../../support/topic-content.ts';

const tolerances: readonly Tolerance[] = ['none', 'all'];
const COUNT = 1_000;
const plugin = new URL('../../fixtures/plugins/versioned-source.mjs', import.meta.url).href;

/** Each line's number, in the order of the file. */
const linesOf = (file: string): readonly number[] => readFileSync(file, 'utf8').trimEnd().split('\n').map(Number);

describe.each(tolerances)('invariant 4, errors.tolerance=%s', (tolerance) => {
  it('a source whose schema changes in the middle of batches and outages', async () => {
    const registry = await ScriptedRegistry.start({ nodes: 2, ports: await freePorts(2) });
    const keys = {
      'key.converter': 'io.confluent.connect.avro.AvroConverter',
      'key.converter.schema.registry.url': registry.urls.join(','),
    };
    const bench = await AvroBench.start({ registryUrls: registry.urls, settings: keys, pluginModules: [plugin] });
    const [seen, limit] = [join(bench.dir, 'seen'), join(bench.dir, 'limit')];
    const source = {
      'connector.class': 'test.VersionedSourceConnector',
      topic: 'versioned',
      every: '100',
      'limit.file': limit,
      transforms: 'record',
      'transforms.record.type': 'test.RecordingTransformation',
      'transforms.record.file': seen,
      ...tolerating(tolerance),
    };
    const allow = (count: number): void => writeFileSync(limit, String(count));
    try {
      await bench.connect.create('versioned', source);
      await bench.sink('sink', 'versioned', tolerating(tolerance, 'dlq'));
      const outages = [
        () => registry.script({ fault: errorAnswer(500, 50003) }),
        () => registry.script({ fault: { kind: 'cut' } }),
        () => registry.script({ operation: 'register', fault: { kind: 'lose-answer' }, times: 2 }),
        () => registry.script({ stage: 'write', fault: errorAnswer(500, 50004) }),
      ];
      for (const [n, begin] of outages.entries()) {
        // Half way to the next schema: that and one more come in batches of the outage.
        allow(150 + n * 200);
        await bench.expectDelivered('sink', range(0, 150 + n * 200));
        const outage = begin();
        allow(150 + (n + 1) * 200);
        if (n !== 2) await bench.parked('versioned');
        else await bench.connect.waitFor('two lost answers', async () => outage.hits >= 2);
        outage.remove();
      }
      allow(COUNT);
      await bench.expectDelivered('sink', range(0, COUNT));
      expect(linesOf(seen)).toEqual(range(0, COUNT));
      // A restart repeats nothing, as everything was acknowledged and committed.
      await bench.stopWorker();
      await bench.startWorker();
      allow(COUNT + 50);
      await bench.connect.create('versioned', source);
      await bench.sink('sink', 'versioned', tolerating(tolerance, 'dlq'));
      await bench.expectDelivered('sink', range(0, COUNT + 50));
      expect((await bench.topic('versioned')).flat()).toHaveLength(COUNT + 50);
      expect(linesOf(seen)).toEqual(range(0, COUNT + 50));
      expect(await bench.failures()).toEqual([]);
      expect((await bench.topic('dlq')).flat()).toEqual([]);
      // No schema was registered twice, whatever happened to the answers.
      const ids = registry.schemas().map(({ subject, version }) => `${subject} ${version}`);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toHaveLength(1 + 11);
    } finally {
      await bench.stop();
      await registry.stop();
    }
  });

  it('a sink that is stopped, paused and restarted while a partition waits', async () => {
    const registry = await ScriptedRegistry.start({ ports: await freePorts(1) });
    const [early, late] = [sequenceSchema('Early'), sequenceSchema('Late')];
    const earlyId = await registry.register('early-value', early);
    const lateId = await registry.register('late-value', late);
    const bench = await AvroBench.start({ registryUrls: registry.urls });
    const send = (partition: number, from: number, to: number, isLate: boolean): Promise<void> =>
      produce(
        bench.broker,
        'topic',
        partition,
        range(from, to).map((seq) => framed(isLate ? lateId : earlyId, isLate ? late : early, { seq, text: '' })),
      );
    const sink = (): Promise<void> => bench.sink('sink', 'topic', tolerating(tolerance, 'dlq'));
    const atLeast = (count: number): Promise<unknown> =>
      bench.connect.waitFor(`${count} records`, async () => bench.delivered('sink').length >= count);
    try {
      await createTopic(bench.broker, 'topic', 2);
      await send(0, 0, 20, false);
      await sink();
      await bench.expectDelivered('sink', range(0, 20));
      await registry.node(0).stop();
      await send(0, 20, 30, false);
      await send(0, 30, 40, true);
      await send(0, 40, 50, false);
      await send(1, 1000, 1010, false);
      expect((await bench.parked('sink')).partitions).toEqual(['topic-0']);
      await atLeast(40);

      // Anew, with the registry still down: what was committed stands, what waited waits again.
      await bench.stopWorker();
      await bench.startWorker();
      await sink();
      expect((await bench.parked('sink')).partitions).toEqual(['topic-0']);
      await send(1, 1010, 1020, false);
      await atLeast(50);

      await bench.connect.request('PUT', '/connectors/sink/pause');
      await bench.connect.waitForTasks('sink', 'PAUSED');
      await send(1, 1020, 1030, false);
      await bench.connect.request('PUT', '/connectors/sink/resume');
      await bench.connect.waitForTasks('sink', 'RUNNING');
      await atLeast(60);
      expect((await bench.parked('sink')).partitions).toEqual(['topic-0']);

      const restarted = await bench.connect.request('POST', '/connectors/sink/restart?includeTasks=true');
      expect(restarted.status).toBeLessThan(300);
      await send(1, 1030, 1040, false);
      await atLeast(70);
      expect((await bench.parked('sink')).partitions).toEqual(['topic-0']);

      await registry.node(0).start();
      await atLeast(90);
      expect(bench.delivered('sink').filter((seq) => seq < 1000)).toEqual(range(0, 50));
      expect(bench.delivered('sink').filter((seq) => seq >= 1000)).toEqual(range(1000, 1040));
      await bench.notParked('sink');
      expect((await bench.topic('dlq')).flat()).toEqual([]);
    } finally {
      await bench.stop();
      await registry.stop();
    }
  });
});

describe('a parked source', () => {
  it('is paused, resumed, restarted and deleted at once, and its question dies with it', async () => {
    const registry = await ScriptedRegistry.start({ ports: await freePorts(1) });
    // A task that did not end when it is asked to would be waited for that long.
    const deadline = { 'task.shutdown.graceful.timeout.ms': '50000' };
    const bench = await AvroBench.start({ registryUrls: registry.urls, settings: deadline });
    const quickly = async (method: string, path: string): Promise<void> => {
      const begun = performance.now();
      const { status } = await bench.connect.request(method, path);
      expect(status).toBeLessThan(300);
      expect(performance.now() - begun).toBeLessThan(25_000);
    };
    try {
      const outage = registry.script({ operation: ['register', 'lookup'], fault: errorAnswer(500, 50004) });
      bench.feed('source', range(0, 5));
      await bench.source('source', 'topic', sequenceSchema('Doomed'));
      await bench.parked('source');
      await quickly('PUT', '/connectors/source/pause');
      await bench.connect.waitForTasks('source', 'PAUSED');
      await quickly('PUT', '/connectors/source/resume');
      await bench.parked('source');
      await quickly('POST', '/connectors/source/restart?includeTasks=true');
      await bench.parked('source');
      await quickly('DELETE', '/connectors/source');
      expect((await bench.get('/connectors')).body).toEqual([]);
      // What was on its way may still come to its end; nothing more is begun, or the prober would ask at least once a second.
      await bench.connect.waitFor('an end of its questions', async () => {
        const since = registry.requests.list({ fromMs: registry.elapsedMs - 1_500 });
        return !since.some(({ operation }) => operation === 'register' || operation === 'lookup');
      });
      outage.remove();
      // The gate opens for the next who asks, and nobody asks for the schema of the deleted one.
      bench.feed('other', range(0, 5));
      await bench.source('other', 'other', sequenceSchema('Other'));
      await bench.sink('other-sink', 'other');
      await bench.expectDelivered('other-sink', range(0, 5));
      expect(registry.acknowledged().map(({ subject }) => subject)).toEqual(['other-value']);
    } finally {
      await bench.stop();
      await registry.stop();
    }
  });
});
