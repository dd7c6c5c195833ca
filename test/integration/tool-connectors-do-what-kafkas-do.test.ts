/** The connectors of Kafka's system tests: numbers without gaps over a restart, schemas in turn, and failures on time. */
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';
import { tempDir } from '../support/temp-dir.ts';
import { readTopic, textOf, withBroker } from '../support/topic-content.ts';

const TOOLS = 'org.apache.kafka.connect.tools';
const JSON_VALUES = { 'value.converter': 'org.apache.kafka.connect.json.JsonConverter' };

afterEach(() => {
  vi.restoreAllMocks();
});

/** What is printed to standard output as JSON. */
function printed(): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    if (String(text).startsWith('{')) lines.push(JSON.parse(String(text)));
    return true;
  });
  return lines;
}

it('VerifiableSource and VerifiableSink print every number, once made and once safe, over a restart', async () => {
  const dir = tempDir('verifiable');
  const lines = printed();
  const start = async (): Promise<EmbeddedConnect> => {
    const connect = await EmbeddedConnect.start({ dir });
    const converters = {
      'key.converter': 'org.apache.kafka.connect.converters.IntegerConverter',
      'value.converter': 'org.apache.kafka.connect.converters.LongConverter',
    };
    await connect.create('source', {
      'connector.class': `${TOOLS}.VerifiableSourceConnector`,
      topic: 'numbers',
      throughput: '200',
      ...converters,
    });
    await connect.create('sink', {
      'connector.class': `${TOOLS}.VerifiableSinkConnector`,
      topics: 'numbers',
      ...converters,
    });
    return connect;
  };
  for (const count of [20, 40]) {
    const connect = await start();
    await connect.waitFor(
      `${count} flushed`,
      async () => lines.filter(({ flushed }) => flushed === true).length >= count,
    );
    await connect.stop();
  }
  const seqnos = (isWanted: (line: Record<string, unknown>) => boolean): unknown[] =>
    lines.filter(isWanted).map(({ seqno }) => seqno);
  const made = seqnos(({ committed, sinkTask }) => committed === undefined && sinkTask === undefined);
  expect(made.slice(0, 40)).toEqual(Array.from({ length: 40 }, (_, n) => n));
  expect(seqnos(({ committed }) => committed === true).slice(0, 40)).toEqual(made.slice(0, 40));
  expect(seqnos(({ flushed }) => flushed === true).slice(0, 40)).toEqual(made.slice(0, 40));
  expect(lines.find(({ sinkTask }) => sinkTask !== undefined)).toEqual({
    name: 'sink',
    task: 0,
    sinkTask: 0,
    topic: 'numbers',
    time_ms: expect.any(Number),
    seqno: 0,
    offset: 0,
  });
});

it('SchemaSource writes two versions in turn, and stops at num.messages for good', async () => {
  const dir = tempDir('schema-source');
  const config = {
    'connector.class': `${TOOLS}.SchemaSourceConnector`,
    topic: 'structs',
    'num.messages': '4',
    'multiple.schema': 'true',
    'partition.count': '3',
    ...JSON_VALUES,
  };
  for (const _ of [1, 2]) {
    const connect = await EmbeddedConnect.start({ dir });
    await connect.create('schemas', config);
    await connect.waitForTasks('schemas', 'RUNNING');
    await connect.waitFor('a commit', async () => {
      const counted = await connect.worker.herder.taskCounters({ connector: 'schemas', task: 0 });
      return (counted['offset-commit-completion-total'] ?? 0) > 3;
    });
    await connect.stop();
  }
  await withBroker(`embedded:${join(dir, 'broker')}`, async (broker) => {
    const [records = []] = await readTopic(broker, 'structs');
    const values = records.map((record) => JSON.parse(textOf(record)));
    expect(
      values.map(({ schema, payload }) => [schema.version, payload.seqno, payload.partitioning, payload.string]),
    ).toEqual([
      [1, 0, 0, undefined],
      [2, 1, 1, 'def'],
      [1, 2, 2, undefined],
      [2, 3, 0, 'def'],
    ]);
  });
});

it('MockSource and MockSink fail when they are told to', async () => {
  const connect = await EmbeddedConnect.start({ dir: tempDir('mock') });
  const mock = { delay_ms: '100', topics: 'none' };
  await connect.create('source', {
    ...mock,
    'connector.class': `${TOOLS}.MockSourceConnector`,
    mock_mode: 'task-failure',
  });
  await connect.create('sink', { ...mock, 'connector.class': `${TOOLS}.MockSinkConnector`, mock_mode: 'task-failure' });
  await connect.create('connector', {
    ...mock,
    'connector.class': `${TOOLS}.MockSourceConnector`,
    mock_mode: 'connector-failure',
  });
  await connect.create('well', { ...mock, 'connector.class': `${TOOLS}.MockSourceConnector` });
  await connect.waitForTasks('source', 'FAILED');
  await connect.waitForTasks('sink', 'FAILED');
  await connect.waitFor(
    'the connector to fail',
    async () => (await connect.status('connector')).connector.state === 'FAILED',
  );
  expect((await connect.status('connector')).tasks[0]?.state).toBe('RUNNING');
  expect((await connect.status('well')).tasks[0]?.state).toBe('RUNNING');
  expect((await connect.status('source')).connector.state).toBe('RUNNING');
  await connect.stop();
});
