import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ScriptedRegistry } from '../../../src/testing/index.ts';
import {
  avroConverters,
  firstDifference,
  framed,
  range,
  type ShownPark,
  sequenceIn,
  sequenceSchema,
  type Tolerance,
  tolerating,
} from '../../support/avro-pipelines.ts';
import { freePorts } from '../../support/ports.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { createTopic, produce, readTopic, withBroker } from '../../support/topic-content.ts';
import { eventually, WorkerProcess } from '../../support/worker-process.ts';

const tolerances: readonly Tolerance[] = ['none', 'all'];
const KNOWN = sequenceSchema('Known');
/** To the byte what the source's converter registers for records named so. */
const FOREIGN = sequenceSchema('Foreign').replace(/}$/, ',"connect.name":"Foreign"}');
const LATER = sequenceSchema('Later');

describe.each(tolerances)('a worker that starts while every registry is down, errors.tolerance=%s', (tolerance) => {
  it.each([
    ['SIGTERM', 'refuses'],
    ['SIGKILL', 'refuses'],
    ['SIGKILL', 'hangs'],
  ] as const)('after %s, while it %s, writes and reads what it knew, and waits with the rest', async (signal, how) => {
    const dir = tempDir('restart');
    const registry = await ScriptedRegistry.start({ nodes: 2, ports: await freePorts(2) });
    const nodes = [registry.node(0), registry.node(1)];
    let worker: WorkerProcess | undefined;
    const file = (name: string): string => join(dir, `${name}.jsonl`);
    const feed = (name: string, from: number, to: number): void =>
      appendFileSync(
        file(name),
        range(from, to)
          .map((seq) => `{"seq":${seq},"text":"t"}\n`)
          .join(''),
      );
    const source = (name: string, topic: string, schema: string): Readonly<Record<string, string>> => ({
      'connector.class': 'io.holdfast.connect.file.RecordFileSourceConnector',
      file: file(name),
      format: 'jsonl',
      topic,
      schema,
      ...tolerating(tolerance),
    });
    const sink = (topic: string): Readonly<Record<string, string>> => ({
      'connector.class': 'io.holdfast.connect.file.RecordFileSinkConnector',
      file: file(`${topic}-out`),
      topics: topic,
      ...tolerating(tolerance, 'dlq'),
    });
    const bootstrapServers = `embedded:${join(dir, 'broker')}`;
    const options = {
      dir,
      bootstrapServers,
      settings: {
        ...avroConverters(registry.urls),
        'value.converter.http.read.timeout.ms': '1000',
        'task.shutdown.graceful.timeout.ms': '40000',
      },
      connectors: {
        known: source('known', 'known', KNOWN),
        'known-sink': sink('known'),
        // The worker has seen this schema, but only by reading it: no proof for this subject.
        unproven: source('unproven', 'unproven', FOREIGN),
        'unproven-sink': sink('unproven'),
        foreign: sink('foreign'),
      },
    };
    const parkOf = async (connector: string): Promise<ShownPark | undefined> => {
      const { tasks } = await (worker as WorkerProcess).status(connector);
      return tasks[0]?.state === 'RUNNING' ? (tasks[0].parked as ShownPark | undefined) : undefined;
    };
    const delivered = (topic: string): readonly number[] => sequenceIn(file(`${topic}-out`));
    try {
      const foreignId = await registry.register('foreign-value', FOREIGN);
      const laterId = await registry.register('later-value', LATER);
      const foreign = (seq: number): Buffer => framed(foreignId, FOREIGN, { seq, text: 'f' });
      const later = (seq: number): Buffer => framed(laterId, LATER, { seq, text: 'l' });
      await withBroker(bootstrapServers, async (broker) => {
        await createTopic(broker, 'foreign', 1);
        await produce(broker, 'foreign', 0, range(0, 20).map(foreign));
      });
      feed('known', 0, 20);
      worker = await WorkerProcess.start(options);
      await eventually(
        'what it learns from',
        () => delivered('known').length === 20 && delivered('foreign').length === 20,
      );
      for (const node of nodes) {
        if (how === 'hangs') node.freeze();
        else await node.stop();
      }
      if (signal === 'SIGKILL') await worker.kill();
      // A parked task is not waited for: it would be killed then.
      else expect(await worker.stop(10_000)).toEqual({ code: 0, signal: null });

      feed('known', 20, 40);
      feed('unproven', 0, 20);
      await withBroker(bootstrapServers, async (broker) => {
        await produce(broker, 'foreign', 0, [...range(20, 40).map(foreign), ...range(40, 60).map(later)]);
      });
      worker = await WorkerProcess.start(options);
      await eventually('known schemas in both directions', () => {
        return new Set(delivered('known')).size === 40 && new Set(delivered('foreign')).size === 40;
      });
      await eventually(
        'the park of the source',
        async () => (await parkOf('unproven'))?.code === 'holdfast.registry.unavailable',
      );
      // Before it is told that nobody answers, it waits for the answer.
      const park = await eventually('the park of the sink', async () => {
        const shown = await parkOf('foreign');
        return shown?.code === 'holdfast.registry.unavailable' ? shown : undefined;
      });
      expect(park).toMatchObject({ partitions: ['foreign-0'], code: 'holdfast.registry.unavailable' });
      expect(await parkOf('known')).toBeUndefined();
      expect(await parkOf('known-sink')).toBeUndefined();
      expect(delivered('unproven')).toEqual([]);

      for (const node of nodes) {
        if (how === 'hangs') node.thaw();
        else await node.start();
      }
      await registry.setPrimary(0);
      await eventually(
        'everything',
        () => delivered('unproven').length >= 20 && new Set(delivered('foreign')).size === 60,
      );
      expect(firstDifference(delivered('unproven'), range(0, 20))).toBeUndefined();
      if (signal === 'SIGTERM') {
        expect(firstDifference(delivered('known'), range(0, 40))).toBeUndefined();
        expect(firstDifference(delivered('foreign'), range(0, 60))).toBeUndefined();
      } else {
        // At least once: what a kill repeats is repeated in order.
        expect([...new Set(delivered('known'))]).toEqual(range(0, 40));
        expect([...new Set(delivered('foreign'))]).toEqual(range(0, 60));
      }
      // It was the very schema that the worker had read, and it was written only once the registry had it under that subject.
      expect(registry.acknowledged()).toMatchObject([
        { subject: 'known-value' },
        { subject: 'unproven-value', id: foreignId },
      ]);
      expect(await worker.failures(...Object.keys(options.connectors))).toEqual([]);
      expect((await worker.stop()).code).toBe(0);
      await withBroker(bootstrapServers, async (broker) => expect((await readTopic(broker, 'dlq')).flat()).toEqual([]));
    } finally {
      if (worker?.process.isRunning) await worker.kill();
      await registry.stop();
    }
  });
});
