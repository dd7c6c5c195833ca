/** Invariant 2 where a dead letter queue can't take a bad record: the task fails, its offset is not committed, and nothing is lost once it can. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTopic, produce, readTopic, textOf, withBroker } from '../support/topic-content.ts';

const SINK = {
  'connector.class': 'FileStreamSink',
  topics: 'letters',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
  'errors.tolerance': 'all',
  'errors.deadletterqueue.topic.name': 'queue',
  'errors.deadletterqueue.context.headers.enable': 'true',
};

async function start(values: readonly string[]) {
  const dir = tempDir('queue');
  const servers = `embedded:${join(dir, 'broker')}`;
  await withBroker(servers, async (broker) => {
    await createTopic(broker, 'letters');
    await produce(broker, 'letters', 0, [...values]);
  });
  const settings = { 'bootstrap.servers': servers, 'offset.flush.interval.ms': '200' };
  const connect = await EmbeddedConnect.start({ dir, settings });
  const file = join(dir, 'out.txt');
  const committed = async (): Promise<number> => {
    const { body } = await connect.request('GET', '/connectors/sink/offsets');
    const [first] = (body as { offsets: { offset: { kafka_offset: number } }[] }).offsets;
    return first?.offset.kafka_offset ?? 0;
  };
  return { connect, servers, file, committed };
}

it('a record that is too large for it with its headers: told with what helps, and delivered after it', async () => {
  const { connect, servers, file, committed } = await start(['{"n":1}', 'bad', '{"n":2}']);
  await connect.create('sink', {
    ...SINK,
    file,
    'errors.deadletterqueue.topic.replication.factor': '1',
    'producer.override.max.request.size': '300',
  });
  const { trace } = (await connect.waitForTasks('sink', 'FAILED')).tasks[0] ?? {};
  expect(trace).toContain('Could not produce message to dead letter queue. topic=queue.');
  expect(trace).toContain('Raise max.message.bytes of the topic and producer.override.max.request.size');
  expect(await committed()).toBeLessThanOrEqual(1);
  await connect.request('PATCH', '/connectors/sink/config', { 'producer.override.max.request.size': null });
  await connect.waitForTasks('sink', 'RUNNING');
  await connect.waitFor('the commit', async () => (await committed()) === 3);
  await connect.stop();
  expect([...new Set(readFileSync(file, 'utf8').trim().split('\n'))]).toEqual(['{n=1}', '{n=2}']);
  await withBroker(servers, async (broker) => {
    expect((await readTopic(broker, 'queue'))[0]?.map(textOf)).toEqual(['bad']);
  });
});

it('a topic that needs more brokers than there are: told before anything is read', async () => {
  const { connect, servers, file, committed } = await start(['bad', '{"n":1}']);
  await connect.create('sink', { ...SINK, file });
  const { trace } = (await connect.waitForTasks('sink', 'FAILED')).tasks[0] ?? {};
  expect(trace).toContain('Could not initialize dead letter queue with topic=queue (replication factor 3)');
  expect(trace).toContain('errors.deadletterqueue.topic.replication.factor');
  expect(await committed()).toBe(0);
  await connect.request('PATCH', '/connectors/sink/config', { 'errors.deadletterqueue.topic.replication.factor': '1' });
  await connect.waitFor('the commit', async () => (await committed()) === 2);
  await connect.stop();
  await withBroker(servers, async (broker) => {
    expect((await readTopic(broker, 'queue'))[0]?.map(textOf)).toEqual(['bad']);
  });
});
