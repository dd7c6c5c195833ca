import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeRecordBatch } from '../../../../src/broker/record-batch/encode-record-batch.ts';
import { recordingLogger } from '../../../../src/foundation/logger.ts';
import { client, DIR, openOn, readAll, textOf, value } from './broker-on-simulated-disk.ts';
import { SimulatedFileSystem } from './simulated-file-system.ts';

function batch(sequence: number, texts: readonly string[], producerId = 7, producerEpoch = 0): Buffer {
  const records = texts.map((text) => ({ key: null, value: Buffer.from(text), headers: [], timestamp: 1 }));
  return encodeRecordBatch(records, { producerId, producerEpoch, baseSequence: sequence });
}

async function withTopic(configs: Record<string, string> = {}, partitions = 1) {
  const opened = await openOn();
  const admin = opened.broker.admin(client);
  await admin.createTopics([{ name: 't', partitions, replicationFactor: 1, configs }]);
  return { ...opened, admin };
}

const LOG = join(DIR, 'topics', 't-0', '00000000000000000000.log');

describe('batches that are handed over encoded', () => {
  it('are written once, however often they come', async () => {
    const { broker } = await withTopic();
    expect(await broker.append('t', 0, batch(0, ['a', 'b']))).toEqual({ baseOffset: 0, duplicate: false });
    const together = await Promise.all([
      broker.append('t', 0, batch(2, ['c'])),
      broker.append('t', 0, batch(2, ['c'])),
    ]);
    expect(together).toEqual([
      { baseOffset: 2, duplicate: false },
      { baseOffset: 2, duplicate: true },
    ]);
    expect(await broker.append('t', 0, batch(0, ['a', 'b']))).toEqual({ baseOffset: 0, duplicate: true });
    expect((await readAll(broker, 't')).map(textOf)).toEqual(['a', 'b', 'c']);
    await broker.close();
  });

  it('are recognised after a crash and after a close', async () => {
    const { broker, disk } = await withTopic();
    await broker.append('t', 0, batch(0, ['a']));
    for (const close of [false, true]) {
      if (close) await broker.close();
      const { broker: reopened } = await openOn(disk.copy());
      expect(await reopened.append('t', 0, batch(0, ['a']))).toEqual({ baseOffset: 0, duplicate: true });
      expect(await reopened.append('t', 0, batch(1, ['b']))).toEqual({ baseOffset: 1, duplicate: false });
      await reopened.close();
    }
  });

  it('are refused out of order, or from an epoch that is over', async () => {
    const { broker } = await withTopic();
    await broker.append('t', 0, batch(0, ['a']));
    const code = 'holdfast.broker.embedded.sequence';
    await expect(broker.append('t', 0, batch(5, ['f']))).rejects.toMatchObject({ code });
    await broker.append('t', 0, batch(0, ['b'], 7, 1));
    await expect(broker.append('t', 0, batch(1, ['c'], 7, 0))).rejects.toMatchObject({ code });
    expect((await readAll(broker, 't')).map(textOf)).toEqual(['a', 'b']);
    await broker.close();
  });

  it('are refused when they are damaged', async () => {
    const { broker } = await withTopic();
    const damaged = batch(0, ['abc']);
    damaged[damaged.length - 2] = 0;
    await expect(broker.append('t', 0, damaged)).rejects.toThrow(/checksum/);
    await expect(broker.append('t', 1, batch(0, ['a']))).rejects.toMatchObject({
      code: 'holdfast.broker.topic.unknown',
    });
    await broker.close();
  });

  it('never get a producer id twice, over restarts', async () => {
    const { broker, disk } = await withTopic();
    await broker.producer(client).send([value('t', 'a')]);
    await broker.close();
    const { broker: reopened } = await openOn(disk);
    await reopened.producer(client).send([value('t', 'b')]);
    const ids = [0, disk.contentOf(LOG).readInt32BE(8) + 12].map((at) => disk.contentOf(LOG).readBigInt64BE(at + 43));
    expect(ids[0]).not.toBe(ids[1]);
    expect((await readAll(reopened, 't')).map(textOf)).toEqual(['a', 'b']);
    await reopened.close();
  });
});

