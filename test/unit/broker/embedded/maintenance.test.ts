import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FetchedRecord } from '../../../../src/broker/ports.ts';
import { client, DIR, openOn, readAll, type SimulatedBroker, textOf, value } from './broker-on-simulated-disk.ts';

const DAY = 86_400_000;

async function withTopic(configs: Record<string, string>): Promise<SimulatedBroker> {
  const opened = await openOn();
  const admin = opened.broker.admin(client);
  await admin.createTopics([{ name: 't', partitions: 1, replicationFactor: 1, configs }]);
  return opened;
}

async function send({ broker }: SimulatedBroker, ...pairs: readonly (readonly [string, string | null])[]) {
  const producer = broker.producer(client);
  for (const [key, text] of pairs) await producer.send([value('t', text, key)]);
  await producer.close();
}

const pairs = (records: readonly FetchedRecord[]) =>
  records.map((record) => [record.offset, Buffer.from(record.key ?? []).toString(), textOf(record)]);
const segments = ({ disk }: SimulatedBroker): string[] =>
  disk.namesIn(join(DIR, 'topics', 't-0')).filter((name) => name.endsWith('.log'));
const bytesOf = (opened: SimulatedBroker): number =>
  segments(opened).reduce((sum, name) => sum + opened.disk.contentOf(join(DIR, 'topics', 't-0', name)).length, 0);
const range = async ({ broker }: SimulatedBroker): Promise<readonly number[]> =>
  broker
    .admin(client)
    .listOffsets(['earliest' as const, 'latest' as const].map((at) => ({ topic: 't', partition: 0, at })));

const COMPACT = { 'cleanup.policy': 'compact', 'segment.bytes': '200', 'min.cleanable.dirty.ratio': '0.01' };

