import { appendFileSync, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
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
} from '../../support/avro-pipelines.ts';
import { describeWithKafka } from '../../support/describe-with-kafka.ts';
import { freePorts } from '../../support/ports.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { createTopic, produce, withBroker } from '../../support/topic-content.ts';
import { uniqueName } from '../../support/unique-name.ts';
import { eventually, WorkerProcess } from '../../support/worker-process.ts';

const KNOWN = sequenceSchema('Known');
const FOREIGN = sequenceSchema('Foreign');
const LATER = sequenceSchema('Later');

describe('a worker in a container that lost its disk, while the whole registry is down', () => {
  it('writes and reads what it knew from a topic of the embedded broker', async () => {
    const dir = tempDir('no-disk');
    await story(dir, `embedded:${join(dir, 'broker')}`);
  }, 120_000);
});

describeWithKafka('a worker in a container that lost its disk, while the whole registry is down', (kafka) => {
  it('writes and reads what it knew from a topic of Kafka', async () => {
    await story(tempDir('no-disk'), kafka().bootstrapServers);
  }, 120_000);
});

async function story(dir: string, bootstrapServers: string): Promise<void> {
  const registry = await ScriptedRegistry.start({ nodes: 2, ports: await freePorts(2) });
  // What a container doesn't lose: the files of its connectors.
  const volume = join(dir, 'volume');
  mkdirSync(volume);
  const input = join(volume, 'known.jsonl');
  const [known, unproven, foreign, store] = ['known', 'unproven', 'foreign', 'store'].map(uniqueName) as [
    string,
    string,
    string,
    string,
  ];
  const feed = (file: string, from: number, to: number): void =>
    appendFileSync(
      file,
      range(from, to)
        .map((seq) => `{"seq":${seq},"text":"t"}\n`)
        .join(''),
    );
  const source = (file: string, topic: string, schema: string): Readonly<Record<string, string>> => ({
    'connector.class': 'io.holdfast.connect.file.RecordFileSourceConnector',
    file,
    format: 'jsonl',
    topic,
    schema,
  });
  const sink = (topic: string): Readonly<Record<string, string>> => ({
    'connector.class': 'io.holdfast.connect.file.RecordFileSinkConnector',
    file: join(volume, `${topic}-out`),
    format: 'jsonl',
    topics: topic,
  });
  const connectors = {
    [known]: source(input, known, KNOWN),
    [`${known}-sink`]: sink(known),
    // Only read so far, so there is no proof for this subject.
    [unproven]: source(join(volume, 'unproven.jsonl'), unproven, FOREIGN),
    [`${foreign}-sink`]: sink(foreign),
  };
  const start = (container: string): Promise<WorkerProcess> =>
    WorkerProcess.start({
      dir: join(dir, container),
      bootstrapServers,
      settings: {
        ...avroConverters(registry.urls),
        'value.converter.http.read.timeout.ms': '1000',
        'schema.store.topic': store,
        // The group waits that long for the killed worker.
        'consumer.session.timeout.ms': '6000',
        'consumer.heartbeat.interval.ms': '1000',
      },
      connectors,
    });
  const delivered = (topic: string): readonly number[] => sequenceIn(join(volume, `${topic}-out`));
  let worker: WorkerProcess | undefined;
  try {
    const foreignId = await registry.register('foreign-value', FOREIGN);
    const laterId = await registry.register('later-value', LATER);
    const foreignRecord = (seq: number): Buffer => framed(foreignId, FOREIGN, { seq, text: 'f' });
    await withBroker(bootstrapServers, async (broker) => {
      await createTopic(broker, foreign, 1);
      await produce(broker, foreign, 0, range(0, 20).map(foreignRecord));
    });
    feed(input, 0, 20);
    worker = await start('first');
    await eventually(
      'what it learns from',
      () => delivered(known).length === 20 && delivered(foreign).length === 20,
      40_000,
    );
    for (const node of [registry.node(0), registry.node(1)]) await node.stop();
    await worker.kill();
    await rm(join(dir, 'first'), { recursive: true });

    feed(input, 20, 40);
    feed(join(volume, 'unproven.jsonl'), 0, 20);
    await withBroker(bootstrapServers, async (broker) => {
      const later = range(40, 60).map((seq) => framed(laterId, LATER, { seq, text: 'l' }));
      await produce(broker, foreign, 0, [...range(20, 40).map(foreignRecord), ...later]);
    });
    worker = await start('second');
    await eventually(
      'known schemas in both directions',
      // The source's offsets went with the disk, so it begins again.
      () => delivered(known).length >= 60 && new Set(delivered(foreign)).size === 40,
      40_000,
    );
    expect(firstDifference(delivered(known).slice(-40), range(0, 40))).toBeUndefined();
    const parkOf = async (connector: string): Promise<ShownPark | undefined> => {
      const { tasks } = await (worker as WorkerProcess).status(connector);
      return tasks[0]?.state === 'RUNNING' ? (tasks[0].parked as ShownPark | undefined) : undefined;
    };
    await eventually('the park of the source', () => parkOf(unproven));
    await eventually('the park of the sink', () => parkOf(`${foreign}-sink`));
    expect(registry.acknowledged()).toHaveLength(1);

    for (const node of [registry.node(0), registry.node(1)]) await node.start();
    await registry.setPrimary(0);
    await eventually('the rest', () => new Set(delivered(foreign)).size === 60);
    await eventually('the registration', () => registry.acknowledged().length === 2);
    expect(await worker.failures(...Object.keys(connectors))).toEqual([]);
    expect((await worker.stop()).code).toBe(0);
  } finally {
    if (worker?.process.isRunning) await worker.kill();
    await registry.stop();
  }
}