describe('group commit', () => {
  it('shares one write and one sync among the sends that wait', async () => {
    const { broker, disk } = await withTopic();
    const producer = broker.producer(client);
    disk.calls = [];
    await Promise.all(Array.from({ length: 100 }, (_, n) => producer.send([value('t', String(n))])));
    expect(disk.calls.filter(({ kind }) => kind === 'write')).toHaveLength(1);
    expect(disk.calls.filter(({ kind }) => kind === 'sync')).toHaveLength(1);
    await broker.close();
  });

  it('shows nothing that is not durable yet', async () => {
    const { broker, disk } = await withTopic();
    const admin = broker.admin(client);
    const send = broker.producer(client).send([value('t', 'a')]);
    disk.callsLeft = 1; // the write; the sync never returns
    await Promise.race([send, disk.stopped]);
    expect(await admin.listOffsets([{ topic: 't', partition: 0, at: 'latest' }])).toEqual([0]);
  });
});

describe('records', () => {
  it('get the time of their append with message.timestamp.type=LogAppendTime', async () => {
    const { broker, clock, disk } = await withTopic({ 'message.timestamp.type': 'LogAppendTime' });
    await broker.producer(client).send([value('t', 'a', null, 5)]);
    const [record] = await readAll(broker, 't');
    expect(record).toMatchObject({ timestamp: clock.now(), timestampType: 'LogAppendTime' });
    await broker.close();
    // The checksum holds.
    const reopened = await openOn(disk);
    expect(await readAll(reopened.broker, 't')).toHaveLength(1);
    await reopened.broker.close();
  });

  it('are rejected, each for its reason, when no broker would take them', async () => {
    const { broker, clock } = await withTopic({ 'message.timestamp.before.max.ms': '1000' });
    const sent = await broker
      .producer({ ...client, settings: { 'max.request.size': '500' } })
      .send([
        { ...value('t', 'a'), partition: 3 },
        value('t', 'b', null, clock.now() + 2 * 3_600_000),
        value('t', 'c', null, clock.now() - 2000),
        value('t', 'd', null, -5),
        value('a/b', 'e'),
        value('__consumer_offsets', 'f'),
        value('t', 'x'.repeat(1000)),
        value('t', 'good'),
      ]);
    expect(sent.rejected.map(({ index, error }) => [index, (error as { code?: string } & Error).code])).toEqual([
      [0, 'holdfast.broker.record.invalid'],
      [1, 'holdfast.broker.record.invalid'],
      [2, 'holdfast.broker.record.invalid'],
      [3, 'holdfast.broker.record.invalid'],
      [4, 'holdfast.broker.topic.invalid'],
      [5, 'holdfast.broker.topic.invalid'],
      [6, 'holdfast.broker.record.too.large'],
    ]);
    expect([...sent.offsets]).toEqual([-1, -1, -1, -1, -1, -1, -1, 0]);
    for (const { error } of sent.rejected) expect(error.name).toBe('DataError');
    await broker.close();
  });

  it('pass every compression', async () => {
    const { broker } = await withTopic();
    for (const compression of ['gzip', 'snappy', 'lz4', 'zstd']) {
      const producer = broker.producer({ ...client, settings: { 'compression.type': compression } });
      await producer.send([value('t', compression.repeat(50))]);
    }
    expect((await readAll(broker, 't')).map(textOf)).toEqual(
      ['gzip', 'snappy', 'lz4', 'zstd'].map((compression) => compression.repeat(50)),
    );
    await broker.close();
  });
});