describe('compaction', () => {
  it('keeps the latest record of each key at its offset, and all of the active segment', async () => {
    const opened = await withTopic(COMPACT);
    for (let n = 0; n < 12; n++) await send(opened, [`k${n % 3}`, `v${n}`]);
    const before = bytesOf(opened);
    await opened.broker.runMaintenance();
    const after = pairs(await readAll(opened.broker, 't'));
    expect(bytesOf(opened)).toBeLessThan(before);
    // Two records fill a segment: 10 and 11 are in the active one.
    expect(after).toEqual([
      [7, 'k1', 'v7'],
      [8, 'k2', 'v8'],
      [9, 'k0', 'v9'],
      [10, 'k1', 'v10'],
      [11, 'k2', 'v11'],
    ]);
    expect(await range(opened)).toEqual([0, 12]);
    await opened.broker.close();
    const reopened = await openOn(opened.disk);
    expect(pairs(await readAll(reopened.broker, 't'))).toEqual(after);
    await reopened.broker.close();
  });

  it('puts small segments together, and offsets stay', async () => {
    const opened = await withTopic(COMPACT);
    for (let n = 0; n < 30; n++) await send(opened, ['k', `v${n}`]);
    await opened.broker.runMaintenance();
    expect(segments(opened).length).toBeGreaterThan(10);
    await send(opened, ['k', 'v30'], ['k', 'v31'], ['k', 'v32']);
    await opened.broker.runMaintenance();
    expect(segments(opened).length).toBeLessThanOrEqual(4);
    const kept = pairs(await readAll(opened.broker, 't'));
    expect(kept.at(-1)).toEqual([32, 'k', 'v32']);
    expect(await range(opened)).toEqual([0, 33]);
    await opened.broker.close();
    const reopened = await openOn(opened.disk);
    expect(pairs(await readAll(reopened.broker, 't'))).toEqual(kept);
  });

  it('takes single records out of a batch, compressed or not', async () => {
    for (const compression of ['none', 'gzip']) {
      const opened = await withTopic(COMPACT);
      const producer = opened.broker.producer({ ...client, settings: { 'compression.type': compression } });
      const headers = [{ key: 'h', value: Buffer.from('x') }];
      await producer.send(
        ['a', 'b', 'a', 'c', 'b']
          .map((key, n) => ({ ...value('t', `v${n}`, key, 1000 + n), headers }))
          .map((one) => ({ ...one, timestamp: opened.clock.now() + one.timestamp })),
      );
      await producer.send([value('t', 'x'.repeat(200), 'z')]);
      await opened.broker.runMaintenance();
      const records = await readAll(opened.broker, 't');
      expect(pairs(records).slice(0, 3)).toEqual([
        [2, 'a', 'v2'],
        [3, 'c', 'v3'],
        [4, 'b', 'v4'],
      ]);
      expect(records[0]?.timestamp).toBe(opened.clock.now() + 1002);
      expect(records[0]?.headers[0]?.key).toBe('h');
      await opened.broker.close();
    }
  });

  it('keeps a tombstone for delete.retention.ms after its first pass, then drops it though nothing else is dirty', async () => {
    const opened = await withTopic({ ...COMPACT, 'delete.retention.ms': String(DAY) });
    await send(opened, ['k', 'v'], ['k', null], ['x', 'x'.repeat(200)], ['y', 'y']);
    await opened.broker.runMaintenance();
    expect(pairs(await readAll(opened.broker, 't'))[0]).toEqual([1, 'k', null]);
    await opened.clock.advance(DAY / 2);
    await opened.broker.runMaintenance();
    expect(pairs(await readAll(opened.broker, 't'))[0]).toEqual([1, 'k', null]);
    await opened.clock.advance(DAY);
    await opened.broker.runMaintenance();
    expect(pairs(await readAll(opened.broker, 't')).map(([offset]) => offset)).toEqual([2, 3]);
    await opened.broker.close();
  });

  it('waits until enough is dirty', async () => {
    const opened = await withTopic({ ...COMPACT, 'min.cleanable.dirty.ratio': '0.9' });
    for (let n = 0; n < 8; n++) await send(opened, [`k${n}`, 'v']);
    await opened.broker.runMaintenance();
    await send(opened, ['k0', 'again'], ['k0', 'and again'], ['k1', 'v']);
    const before = pairs(await readAll(opened.broker, 't'));
    await opened.broker.runMaintenance();
    expect(pairs(await readAll(opened.broker, 't'))).toEqual(before);
    await opened.broker.close();
  });

  it('lets a reader that is within a segment go on to its end', async () => {
    const opened = await withTopic({ ...COMPACT, 'segment.bytes': '2000' });
    const keys = Array.from({ length: 60 }, (_, n): [string, string] => [`k${n % 7}`, `v${n}`]);
    await send(opened, ...keys);
    const fetcher = opened.broker.fetcher({ ...client, settings: { 'max.partition.fetch.bytes': '100' } });
    fetcher.add([{ topic: 't', partition: 0, offset: 'earliest' }]);
    const seen: number[] = [];
    let polls = 0;
    while ((fetcher.position({ topic: 't', partition: 0 }) ?? 0) < 60) {
      if (++polls === 10) await opened.broker.runMaintenance();
      for (const { records } of await fetcher.poll({ maxRecords: 1, timeoutMs: 0 }))
        seen.push(...records.map((r) => r.offset));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    const kept = (await readAll(opened.broker, 't')).map(({ offset }) => offset);
    expect(kept.length).toBeLessThan(60);
    for (const offset of kept) expect(seen).toContain(offset);
    await opened.broker.close();
  });

  it('refuses a record without a key', async () => {
    const { broker } = await withTopic(COMPACT);
    const sent = await broker.producer(client).send([value('t', 'v')]);
    expect(sent.rejected[0]?.error).toMatchObject({ name: 'DataError', code: 'holdfast.broker.record.invalid' });
    await broker.close();
  });
});

describe('retention', () => {
  it('removes segments that are older than retention.ms, the last one too, and keeps the end', async () => {
    const opened = await withTopic({ 'segment.bytes': '200', 'retention.ms': String(DAY) });
    await send(opened, ['a', '0'], ['a', '1'], ['a', '2']);
    await opened.clock.advance(DAY / 2);
    await send(opened, ['a', '3'], ['a', '4']);
    await opened.clock.advance(DAY / 2 + 1000);
    await opened.broker.runMaintenance();
    expect((await range(opened))[1]).toBe(5);
    expect((await readAll(opened.broker, 't')).map(textOf).at(-1)).toBe('4');
    expect((await range(opened))[0]).toBeGreaterThan(0);
    await opened.clock.advance(DAY);
    await opened.broker.runMaintenance();
    expect(await range(opened)).toEqual([5, 5]);
    expect(segments(opened)).toEqual(['00000000000000000005.log']);
    const crashed = await openOn(opened.disk.afterPowerLoss(() => 0.9));
    expect(await range(crashed)).toEqual([5, 5]);
  });

  it('keeps at least retention.bytes', async () => {
    const opened = await withTopic({ 'segment.bytes': '200', 'retention.bytes': '400' });
    for (let n = 0; n < 20; n++) await send(opened, ['a', 'x'.repeat(20)]);
    await opened.broker.runMaintenance();
    const bytes = bytesOf(opened);
    expect(bytes).toBeGreaterThanOrEqual(400);
    expect(bytes).toBeLessThan(700);
    await opened.broker.close();
  });

  it('begins a new segment after segment.ms', async () => {
    const opened = await withTopic({ 'segment.ms': '1000' });
    await send(opened, ['a', '0']);
    await opened.clock.advance(2_000);
    await send(opened, ['a', '1']);
    expect(segments(opened)).toHaveLength(2);
    await opened.broker.close();
  });

  it('keeps records that are old when they come in one segment', async () => {
    const opened = await withTopic({ 'segment.ms': '1000', 'retention.ms': '-1' });
    await opened.clock.advance(1_000_000);
    const producer = opened.broker.producer(client);
    for (let n = 0; n < 5; n++) await producer.send([value('t', `v${n}`, 'k', 1000 + n)]);
    expect(segments(opened)).toHaveLength(1);
    await producer.send([value('t', 'v5', 'k', 2001)]);
    expect(segments(opened)).toHaveLength(2);
    await opened.broker.close();
  });

  it('runs by itself', async () => {
    const opened = await withTopic({ 'retention.ms': '1000' });
    await send(opened, ['a', '0']);
    await opened.clock.advance(60_000);
    expect(await range(opened)).toEqual([1, 1]);
    await opened.broker.close();
  });

  it('keeps the start that deleteRecords set over a restart', async () => {
    const opened = await withTopic({});
    await send(opened, ['a', '0'], ['a', '1'], ['a', '2']);
    await opened.broker.admin(client).deleteRecords([{ topic: 't', partition: 0, offset: 2 }]);
    const reopened = await openOn(opened.disk.afterPowerLoss(() => 0.9));
    expect(await range(reopened)).toEqual([2, 3]);
    expect((await readAll(reopened.broker, 't')).map(textOf)).toEqual(['2']);
  });
});
