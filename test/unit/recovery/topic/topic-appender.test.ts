import { describe, expect, it } from 'vitest';
import type { Admin, Broker, Producer, ProducerRecord, SendResult } from '../../../../src/broker/ports.ts';
import type { Clock } from '../../../../src/foundation/clock.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { type AppendedRecord, TopicAppender } from '../../../../src/recovery/topic/topic-appender.ts';
import { contentInWords } from '../../../support/recovery/memory-snapshot.ts';
import { client, openOn, readAll } from '../../broker/embedded/broker-on-simulated-disk.ts';
import { inTime } from './in-time.ts';

const TOPIC = '_schemas';
const { signal } = new AbortController();

async function opened(configs: Record<string, string> = {}) {
  const { broker, clock } = await openOn();
  const admin = broker.admin(client);
  const create = () =>
    admin.createTopics([
      { name: TOPIC, partitions: 1, replicationFactor: 1, configs: { 'cleanup.policy': 'compact', ...configs } },
    ]);
  await create();
  return { broker, admin, clock, create };
}

const open = (broker: Pick<Broker, 'producer' | 'admin'>, clock: Clock = new ManualClock()) =>
  TopicAppender.open({ broker, client, topic: TOPIC, clock }, signal);

function record(n: number, value: Uint8Array | null = Buffer.from(`value ${n}`)): AppendedRecord {
  return { key: Buffer.from(`key ${n}`), value, headers: [], timestamp: 1000 + n };
}

/** A producer that answers when it is told, of a broker whose admin is a real one. */
async function withProducer(broker: Broker): Promise<{
  readonly appender: TopicAppender;
  readonly sent: (readonly ProducerRecord[])[];
  readonly settings: () => Readonly<Record<string, string>>;
  readonly calls: string[];
  answer: () => void;
}> {
  const sent: (readonly ProducerRecord[])[] = [];
  const calls: string[] = [];
  let settings: Readonly<Record<string, string>> = {};
  const fake = { answer: () => {} };
  const producer: Producer = {
    send: (records) => {
      sent.push(records);
      return new Promise<SendResult>((resolve) => {
        fake.answer = () =>
          resolve({
            partitions: new Int32Array(records.length),
            offsets: Float64Array.from(records, (_, n) => n),
            rejected: [],
          });
      });
    },
    recall: () => calls.push('recall'),
    flush: async () => {},
    close: async (ms) => {
      calls.push(`close ${ms}`);
    },
  };
  const faking: Pick<Broker, 'producer' | 'admin'> = {
    admin: (options) => broker.admin(options),
    producer: (options) => {
      settings = options.settings;
      return producer;
    },
  };
  const appender = await TopicAppender.open(
    { broker: faking, client: { ...client, settings: { acks: '1' } }, topic: TOPIC },
    signal,
  );
  return { appender, sent, settings: () => settings, calls, answer: () => fake.answer() };
}

describe('appending to the topic of a registry', () => {
  it('writes records as they are, in order, and tells where', async () => {
    const { broker } = await opened();
    const appender = await open(broker);
    const records: AppendedRecord[] = [
      {
        ...record(0),
        headers: [
          { key: 'h', value: Buffer.from([1]) },
          { key: 'h', value: null },
        ],
      },
      record(1, null),
      record(2, new Uint8Array(0)),
      ...Array.from({ length: 1200 }, (_, n) => record(n + 3)),
    ];
    expect(await appender.append(records, signal)).toEqual(records.map((_, n) => n));
    expect(await appender.append([record(7)], signal)).toEqual([1203]);
    const written = await readAll(broker, TOPIC);
    expect(written.slice(0, 1203).map(contentInWords)).toEqual(
      records.map((each) => contentInWords({ ...each, offset: 0, timestampType: 'CreateTime' })),
    );
    await appender.verifyTarget(signal);
    await appender.close();
    await broker.close();
  });

  it('has one piece on its way at a time, so that nothing is written behind one that fails', async () => {
    const { broker } = await opened();
    const fake = await withProducer(broker);
    const done = fake.appender.append(
      Array.from({ length: 1001 }, (_, n) => record(n)),
      signal,
    );
    const large = record(5000, Buffer.alloc(400 * 1024));
    expect(fake.sent.map((piece) => piece.length)).toEqual([500]);
    fake.answer();
    await new Promise(setImmediate);
    expect(fake.sent.map((piece) => piece.length)).toEqual([500, 500]);
    fake.answer();
    await new Promise(setImmediate);
    fake.answer();
    await done;
    const two = fake.appender.append([large, large], signal);
    expect(fake.sent.slice(2).map((piece) => piece.length)).toEqual([1, 1]);
    fake.answer();
    await new Promise(setImmediate);
    fake.answer();
    expect(await two).toHaveLength(2);
    await broker.close();
  });

  it('asks for all replicas, whatever the settings say', async () => {
    const { broker } = await opened();
    expect((await withProducer(broker)).settings()).toMatchObject({ acks: 'all', 'enable.idempotence': 'true' });
    await broker.close();
  });

  it('names the first record that the broker does not take', async () => {
    const { broker } = await opened({ 'max.message.bytes': '2000' });
    const appender = await open(broker);
    const records = [record(0), record(1, Buffer.alloc(5000)), record(2)];
    await expect(appender.append(records, signal)).rejects.toMatchObject({
      name: 'DataError',
      code: 'holdfast.recovery.record-refused',
      message: expect.stringContaining('max.message.bytes'),
      details: { topic: TOPIC, index: 1 },
    });
    const more = Array.from({ length: 600 }, (_, n) => record(n));
    await expect(appender.append([...more, record(9, Buffer.alloc(5000))], signal)).rejects.toMatchObject({
      details: { index: 600 },
    });
    await broker.close();
  });

  it('does not wait for a broker that is away once its signal is aborted', async () => {
    const { broker } = await opened();
    const fake = await withProducer(broker);
    const abort = new AbortController();
    const done = fake.appender.append([record(0)], abort.signal);
    abort.abort(new Error('stop'));
    await expect(done).rejects.toThrow('stop');
    await fake.appender.close();
    expect(fake.calls).toEqual(['recall', 'close 0']);
    await broker.close();
  });

  it('creates no topic, and notices one that was made anew', async () => {
    const { broker, admin, clock, create } = await opened();
    const appender = await open(broker, clock);
    await appender.append([record(0)], signal);
    await admin.deleteTopics([TOPIC]);
    const changed = { code: 'holdfast.recovery.topic-changed' };
    await expect(inTime(clock, appender.verifyTarget(signal))).rejects.toMatchObject(changed);
    await expect(inTime(clock, open(broker, clock))).rejects.toMatchObject({ code: 'holdfast.recovery.topic-missing' });
    expect(await admin.listTopics()).toEqual([]);
    await create();
    await expect(inTime(clock, appender.verifyTarget(signal))).rejects.toMatchObject(changed);
    await broker.close();
  });

  it('finds a topic that brokers hear of one after the other', async () => {
    const { broker, admin, clock } = await opened();
    let looks = 0;
    const slow: Admin = Object.assign(Object.create(admin) as Admin, {
      inspectTopic: async (name: string) => (++looks < 4 ? null : admin.inspectTopic(name)),
    });
    const lagging = { producer: broker.producer.bind(broker), admin: () => slow };
    const appender = await inTime(clock, open(lagging, clock));
    looks = 1;
    await inTime(clock, appender.verifyTarget(signal));
    expect(looks).toBe(4);
    await broker.close();
  });
});
