import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeRecordBatch } from '../../../../src/broker/record-batch/encode-record-batch.ts';
import type { RawRecord } from '../../../../src/recovery/records/raw-record.ts';
import type { TopicFacts } from '../../../../src/recovery/snapshot/topic-facts.ts';
import { readTopicFacts } from '../../../../src/recovery/topic/read-topic-facts.ts';
import { type SpoolProgress, type SpoolTopicInput, spoolTopic } from '../../../../src/recovery/topic/spool-topic.ts';
import { inWords } from '../../../support/recovery/memory-snapshot.ts';
import { client, DIR, openOn, type SimulatedBroker, value } from '../../broker/embedded/broker-on-simulated-disk.ts';
import { inTime } from './in-time.ts';

const TOPIC = '_schemas';
const SEGMENT = join(DIR, 'topics', `${TOPIC}-0`, '00000000000000000000.log');
const { signal } = new AbortController();

async function opened(): Promise<SimulatedBroker & { readonly facts: () => Promise<TopicFacts> }> {
  const on = await openOn();
  const admin = on.broker.admin(client);
  await admin.createTopics([{ name: TOPIC, partitions: 1, replicationFactor: 1 }]);
  return { ...on, facts: () => readTopicFacts({ admin, topic: TOPIC, groupId: 'schema-registry' }, signal) };
}

async function send({ broker }: SimulatedBroker, texts: readonly (string | null)[]): Promise<void> {
  const producer = broker.producer(client);
  // One batch each.
  for (const text of texts) await producer.send([value(TOPIC, text, 'k', 1000)]);
  await producer.close();
}

/** One of the texts is written each time that a piece of the log was read. */
function growing(on: SimulatedBroker, texts: readonly string[]): SpoolTopicInput['broker'] {
  const left = [...texts];
  return {
    admin: (options) => on.broker.admin(options),
    logReader: (options) => {
      const reader = on.broker.logReader(options);
      return {
        read: async (place, within) => {
          const chunk = await reader.read(place, within);
          await send(on, left.splice(0, 1));
          return chunk;
        },
        close: () => reader.close(),
      };
    },
  };
}

/** As a transactional producer and its coordinator write it. */
async function sendTransaction(
  { broker }: SimulatedBroker,
  producerId: number,
  texts: readonly string[],
  end: 'commit' | 'abort' | 'open',
): Promise<void> {
  const records = texts.map((text) => ({ key: null, value: Buffer.from(text), headers: [], timestamp: 1000 }));
  const options = { producerId, producerEpoch: 0, transactional: true };
  await broker.append(TOPIC, 0, encodeRecordBatch(records, { ...options, baseSequence: 0 }));
  if (end === 'open') return;
  const key = Buffer.from([0, 0, 0, end === 'commit' ? 1 : 0]);
  const marker = { key, value: Buffer.alloc(6), headers: [], timestamp: 1000 };
  // Kafka's markers have no number; this broker, which has no transactions of its own, asks every batch of the producer for one.
  const numbered = { ...options, baseSequence: texts.length };
  await broker.append(TOPIC, 0, encodeRecordBatch([marker], { ...numbered, control: true }));
}

class Collected {
  readonly records: RawRecord[] = [];

  async append(records: readonly RawRecord[]): Promise<void> {
    this.records.push(...records);
  }

  get texts(): string[] {
    return this.records.map(({ offset, value: bytes }) => `${offset}${bytes === null ? ' null' : Buffer.from(bytes)}`);
  }
}

async function spool(
  { broker, clock }: SimulatedBroker,
  facts: TopicFacts,
  more: Partial<SpoolTopicInput> = {},
): Promise<{ readonly facts: TopicFacts; readonly writer: Collected }> {
  const writer = new Collected();
  return { facts: await inTime(clock, spoolTopic({ broker, client, facts, writer, clock, ...more }, signal)), writer };
}

