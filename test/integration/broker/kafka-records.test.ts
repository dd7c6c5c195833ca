import { Kafka as KafkaJs, logLevel } from 'kafkajs';
import { expect, it, vi } from 'vitest';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { DataError } from '../../../src/sdk/errors/index.ts';
import { describeWithKafka } from '../../support/describe-with-kafka.ts';
import { uniqueName } from '../../support/unique-name.ts';
import { newTopic, numbers, openBroker, readAll, textsOf, values } from './kafka-tools.ts';

describeWithKafka('records on a real Kafka', (shared) => {
  const open = () => openBroker(shared().bootstrapServers);

  it('are rejected one by one where the broker refuses their kind, and their neighbours are appended', async () => {
    const broker = open();
    const topic = await newTopic(broker, 1, { 'cleanup.policy': 'compact' });
    const producer = broker.producer({ settings: {}, logger: silentLogger });
    const key = Buffer.from('k');
    const records = values(topic, numbers(0, 9)).map((one, n) => ({ ...one, key: n % 4 === 1 ? null : key }));
    const first = await producer.send(records);
    expect(first.rejected.map(({ index }) => index)).toEqual([1, 5]);
    expect(first.rejected[0]?.error).toBeInstanceOf(DataError);
    expect(first.rejected[0]?.error).toMatchObject({ code: 'holdfast.broker.record.invalid' });
    // The sequences of those that were refused are missing; what follows is appended all the same.
    const second = await producer.send(records.filter((_, n) => n % 4 !== 1));
    expect(second.rejected).toEqual([]);
    expect([...first.offsets, ...second.offsets].filter((offset) => offset >= 0)).toEqual(numbers(0, 14).map(Number));
    await broker.close();
  });

  it('are rejected for a timestamp that the topic does not take', async () => {
    const broker = open();
    const topic = await newTopic(broker, 1, { 'message.timestamp.before.max.ms': '60000' });
    const producer = broker.producer({ settings: {}, logger: silentLogger });
    const records = values(topic, ['now', 'long ago', 'nonsense', 'now']).map((one, n) => ({
      ...one,
      timestamp: [-1, 1000, -2, -1][n] as number,
    }));
    const { rejected } = await producer.send(records);
    expect(rejected.map(({ index, error }) => [index, (error as DataError).code])).toEqual([
      [1, 'holdfast.broker.record.invalid'],
      [2, 'holdfast.broker.record.invalid'],
    ]);
    expect(textsOf(await readAll(broker, topic))).toEqual(['now', 'now']);
    await broker.close();
  });

  it('that are too large are found in a batch of many, and order is kept around them', async () => {
    const broker = open();
    const topic = await newTopic(broker, 1, { 'max.message.bytes': '5000' });
    const producer = broker.producer({ settings: {}, logger: silentLogger });
    const texts = numbers(0, 1000).map((n) => (Number(n) % 300 === 7 ? 'x'.repeat(6000) : n));
    const sends = await Promise.all([producer.send(values(topic, texts)), producer.send(values(topic, ['last']))]);
    expect(sends[0].rejected.map(({ index }) => index)).toEqual([7, 307, 607, 907]);
    expect(sends[1].rejected).toEqual([]);
    expect(textsOf(await readAll(broker, topic))).toEqual([...texts.filter((text) => text.length < 10), 'last']);
    await broker.close();
  });

  it('above max.request.size are refused before they are sent', async () => {
    const broker = open();
    const topic = await newTopic(broker);
    const producer = broker.producer({ settings: { 'max.request.size': '1000' }, logger: silentLogger });
    const { rejected, offsets } = await producer.send(values(topic, ['a', 'x'.repeat(1000), 'b']));
    expect(rejected).toMatchObject([{ index: 1, error: { code: 'holdfast.broker.record.too.large' } }]);
    expect([...offsets]).toEqual([0, -1, 1]);
    await broker.close();
  });

  it('for a topic that no name can have, or a partition that it has not, are rejected', async () => {
    const broker = open();
    const topic = await newTopic(broker, 2);
    const producer = broker.producer({ settings: {}, logger: silentLogger });
    const [one] = values(topic, ['v']);
    if (one === undefined) throw new Error('no record');
    const { rejected, offsets } = await producer.send([{ ...one, partition: 5 }, one, { ...one, topic: 'no/slash' }]);
    expect(rejected).toMatchObject([
      { index: 0, error: { code: 'holdfast.broker.record.invalid' } },
      { index: 2, error: { code: 'holdfast.broker.topic.invalid' } },
    ]);
    expect(offsets[1]).toBe(0);
    await broker.close();
  });

  it('of 700 KB and more come through, and larger ones where both sides are told to', async () => {
    const broker = open();
    const topic = await newTopic(broker, 1, { 'max.message.bytes': '6000000' });
    const producer = broker.producer({ settings: { 'max.request.size': '6000000' }, logger: silentLogger });
    const sizes = [700_000, 3_000_000, 10, 5_000_000];
    await producer.send(
      values(
        topic,
        sizes.map((size) => 'z'.repeat(size)),
      ),
    );
    const read = await readAll(broker, topic, { 'max.partition.fetch.bytes': '1000' });
    expect(read.map(({ value }) => value?.length)).toEqual(sizes);
    await broker.close();
  });

  it('of aborted transactions are seen by read_uncommitted only', async () => {
    const broker = open();
    const topic = await newTopic(broker);
    const kafkaJs = new KafkaJs({ brokers: [shared().bootstrapServers], logLevel: logLevel.NOTHING });
    const producer = kafkaJs.producer({
      transactionalId: uniqueName('tx'),
      maxInFlightRequests: 1,
      idempotent: true,
      createPartitioner: () => () => 0,
    });
    await producer.connect();
    for (const [n, end] of (['commit', 'abort', 'commit', 'abort'] as const).entries()) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value: `${end} ${n}` }] });
      await transaction[end]();
    }
    await producer.disconnect();
    expect(textsOf(await readAll(broker, topic))).toEqual(['commit 0', 'abort 1', 'commit 2', 'abort 3']);
    expect(textsOf(await readAll(broker, topic, { 'isolation.level': 'read_committed' }))).toEqual([
      'commit 0',
      'commit 2',
    ]);
    await broker.close();
  });

  it('wait for memory when buffer.memory is full, in order', async () => {
    const broker = open();
    const topic = await newTopic(broker);
    const producer = broker.producer({ settings: { 'buffer.memory': '10000' }, logger: silentLogger });
    const sends = Array.from({ length: 50 }, (_, n) => producer.send(values(topic, numbers(n * 20, n * 20 + 20))));
    await producer.flush();
    await Promise.all(sends);
    expect(textsOf(await readAll(broker, topic))).toEqual(numbers(0, 1000));
    await broker.close();
  });

  it('pass without a timer of a negative delay, of which Node 24 warns', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const broker = open();
    const topic = await newTopic(broker);
    const producer = broker.producer({ settings: {}, logger: silentLogger });
    for (let n = 0; n < 5; n++) await producer.send(values(topic, ['v']));
    expect(await readAll(broker, topic)).toHaveLength(5);
    await broker.close();
    expect(timers.mock.calls.length).toBeGreaterThan(5);
    expect(timers.mock.calls.filter(([, delay]) => delay !== undefined && !(delay >= 0))).toEqual([]);
    timers.mockRestore();
  });

  it('linger for others when told to, and not when flushed', async () => {
    const broker = open();
    const topic = await newTopic(broker);
    const producer = broker.producer({ settings: { 'linger.ms': '60000' }, logger: silentLogger });
    const sends = [producer.send(values(topic, ['a'])), producer.send(values(topic, ['b']))];
    let acknowledged = false;
    void sends[0]?.then(() => {
      acknowledged = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(acknowledged).toBe(false);
    await producer.flush();
    expect(textsOf(await readAll(broker, topic))).toEqual(['a', 'b']);
    await broker.close();
  });
});
