import { afterEach, describe, expect, it } from 'vitest';
import type { ProducerRecord } from '../../../../src/broker/ports.ts';
import { silentLogger } from '../../../../src/foundation/logger.ts';
import { type FindUsedIdsOptions, findUsedIds } from '../../../../src/recovery/data/find-used-ids.ts';
import type { UsedIds } from '../../../../src/recovery/data/used-ids.ts';
import { DataError } from '../../../../src/sdk/errors/index.ts';
import { client, openOn, type SimulatedBroker } from '../../broker/embedded/broker-on-simulated-disk.ts';

const open: SimulatedBroker[] = [];
const signal = new AbortController().signal;

afterEach(async () => {
  for (const { broker } of open.splice(0)) await broker.close();
});

function framed(id: number, payload = 'x'): Buffer {
  const frame = Buffer.alloc(5);
  frame.writeInt32BE(id, 1);
  return Buffer.concat([frame, Buffer.from(payload)]);
}

function record(topic: string, more: Partial<ProducerRecord> = {}): ProducerRecord {
  return { topic, partition: 0, key: null, value: null, headers: [], timestamp: -1, ...more };
}

async function brokerWith(
  topics: Readonly<Record<string, number>>,
  batches: readonly (readonly ProducerRecord[])[],
): Promise<SimulatedBroker> {
  const on = await openOn();
  open.push(on);
  const admin = on.broker.admin(client);
  await admin.createTopics(
    Object.entries(topics).map(([name, partitions]) => ({ name, partitions, replicationFactor: -1 })),
  );
  await admin.close();
  const producer = on.broker.producer(client);
  for (const batch of batches) expect((await producer.send(batch)).rejected).toEqual([]);
  await producer.close();
  return on;
}

function find(on: SimulatedBroker, more: Partial<FindUsedIdsOptions>): Promise<UsedIds> {
  return findUsedIds({ broker: on.broker, settings: {}, logger: silentLogger, topics: ['*'], ...more }, signal);
}

const short = ({ ids }: UsedIds) =>
  ids.map(({ topic, partition, part, id, records, ranges }) => [
    topic,
    partition,
    part,
    id,
    records,
    ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(' '),
  ]);