describe('spooling a topic', () => {
  it('tells of a broker that is away whichever of its clients notices', async () => {
    const on = await opened();
    await send(on, ['a']);
    const facts = await on.facts();
    const told: unknown[] = [];
    const broker: SpoolTopicInput['broker'] = {
      admin: (options) => {
        told.push(options.onAvailability);
        return on.broker.admin(options);
      },
      logReader: (options) => {
        told.push(options.onAvailability);
        return on.broker.logReader(options);
      },
    };
    const onAvailability = (): void => {};
    const writer = { append: () => Promise.resolve() };
    await spoolTopic({ broker, client: { ...client, onAvailability }, facts, writer }, signal);
    expect(told).toEqual([onAvailability, onAvailability]);
  });

  it('hands over every record as it is, null and empty kept apart', async () => {
    const on = await opened();
    const producer = on.broker.producer(client);
    const headers = [{ key: 'X-Registry-Version', value: Buffer.from('karapace-6.2.0') }];
    await producer.send([
      { ...value(TOPIC, '', 'a', 5), headers },
      { ...value(TOPIC, null, '', 6) },
      { ...value(TOPIC, 'v', null, 7) },
    ]);
    const { writer } = await spool(on, await on.facts());
    expect(writer.records.map(inWords)).toEqual([
      '0 5 CreateTime "a" "" [X-Registry-Version="karapace-6.2.0"]',
      '1 6 CreateTime "" null []',
      '2 7 CreateTime null "v" []',
    ]);
    await on.broker.close();
  });

  it('reads on until the log still ends where reading did, and goes on from there the next time', async () => {
    const on = await opened();
    await send(on, ['a', 'b']);
    const grows = growing(on, ['c', 'd']);
    const first = await spool(on, await on.facts(), { broker: grows });
    // Compaction may have taken a or b for the sake of c.
    expect(first.writer.texts).toEqual(['0a', '1b', '2c', '3d']);
    expect(first.facts.endOffset).toBe(4);
    expect(first.facts).not.toHaveProperty('endMoved');
    await send(on, ['e']);
    const later = await on.facts();
    const second = await spool(on, later, { from: first.facts.endOffset, before: first.facts });
    expect(second.writer.texts).toEqual(['4e']);
    await on.broker.close();
  });

  it('leaves it at the tenth end that moves, and says so', async () => {
    const on = await opened();
    await send(on, ['a']);
    const always = Array.from({ length: 50 }, (_, n) => `more ${n}`);
    const { facts, writer } = await spool(on, await on.facts(), { broker: growing(on, always) });
    expect(writer.texts).toHaveLength(10);
    expect(facts).toMatchObject({ endOffset: 10, endMoved: true });
    await on.broker.close();
  });

  it('ends where the facts end where only that piece is wanted', async () => {
    const on = await opened();
    await send(on, ['a', 'b']);
    const facts = await on.facts();
    await send(on, ['c']);
    const piece = await spool(on, facts, { endsThere: true });
    expect([piece.writer.texts, piece.facts.endOffset]).toEqual([['0a', '1b'], 2]);
    await on.broker.close();
  });

  it('tells transaction markers, transactional records and those that were aborted, and keeps them all', async () => {
    const on = await opened();
    await send(on, ['a']);
    await sendTransaction(on, 900, ['b', 'c'], 'abort');
    await sendTransaction(on, 901, ['d'], 'commit');
    await sendTransaction(on, 902, ['e'], 'open');
    const { facts, writer } = await spool(on, await on.facts());
    expect(writer.texts).toEqual(['0a', '1b', '2c', '4d', '6e']);
    expect(facts).toMatchObject({
      endOffset: 7,
      controlOffsets: [3, 5],
      transactionalOffsets: [1, 2, 4, 6],
      abortedOffsets: [1, 2],
      unreadable: [],
    });
    await on.broker.close();
  });

  it('tells what was seen before again when it goes on, and no more than there was', async () => {
    const on = await opened();
    await sendTransaction(on, 900, ['a'], 'abort');
    const first = await spool(on, await on.facts());
    await sendTransaction(on, 901, ['b'], 'commit');
    const second = await spool(on, await on.facts(), { from: 2, before: first.facts });
    expect(second.facts).toMatchObject({
      controlOffsets: [1, 3],
      transactionalOffsets: [0, 2],
      abortedOffsets: [0],
    });
    expect(first.facts.controlOffsets).toEqual([1]);
    await on.broker.close();
  });

  it('comes to the end though a marker is the last thing in the log', async () => {
    const on = await opened();
    await sendTransaction(on, 900, ['a'], 'commit');
    const { facts, writer } = await spool(on, await on.facts());
    expect([writer.texts, facts.endOffset, facts.controlOffsets]).toEqual([['0a'], 2, [1]]);
    await on.broker.close();
  });

  it('passes over a batch that is damaged on the disk, and tells its offsets', async () => {
    const on = await opened();
    await send(on, ['aaaa', 'bbbb', 'cccc', 'dddd']);
    const content = on.disk.contentOf(SEGMENT);
    const file = await on.disk.open(SEGMENT, 'write');
    await file.write([Buffer.from('XX')], content.indexOf('bbbb'));
    await file.write([Buffer.from([0x7f])], content.indexOf('dddd') - 60);
    await file.close();
    const progress: SpoolProgress[] = [];
    const { facts, writer } = await spool(on, await on.facts(), { onProgress: (one) => progress.push(one) });
    expect(writer.texts).toEqual(['0aaaa', '2cccc']);
    expect(facts.unreadable).toEqual([
      { from: 1, to: 2, reason: expect.stringContaining('checksum') },
      { from: 3, to: 4, reason: expect.any(String) },
    ]);
    expect(progress.at(-1)).toEqual({ records: 2, offset: 4, endOffset: 4 });
    await on.broker.close();
  });

  it('hands over nothing of a topic that was made anew meanwhile without saying so', async () => {
    const on = await opened();
    await send(on, ['a']);
    const facts = await on.facts();
    const admin = on.broker.admin(client);
    await admin.deleteTopics([TOPIC]);
    await expect(spool(on, facts)).rejects.toMatchObject({ code: 'holdfast.broker.topic.unknown' });
    await admin.createTopics([{ name: TOPIC, partitions: 1, replicationFactor: 1 }]);
    await send(on, ['b']);
    await expect(spool(on, facts)).rejects.toMatchObject({ code: 'holdfast.recovery.topic-changed' });
    await on.broker.close();
  });

  it('stops where its signal is aborted, and where the sink fails', async () => {
    const on = await opened();
    await send(on, ['a']);
    const facts = await on.facts();
    const writer = { append: () => Promise.reject(new Error('disk full')) };
    await expect(spoolTopic({ ...on, client, facts, writer }, signal)).rejects.toThrow('disk full');
    const aborted = AbortSignal.abort(new Error('stop'));
    await expect(spoolTopic({ ...on, client, facts, writer }, aborted)).rejects.toThrow('stop');
    await on.broker.close();
  });
});