describe('a fetcher', () => {
  it('gives what precedes a damaged batch, then names its place, and goes on behind it after a seek', async () => {
    const { broker, disk } = await withTopic();
    const producer = broker.producer(client);
    for (const text of ['a', 'b', 'c']) await producer.send([value('t', text)]);
    await broker.close();
    const bytes = disk.contentOf(LOG);
    const second = 12 + bytes.readInt32BE(8);
    bytes[second + 66] = (bytes[second + 66] as number) ^ 1;
    // As by bad memory of a disk: the index still says that all of it was durable.
    disk.place(LOG, bytes);
    const { broker: reopened } = await openOn(disk);
    const fetcher = reopened.fetcher(client);
    const place = { topic: 't', partition: 0 };
    fetcher.add([{ ...place, offset: 'earliest' }]);
    const poll = async () =>
      (await fetcher.poll({ maxRecords: 10, timeoutMs: 1000 })).flatMap(({ records }) => records);
    expect((await poll()).map(textOf)).toEqual(['a']);
    for (let n = 0; n < 2; n++) {
      await expect(poll()).rejects.toMatchObject({
        name: 'DataError',
        code: 'holdfast.broker.batch.corrupt',
        details: { ...place, offset: 1, nextOffset: 2 },
      });
    }
    fetcher.seek(place, 2);
    expect((await poll()).map(textOf)).toEqual(['c']);
    await reopened.close();
  });

  it('leaves out no more than the damaged batch, whatever its header says', async () => {
    const { broker, disk } = await withTopic();
    const producer = broker.producer(client);
    for (const text of ['a', 'b', 'c', 'd', 'e']) await producer.send([value('t', text)]);
    await broker.close();
    const bytes = disk.contentOf(LOG);
    const batchBytes = 12 + bytes.readInt32BE(8);
    // Two records more than it has, and two fewer than none.
    bytes.writeInt32BE(2, batchBytes + 23);
    bytes.writeInt32BE(-3, 3 * batchBytes + 23);
    disk.place(LOG, bytes);
    const { broker: reopened } = await openOn(disk);
    const fetcher = reopened.fetcher(client);
    const place = { topic: 't', partition: 0 };
    fetcher.add([{ ...place, offset: 'earliest' }]);
    const poll = async () =>
      (await fetcher.poll({ maxRecords: 10, timeoutMs: 1000 })).flatMap(({ records }) => records);
    expect((await poll()).map(textOf)).toEqual(['a']);
    await expect(poll()).rejects.toMatchObject({ details: { ...place, offset: 1, nextOffset: 2 } });
    fetcher.seek(place, 2);
    expect((await poll()).map(textOf)).toEqual(['c']);
    await expect(poll()).rejects.toMatchObject({ details: { ...place, offset: 3, nextOffset: 4 } });
    fetcher.seek(place, 4);
    expect((await poll()).map(textOf)).toEqual(['e']);
    await reopened.close();
  });

  it('begins no more reads than fetch.max.bytes has room for, and comes to every partition', async () => {
    const { broker, disk } = await withTopic({}, 8);
    const producer = broker.producer(client);
    for (let partition = 0; partition < 8; partition++) {
      await producer.send([{ ...value('t', 'x'.repeat(3000)), partition }]);
    }
    const fetcher = broker.fetcher({
      ...client,
      settings: { 'fetch.max.bytes': '8000', 'max.partition.fetch.bytes': '4000' },
    });
    fetcher.add(Array.from({ length: 8 }, (_, partition) => ({ topic: 't', partition, offset: 'earliest' as const })));
    disk.calls = [];
    await fetcher.poll({ maxRecords: 1, timeoutMs: 0 });
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(disk.calls.filter(({ kind }) => kind === 'read')).toHaveLength(2);
    const seen = new Set<number>();
    for (let polls = 0; seen.size < 8 && polls < 20; polls++) {
      for (const { partition } of await fetcher.poll({ maxRecords: 1, timeoutMs: 1000 })) seen.add(partition);
    }
    expect(seen.size).toBe(8);
    await broker.close();
  });

  it('lets no partition starve for what others read ahead, paused or not', async () => {
    const { broker } = await withTopic({}, 8);
    const producer = broker.producer(client);
    for (let partition = 0; partition < 8; partition++) {
      for (let n = 0; n < 20; n++) await producer.send([{ ...value('t', `${n}${'x'.repeat(3000)}`), partition }]);
    }
    const settings = { 'fetch.max.bytes': '8000', 'max.partition.fetch.bytes': '4000' };
    const fetcher = broker.fetcher({ ...client, settings });
    const places = Array.from({ length: 8 }, (_, partition) => ({ topic: 't', partition }));
    fetcher.add(places.map((place) => ({ ...place, offset: 0 })));
    const seen = new Map<number, number[]>();
    const poll = async (): Promise<void> => {
      for (const { partition, records } of await fetcher.poll({ maxRecords: 1, timeoutMs: 1000 })) {
        const offsets = seen.get(partition) ?? [];
        seen.set(partition, [...offsets, ...records.map(({ offset }) => offset)]);
      }
    };
    for (let n = 0; n < 24; n++) await poll();
    expect(seen.size).toBe(8);
    // As a sink does whose partitions wait for a schema: two of them hold all the room.
    await fetcher.poll({ maxRecords: 1, timeoutMs: 0 });
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    fetcher.pause(places.slice(0, 7));
    for (let n = 0; n < 40 && seen.get(7)?.at(-1) !== 19; n++) await poll();
    expect(seen.get(7)?.at(-1)).toBe(19);
    fetcher.resume(places.slice(0, 7));
    for (let n = 0; n < 400 && [...seen.values()].some((offsets) => offsets.at(-1) !== 19); n++) await poll();
    for (const offsets of seen.values())
      expect(offsets.slice(1)).toEqual(offsets.slice(0, -1).map((offset) => offset + 1));
    await broker.close();
  });

  it('begins anew in a topic that was deleted and created again', async () => {
    const { broker, admin } = await withTopic();
    const producer = broker.producer(client);
    await producer.send([value('t', 'old'), value('t', 'old')]);
    const fetcher = broker.fetcher({ ...client, settings: { 'auto.offset.reset': 'earliest' } });
    fetcher.add([{ topic: 't', partition: 0, offset: 'earliest' }]);
    const poll = async () =>
      (await fetcher.poll({ maxRecords: 10, timeoutMs: 1000 })).flatMap(({ records }) => records.map(textOf));
    expect(await poll()).toEqual(['old', 'old']);
    await admin.deleteTopics(['t']);
    await broker.producer(client).send([value('t', 'new')]);
    expect(await poll()).toEqual(['new']);
    await broker.close();
  });
});