describe('findUsedIds', () => {
  it('tells the ids of keys and values with partitions, counts and offset ranges', async () => {
    const on = await brokerWith({ orders: 2 }, [
      [
        record('orders', { key: framed(7), value: framed(1) }),
        record('orders', { key: framed(7), value: framed(1) }),
        record('orders', { key: Buffer.from('plain'), value: framed(2) }),
        record('orders', { key: null, value: framed(1) }),
        record('orders', { partition: 1, value: framed(3) }),
        record('orders', { partition: 1, value: Buffer.from([0, 0, 0, 1]) }),
        record('orders', { partition: 1, value: Buffer.alloc(0) }),
      ],
    ]);

    const used = await find(on, { topics: ['orders'] });

    expect(short(used)).toEqual([
      ['orders', 0, 'key', 7, 2, '0-1'],
      ['orders', 0, 'value', 1, 3, '0-1 3'],
      ['orders', 0, 'value', 2, 1, '2'],
      ['orders', 1, 'value', 3, 1, '0'],
    ]);
    expect(used.records).toBe(7);
    expect(used.parts).toEqual([
      { topic: 'orders', part: 'key', present: 3, marked: 2, crowdedOut: 0 },
      { topic: 'orders', part: 'value', present: 7, marked: 5, crowdedOut: 0 },
    ]);
  });

  it('reads ids and GUIDs in headers before the payload', async () => {
    const guid = Buffer.concat([Buffer.from([1]), Buffer.from('00112233445566778899aabbccddeeff', 'hex')]);
    const on = await brokerWith({ orders: 1 }, [
      [
        record('orders', { value: framed(9), headers: [{ key: '__value_schema_id', value: framed(4, '') }] }),
        record('orders', { value: Buffer.from('avro'), headers: [{ key: '__value_schema_id', value: guid }] }),
        record('orders', { value: framed(5), headers: [{ key: '__key_schema_id', value: framed(6, '') }] }),
      ],
    ]);

    const used = await find(on, {});

    expect(short(used)).toEqual([
      ['orders', 0, 'key', 6, 1, '2'],
      ['orders', 0, 'value', 4, 1, '0'],
      ['orders', 0, 'value', 5, 1, '2'],
    ]);
    expect(used.guids).toMatchObject([{ guid: '00112233-4455-6677-8899-aabbccddeeff', records: 1, first: 1 }]);
  });

  it('keeps at most eight ranges per id, says so, and never too few offsets', async () => {
    const values = Array.from({ length: 40 }, (_, index) => framed(index % 2 === 0 || index < 10 ? 1 : 2));
    const on = await brokerWith({ orders: 1 }, [values.map((value) => record('orders', { value }))]);

    const [one] = (await find(on, {})).ids;

    expect(one).toMatchObject({ id: 1, records: 25, first: 0, last: 38, isCoarse: true });
    expect(one?.ranges).toHaveLength(8);
    for (let offset = 0; offset < 40; offset += 2) {
      expect(one?.ranges.some(({ first, last }) => first <= offset && offset <= last)).toBe(true);
    }
  });

  it('takes names and patterns; patterns leave out inner topics and the registry', async () => {
    const on = await brokerWith(
      { 'a.orders': 1, 'b.orders': 1, axorders: 1, __inner: 1, _schemas: 1 },
      ['a.orders', 'b.orders', 'axorders', '__inner', '_schemas'].map((topic) => [record(topic, { value: framed(1) })]),
    );

    expect((await find(on, { topics: ['a.*', '_schemas'] })).topics).toEqual(['_schemas', 'a.orders']);
    expect((await find(on, { topics: ['*'], except: ['_schemas'] })).topics).toEqual([
      'a.orders',
      'axorders',
      'b.orders',
    ]);
    await expect(find(on, { topics: ['orders'] })).rejects.toMatchObject({
      code: 'holdfast.recovery.data-topic-missing',
      message: expect.stringContaining("'orders'"),
    });
  });

  it('reads from a time on, the last records, or a sample that covers the whole partition', async () => {
    const on = await brokerWith(
      { orders: 1 },
      Array.from({ length: 10 }, (_, batch) =>
        Array.from({ length: 100 }, (_, index) =>
          record('orders', { value: framed(batch), timestamp: 1000 + 100 * batch + index }),
        ),
      ),
    );

    expect(await find(on, { since: 1800 })).toMatchObject({ records: 200, isPartial: true });
    expect(short(await find(on, { last: 150 }))).toEqual([
      ['orders', 0, 'value', 8, 50, '850-899'],
      ['orders', 0, 'value', 9, 100, '900-999'],
    ]);
    const sample = await find(on, { sample: 160 });
    expect(sample.records).toBe(160);
    expect(sample.ids.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(sample.ids[9]?.last).toBe(999);
    expect(await find(on, { sample: 5000 })).toMatchObject({ records: 1000 });
  });

  it('looks for chosen ids only, and tells how far it is', async () => {
    const on = await brokerWith({ orders: 3, others: 1 }, [
      [0, 1, 2].map((partition) => record('orders', { partition, value: framed(partition) })),
      [record('others', { value: framed(1) })],
    ]);
    const seen: number[] = [];

    const used = await findUsedIds(
      { broker: on.broker, settings: {}, logger: silentLogger, topics: ['*'], ids: new Set([1]) },
      signal,
      ({ done, total }) => seen.push(done / total),
    );

    expect(short(used)).toEqual([
      ['orders', 1, 'value', 1, 1, '0'],
      ['others', 0, 'value', 1, 1, '0'],
    ]);
    expect(seen.at(-1)).toBe(1);
  });

  it('ends at once when it is told to', async () => {
    const on = await brokerWith({ orders: 1 }, [[record('orders', { value: framed(1) })]]);
    const stopped = AbortSignal.abort(new DOMException('stop', 'AbortError'));
    await expect(
      findUsedIds({ broker: on.broker, settings: {}, logger: silentLogger, topics: ['orders'] }, stopped),
    ).rejects.toThrow('stop');
  });
});

describe('findUsedIds where batches are damaged', () => {
  /** One partition of ten records; the batch of 4 and 5 can't be read. */
  async function damaged(nextOffset: number | undefined): Promise<UsedIds> {
    const on = await brokerWith({ orders: 1 }, [
      Array.from({ length: 10 }, (_, index) => record('orders', { value: framed(index) })),
    ]);
    const broker: SimulatedBroker['broker'] = Object.create(on.broker, {
      fetcher: {
        value: (options: Parameters<typeof on.broker.fetcher>[0]) => {
          const fetcher = on.broker.fetcher(options);
          const place = { topic: 'orders', partition: 0 };
          return Object.create(fetcher, {
            poll: {
              value: async (poll: Parameters<typeof fetcher.poll>[0]) => {
                const at = fetcher.position(place) ?? 0;
                if (at === 4 || at === 5) {
                  const details = { ...place, offset: at, ...(nextOffset === undefined ? {} : { nextOffset }) };
                  throw new DataError('It is corrupt.', { code: 'holdfast.broker.batch.corrupt', details });
                }
                return fetcher.poll({ ...poll, maxRecords: at < 4 ? 4 - at : 10 });
              },
            },
          });
        },
      },
    });
    return findUsedIds({ broker, settings: {}, logger: silentLogger, topics: ['orders'] }, signal);
  }

  it('goes on behind the batch where its end is known', async () => {
    const used = await damaged(6);
    expect(used.ids.map(({ id }) => id)).toEqual([0, 1, 2, 3, 6, 7, 8, 9]);
    expect(used.unread).toEqual([{ topic: 'orders', partition: 0, first: 4, last: 5, reason: 'It is corrupt.' }]);
  });

  it('leaves the rest of the partition out, and says so, where it is not', async () => {
    const used = await damaged(undefined);
    expect(used.ids.map(({ id }) => id)).toEqual([0, 1, 2, 3]);
    expect(used.unread).toMatchObject([{ first: 4, last: 9 }]);
  });
});
