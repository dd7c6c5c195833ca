/**
 * Kafka Connect 4.1.1, SinkConnectorsIntegrationTest, and its sink in one group with a consumer of Java. Rebalances are eager here, whatever
 * assignor is asked for.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKafkaBroker } from '../../../src/broker/kafka/kafka-broker.ts';
import type { Admin, Broker } from '../../../src/broker/ports.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { recordingLogger, silentLogger } from '../../../src/foundation/logger.ts';
import { EmbeddedConnect } from '../../../src/testing/embedded-connect.ts';
import { SupervisedProcess } from '../../support/child-process.ts';
import { describeWithKafka } from '../../support/describe-with-kafka.ts';
import { javaKafkaLibs } from '../../support/java-libs.ts';
import { SINK } from '../../support/monitorable-connect.ts';
import { monitored } from '../../support/monitorable-plugin.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { createTopic, groupOffsets, produce } from '../../support/topic-content.ts';
import { uniqueName } from '../../support/unique-name.ts';

const MONITORABLE = new URL('../../support/monitorable-plugin.ts', import.meta.url).href;
const ASSIGNORS = 'org.apache.kafka.clients.consumer';

describeWithKafka('SinkConnectorsIntegrationTest', (kafka) => {
  const dir = tempDir('assignment');
  const { logger, lines } = recordingLogger('warn');
  let broker: Broker;
  let admin: Admin;
  let connect: EmbeddedConnect;
  beforeAll(async () => {
    const { bootstrapServers } = kafka();
    broker = createKafkaBroker({ bootstrapServers, logger: silentLogger, clock: systemClock });
    admin = broker.admin({ settings: {}, logger: silentLogger });
    const settings = { 'bootstrap.servers': bootstrapServers };
    connect = await EmbeddedConnect.start({ dir, settings, logger, pluginModules: [MONITORABLE] });
  });
  afterAll(async () => {
    await connect?.stop();
    await broker?.close();
  });

  const calls = (name: string, call: 'open' | 'close' | 'flush', partition: string): number =>
    (monitored().partitions.get(name) ?? []).filter(
      (note) => note.call === call && note.of.some((of) => of.replace(/@.*/, '') === partition),
    ).length;
  const received = (name: string): readonly string[] => [...(monitored().put.get(name) ?? [])].sort();
  /** What it holds now. */
  const assignment = (name: string): readonly string[] => {
    const held = new Set<string>();
    for (const { call, of } of monitored().partitions.get(name) ?? []) {
      for (const partition of of) {
        if (call === 'open') held.add(partition);
        if (call === 'close') held.delete(partition);
      }
    }
    return [...held].sort();
  };

  it.each([
    ['testEagerConsumerPartitionAssignment', `${ASSIGNORS}.RoundRobinAssignor`],
    // Eager all the same: it gets and commits the same, and closes and opens more often than with Kafka Connect.
    ['testCooperativeConsumerPartitionAssignment', `${ASSIGNORS}.CooperativeStickyAssignor`],
  ])('%s', async (_name, assignor) => {
    const name = uniqueName('assignment');
    const topics = [1, 2, 3].map((n) => `${name}-topic${n}`) as [string, string, string];
    const [tp1, tp2, tp3] = topics.map((topic) => `${topic}-0`) as [string, string, string];
    await connect.create(name, {
      'connector.class': SINK,
      topics: topics.join(),
      'consumer.override.partition.assignment.strategy': assignor,
      'consumer.override.allow.auto.create.topics': 'false',
      'consumer.override.metadata.max.age.ms': '300',
      'consumer.override.heartbeat.interval.ms': '300',
    });
    await connect.waitForTasks(name, 'RUNNING');
    expect(assignment(name)).toEqual([]);
    const warnings = lines.filter(({ fields }) => fields?.['groupId'] === `connect-${name}`);
    expect(warnings.map(({ fields }) => fields?.['asked'])).toEqual(assignor.includes('Sticky') ? [[assignor]] : []);

    const expected: string[] = [];
    const send = async (topic: string, value: string): Promise<void> => {
      await produce(broker, topic, 0, [value]);
      expected.push(value);
    };
    const all = (): Promise<unknown> =>
      connect.waitFor('the records', async () => received(name).join() === [...expected].sort().join());
    await createTopic(broker, topics[0]);
    await send(topics[0], 't1v1');
    await all();
    expect([calls(name, 'open', tp1), calls(name, 'close', tp1)]).toEqual([1, 0]);

    await createTopic(broker, topics[1]);
    await send(topics[1], 't2v1');
    await send(topics[1], 't1v2');
    await all();
    expect(assignment(name)).toEqual([tp1, tp2]);
    expect([calls(name, 'open', tp1), calls(name, 'close', tp1)]).toEqual([2, 1]);
    expect([calls(name, 'open', tp2), calls(name, 'close', tp2)]).toEqual([1, 0]);

    await createTopic(broker, topics[2]);
    await send(topics[2], 't3v1');
    await send(topics[1], 't2v2');
    await all();
    expect(assignment(name)).toEqual([tp1, tp2, tp3]);
    expect([calls(name, 'open', tp1), calls(name, 'close', tp1)]).toEqual([3, 2]);
    expect([calls(name, 'open', tp3), calls(name, 'close', tp3)]).toEqual([1, 0]);

    // Each was flushed before it was closed, and nothing came twice by it.
    const notes = monitored().partitions.get(name) ?? [];
    for (const [index, { call, of }] of notes.entries()) {
      if (call !== 'close') continue;
      const flushed = notes[index - 1];
      expect(flushed?.call).toBe('flush');
      expect(flushed?.of.map((each) => each.replace(/@.*/, ''))).toEqual(of);
    }
    expect((await connect.request('DELETE', `/connectors/${name}`)).status).toBe(204);
    expect(assignment(name)).toEqual([]);
    expect(await groupOffsets(broker, `connect-${name}`, topics[1])).toEqual(new Map([[0, 3]]));
  });

  it('shares its partitions with a Java consumer that comes and goes: closed, committed, opened again, nothing lost', async () => {
    const name = uniqueName('shared');
    const partitions = [0, 1, 2, 3];
    await createTopic(broker, name, partitions.length);
    await connect.create(name, {
      'connector.class': SINK,
      topics: name,
      'consumer.override.heartbeat.interval.ms': '300',
      'consumer.override.metadata.max.age.ms': '1000',
    });
    let count = 0;
    const send = async (): Promise<void> => {
      for (const partition of partitions) {
        await produce(broker, name, partition, [`${partition} ${count}`, `${partition} ${count + 1}`]);
      }
      count += 2;
    };
    const total = (): number => count * partitions.length;
    await send();
    await connect.waitFor('the first records', async () => received(name).length === total());

    const { classpath } = await javaKafkaLibs();
    const output: string[] = [];
    const java = await SupervisedProcess.start({
      name: 'a consumer of Java',
      command: 'java',
      args: [
        ...['-XX:TieredStopAtLevel=1', '-cp', classpath, 'org.apache.kafka.tools.consumer.ConsoleConsumer'],
        ...['--bootstrap-server', kafka().bootstrapServers, '--topic', name, '--group', `connect-${name}`],
      ],
      logFile: join(dir, 'consumer.log'),
      onOutput: (_stream, bytes) => void output.push(bytes.toString()),
    });
    const printed = (): readonly string[] =>
      output
        .join('')
        .split('\n')
        .filter((line) => /^\d \d+$/.test(line));
    await connect.waitFor('its share', async () => assignment(name).length === 2, 30_000);
    const held = assignment(name).map((partition) => Number(partition.at(-1)));
    const gone = partitions.filter((partition) => !held.includes(partition));
    const notes = monitored().partitions.get(name) ?? [];
    const closed = notes.findIndex(({ call }) => call === 'close');
    expect(notes[closed]?.of).toEqual(partitions.map((partition) => `${name}-${partition}`));
    expect(notes[closed - 1]).toEqual({ call: 'flush', of: partitions.map((partition) => `${name}-${partition}@2`) });

    await send();
    const byJava = (): readonly string[] => gone.flatMap((partition) => [`${partition} 2`, `${partition} 3`]).sort();
    await connect.waitFor('what is left for it', async () => [...printed()].sort().join() === byJava().join(), 20_000);
    await connect.waitFor('the rest', async () => received(name).length === total() - byJava().length);
    await java.stop();
    await connect.waitFor('all partitions again', async () => assignment(name).length === partitions.length, 20_000);
    await send();
    await connect.waitFor('the last records', async () => received(name).length >= total() - byJava().length);
    const everything = partitions.flatMap((partition) => Array.from({ length: count }, (_, n) => `${partition} ${n}`));
    // The consumer committed when it left: each record was taken once, by one of the two.
    expect([...received(name), ...printed()].sort()).toEqual(everything.sort());
    await connect.request('PUT', `/connectors/${name}/stop`);
    expect([...(await groupOffsets(broker, `connect-${name}`, name)).values()]).toEqual([6, 6, 6, 6]);
    expect((await connect.status(name)).tasks).toEqual([]);
    await admin.deleteTopics([name]);
  }, 90_000);
});