describe('the folder', () => {
  it('keeps topics with their settings, and the id of the cluster', async () => {
    const { broker, admin, disk } = await withTopic({ 'retention.ms': '5' }, 3);
    const { clusterId } = await admin.describeCluster();
    await admin.alterTopicConfigs('t', { 'segment.ms': '7' });
    await broker.close();
    const { broker: reopened } = await openOn(disk);
    const again = reopened.admin(client);
    expect((await again.describeTopics(['t']))[0]?.partitions).toHaveLength(3);
    const configs = (await again.describeTopicConfigs(['t'])).get('t');
    expect([configs?.get('retention.ms'), configs?.get('segment.ms')]).toEqual(['5', '7']);
    expect(await again.describeCluster()).toEqual({ clusterId, brokers: 1 });
    expect(await again.listTopics()).toEqual(['t']);
    await reopened.close();
  });

  it('is refused when a newer version wrote it, or it holds something else, or its list of topics is gone', async () => {
    const code = 'holdfast.broker.embedded.format';
    const { broker, disk } = await withTopic();
    await broker.close();
    const format = JSON.parse(disk.contentOf(join(DIR, 'format.json')).toString());
    const newer = disk.copy();
    newer.place(join(DIR, 'format.json'), Buffer.from(JSON.stringify({ ...format, version: 2 })));
    await expect(openOn(newer)).rejects.toMatchObject({ code, name: 'ConfigError' });
    const foreign = new SimulatedFileSystem();
    await foreign.mkdir(DIR);
    foreign.place(join(DIR, 'thesis.doc'), Buffer.from('!'));
    await expect(openOn(foreign)).rejects.toThrow(/thesis\.doc/);
    const gone = disk.copy();
    await gone.unlink(join(DIR, 'topics.json'));
    await expect(openOn(gone)).rejects.toThrow(/topics\.json/);
  });

  it('says what it cuts from the end', async () => {
    const { broker, disk } = await withTopic();
    await broker.producer(client).send([value('t', 'a')]);
    disk.place(LOG, Buffer.concat([disk.contentOf(LOG), Buffer.from('torn')]));
    const { logger, lines } = recordingLogger('warn');
    const { broker: reopened } = await openOn(disk.copy(), { logger });
    expect(lines).toHaveLength(1);
    expect(lines[0]?.fields).toMatchObject({ bytes: 4, segment: LOG });
    expect(await readAll(reopened, 't')).toHaveLength(1);
  });

  it('refuses settings that it does not know', async () => {
    await expect(openOn(undefined, { settings: { 'log.dirs': '/x' } })).rejects.toThrow(/log\.dirs/);
    const { admin } = await withTopic();
    await expect(admin.alterTopicConfigs('t', { 'remote.storage.enable': 'true' })).rejects.toMatchObject({
      code: 'holdfast.broker.topic.invalid',
    });
    await expect(admin.createTopics([{ name: 'u', partitions: 1, replicationFactor: 3 }])).rejects.toMatchObject({
      code: 'holdfast.broker.topic.invalid',
    });
  });

  it('creates no topic by itself when auto.create.topics.enable=false', async () => {
    const { broker } = await openOn(undefined, { settings: { 'auto.create.topics.enable': 'false' } });
    await expect(broker.producer(client).send([value('t', 'a')])).rejects.toMatchObject({
      code: 'holdfast.broker.topic.unknown',
    });
    await broker.close();
  });
});
