/** Kafka Connect 4.1.1, ErrorHandlingIntegrationTest; and a dead letter queue of a source, which it has not. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { EmbeddedConnect } from '../../../src/testing/embedded-connect.ts';
import { seen } from '../../support/faulty-plugin.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { createTopic, readTopic, textOf, withBroker } from '../../support/topic-content.ts';
import { uniqueName } from '../../support/unique-name.ts';

const FAULTY = new URL('../../support/faulty-plugin.ts', import.meta.url).href;
const METERED = new URL('../../support/metered-plugin.ts', import.meta.url).href;

async function withRecords(values: readonly string[]) {
  const dir = tempDir('errors');
  const servers = `embedded:${join(dir, 'broker')}`;
  const topic = uniqueName('errors');
  await withBroker(servers, async (broker) => {
    await createTopic(broker, topic);
    const producer = broker.producer({ settings: {}, logger: silentLogger });
    await producer.send(
      values.map((value, n) => ({
        topic,
        partition: 0,
        key: Buffer.from(`key-${n}`),
        value: Buffer.from(value),
        headers: [],
        timestamp: 1_700_000_000_000 + n,
      })),
    );
    await producer.close();
  });
  const connect = await EmbeddedConnect.start({ dir, pluginModules: [FAULTY, METERED] });
  return { dir, servers, topic, queue: `${topic}-dlq`, connect };
}

const DLQ = (queue: string) => ({
  'errors.tolerance': 'all',
  'errors.log.enable': 'true',
  'errors.log.include.messages': 'true',
  'errors.deadletterqueue.topic.name': queue,
  'errors.deadletterqueue.topic.replication.factor': '1',
  'errors.deadletterqueue.context.headers.enable': 'true',
});

async function letters(servers: string, queue: string) {
  return withBroker(servers, async (broker) => {
    const partitions = await readTopic(broker, queue);
    expect(partitions).toHaveLength(1);
    return (partitions[0] ?? []).map((letter) => ({
      key: letter.key === null ? null : Buffer.from(letter.key).toString(),
      value: textOf(letter),
      headers: letter.headers.map(
        ({ key, value }) => [key, value === null ? null : Buffer.from(value).toString()] as const,
      ),
    }));
  });
}

describe('ErrorHandlingIntegrationTest', () => {
  it('testSkipRetryAndDLQWithHeaders', async () => {
    const { connect, servers, topic, queue } = await withRecords(['good 0', 'bad 1', 'good 2', 'bad 3', 'good 4']);
    seen().delivered.length = 0;
    await connect.create('faulty', {
      'connector.class': 'test.FaultySinkConnector',
      topics: topic,
      transforms: 'faulty',
      'transforms.faulty.type': 'test.FaultyPassthrough',
      'errors.retry.timeout': '5000',
      'errors.retry.delay.max.ms': '10',
      ...DLQ(queue),
    });
    await connect.waitFor('three records', async () => seen().delivered.length === 3);
    await connect.waitForTasks('faulty', 'RUNNING');
    const counters = await connect.waitFor('two reports', async () => {
      const counted = await connect.worker.herder.taskCounters({ connector: 'faulty', task: 0 });
      return counted['deadletterqueue-produce-requests'] === 2 && counted;
    });
    expect(counters).toMatchObject({
      'total-retries': 6,
      'total-record-errors': 2,
      'total-records-skipped': 2,
      'total-errors-logged': 2,
      'deadletterqueue-produce-failures': 0,
    });
    await connect.stop();
    expect(seen().delivered).toEqual(['good 0', 'good 2', 'good 4']);
    const found = await letters(servers, queue);
    expect(found.map(({ key, value }) => [key, value])).toEqual([
      ['key-1', 'bad 1'],
      ['key-3', 'bad 3'],
    ]);
    const stack = found[0]?.headers[9]?.[1] ?? '';
    expect(stack).toMatch(/^org\.apache\.kafka\.connect\.errors\.DataException: bad record: bad 1\n\tat /);
    expect(found[0]?.headers).toEqual([
      ['__connect.errors.topic', topic],
      ['__connect.errors.partition', '0'],
      ['__connect.errors.offset', '1'],
      ['__connect.errors.connector.name', 'faulty'],
      ['__connect.errors.task.id', '0'],
      ['__connect.errors.stage', 'TRANSFORMATION'],
      ['__connect.errors.class.name', 'test.FaultyPassthrough'],
      ['__connect.errors.exception.class.name', 'org.apache.kafka.connect.errors.DataException'],
      ['__connect.errors.exception.message', 'bad record: bad 1'],
      ['__connect.errors.exception.stacktrace', stack],
    ]);
  });

  it('testErrantRecordReporter', async () => {
    const { connect, servers, topic, queue } = await withRecords(['fine 0', 'errant 1', 'fine 2']);
    seen().delivered.length = 0;
    await connect.create('errant', { 'connector.class': 'test.FaultySinkConnector', topics: topic, ...DLQ(queue) });
    await connect.waitFor('two records', async () => seen().delivered.length === 2);
    await connect.stop();
    const found = await letters(servers, queue);
    expect(found.map(({ value }) => value)).toEqual(['errant 1']);
    expect(found[0]?.headers.slice(5, 9)).toEqual([
      ['__connect.errors.stage', 'TASK_PUT'],
      ['__connect.errors.class.name', 'org.apache.kafka.connect.sink.SinkTask'],
      ['__connect.errors.exception.class.name', 'org.apache.kafka.connect.errors.DataException'],
      ['__connect.errors.exception.message', 'errant: errant 1'],
    ]);
  });
});

describe('a source with errors.deadletterqueue.topic.name', () => {
  it('reports there what it leaves out, and commits beyond it', async () => {
    const { connect, dir, servers, queue, topic } = await withRecords([]);
    await connect.create('source', {
      'connector.class': 'test.MonitorableSourceConnector',
      topic: `${topic}-out`,
      records: '5',
      transforms: 'faulty',
      'transforms.faulty.type': 'test.FaultyPassthrough',
      ...DLQ(queue),
    });
    const counters = await connect.waitFor('five records to be left out', async () => {
      const counted = await connect.worker.herder.taskCounters({ connector: 'source', task: 0 });
      return counted['total-records-skipped'] === 4 && counted;
    });
    expect(counters).toMatchObject({ 'deadletterqueue-produce-requests': 4, 'source-record-write-total': 1 });
    await connect.stop();
    const found = await letters(servers, queue);
    // Without errors.retry.timeout a retriable failure is one like any other: each third attempt succeeds.
    expect(found.map(({ value }) => value)).toEqual(['value 0', 'value 1', 'value 3', 'value 4']);
    expect(found[0]?.headers.slice(0, 7)).toEqual([
      ['__connect.errors.topic', `${topic}-out`],
      ['__connect.errors.partition', '{"metered":1}'],
      ['__connect.errors.offset', '{"position":0}'],
      ['__connect.errors.connector.name', 'source'],
      ['__connect.errors.task.id', '0'],
      ['__connect.errors.stage', 'TRANSFORMATION'],
      ['__connect.errors.class.name', 'test.FaultyPassthrough'],
    ]);
    const again = await EmbeddedConnect.start({ dir, pluginModules: [FAULTY, METERED] });
    await again.stop();
  });
});
