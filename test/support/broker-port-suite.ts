import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  Admin,
  Broker,
  FetchedBatch,
  FetchedRecord,
  Fetcher,
  GroupListener,
  GroupMember,
  ProducerRecord,
  TopicPartition,
} from '../../src/broker/ports.ts';
import { Deferred } from '../../src/foundation/deferred.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { DataError, RetriableError } from '../../src/sdk/errors/index.ts';
import { uniqueName } from './unique-name.ts';

/** What the suite runs on. */
export interface BrokerUnderTest {
  readonly broker: Broker;
  readonly close: () => Promise<void>;
}

const POLL_MS = 10_000;
/** Longer than a rebalance of a real Kafka takes with its initial delay. */
const GROUP_MS = 30_000;

/** A record with defaults for what a test doesn't care about. */
export function record(topic: string, value: string | null, more: Partial<ProducerRecord> = {}): ProducerRecord {
  return {
    topic,
    partition: 0,
    key: null,
    value: value === null ? null : Buffer.from(value),
    headers: [],
    timestamp: -1,
    ...more,
  };
}

/** Polls until so many records came, or the time is over. */
export async function pollRecords(fetcher: Fetcher, count: number, timeoutMs = POLL_MS): Promise<FetchedRecord[]> {
  return (await pollBatches(fetcher, count, timeoutMs)).flatMap((batch) => batch.records);
}

export async function pollBatches(fetcher: Fetcher, count: number, timeoutMs = POLL_MS): Promise<FetchedBatch[]> {
  const batches: FetchedBatch[] = [];
  const until = performance.now() + timeoutMs;
  let seen = 0;
  while (seen < count && performance.now() < until) {
    for (const batch of await fetcher.poll({ maxRecords: 1000, timeoutMs: Math.max(1, until - performance.now()) })) {
      batches.push(batch);
      seen += batch.records.length;
    }
  }
  return batches;
}

export function texts(records: readonly FetchedRecord[]): (string | null)[] {
  return records.map(({ value }) => (value === null ? null : Buffer.from(value).toString()));
}

/** A listener that keeps what it was told, and lets a test wait for it. */
export class RecordingListener implements GroupListener {
  readonly calls: { readonly call: string; readonly partitions: readonly TopicPartition[] }[] = [];
  /** Awaited within onRevoked. */
  whenRevoked: (partitions: readonly TopicPartition[]) => Promise<void> = async () => {};
  readonly failures: Error[] = [];
  held: readonly TopicPartition[] = [];
  private waiting: { readonly test: () => boolean; readonly done: Deferred }[] = [];

  async onAssigned(partitions: readonly TopicPartition[]): Promise<void> {
    this.held = partitions;
    this.note('assigned', partitions);
  }

  async onRevoked(partitions: readonly TopicPartition[]): Promise<void> {
    this.note('revoking', partitions);
    await this.whenRevoked(partitions);
    this.held = [];
    this.note('revoked', partitions);
  }

  async onLost(partitions: readonly TopicPartition[]): Promise<void> {
    this.held = [];
    this.note('lost', partitions);
  }

  onFailed(error: Error): void {
    this.failures.push(error);
    this.note('failed', []);
  }

  /** Resolves as soon as the condition holds after some call. */
  until(test: () => boolean): Promise<void> {
    if (test()) return Promise.resolve();
    const done = new Deferred();
    this.waiting.push({ test, done });
    return done.promise;
  }

  private note(call: string, partitions: readonly TopicPartition[]): void {
    this.calls.push({ call, partitions });
    for (const { test, done } of this.waiting) if (test()) done.resolve();
  }
}

/** The guarantees of the broker ports, as tests: one suite for the embedded broker and for a real Kafka. */
export function describeBrokerPorts(name: string, open: () => Promise<BrokerUnderTest>): void {
  describe(`broker ports on ${name}`, () => {
    let broker: Broker;
    let admin: Admin;
    let close: () => Promise<void>;
    const client = { settings: {}, logger: silentLogger };

    beforeAll(async () => {
      ({ broker, close } = await open());
      admin = broker.admin(client);
    });
    afterAll(async () => {
      await close?.();
    });

    const newTopic = async (partitions = 1, configs: Record<string, string> = {}): Promise<string> => {
      const topic = uniqueName('topic');
      expect(await admin.createTopics([{ name: topic, partitions, replicationFactor: 1, configs }])).toEqual([
        'created',
      ]);
      return topic;
    };
    const readAll = async (topic: string, count: number, partition = 0): Promise<FetchedRecord[]> => {
      const fetcher = broker.fetcher(client);
      fetcher.add([{ topic, partition, offset: 'earliest' }]);
      const records = await pollRecords(fetcher, count);
      await fetcher.close();
      return records;
    };
    const sendAll = async (records: readonly ProducerRecord[]): Promise<void> => {
      const producer = broker.producer(client);
      expect((await producer.send(records)).rejected).toEqual([]);
      await producer.close();
    };

    describe('producer and fetcher', () => {
      it('give back keys, values, headers, nulls and timestamps as they were sent', async () => {
        const topic = await newTopic();
        const timestamp = Date.now() - 5000;
        const headers = [
          { key: 'a', value: Buffer.from([1, 2]) },
          { key: 'a', value: null },
          { key: 'ü', value: Buffer.alloc(0) },
        ];
        const producer = broker.producer(client);
        const sent = await producer.send([
          record(topic, 'v', { key: Buffer.from('k'), headers, timestamp }),
          record(topic, null, { timestamp: timestamp + 1 }),
          record(topic, '', { key: Buffer.alloc(0), timestamp: timestamp + 2 }),
        ]);
        expect([...sent.offsets]).toEqual([0, 1, 2]);
        expect([...sent.partitions]).toEqual([0, 0, 0]);
        const records = await readAll(topic, 3);
        expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2]);
        expect(records.map((one) => one.timestamp)).toEqual([timestamp, timestamp + 1, timestamp + 2]);
        expect(records[0]?.timestampType).toBe('CreateTime');
        expect(records.map(({ key }) => (key === null ? null : Buffer.from(key).toString()))).toEqual(['k', null, '']);
        expect(texts(records)).toEqual(['v', null, '']);
        expect(records[0]?.headers.map(({ key, value }) => [key, value === null ? null : [...value]])).toEqual([
          ['a', [1, 2]],
          ['a', null],
          ['ü', []],
        ]);
        await producer.close();
      });

      it('stamp a record without a timestamp with the time it was taken', async () => {
        const topic = await newTopic();
        const before = Date.now();
        await sendAll([record(topic, 'v')]);
        const [read] = await readAll(topic, 1);
        expect(read?.timestamp).toBeGreaterThanOrEqual(before - 1);
        expect(read?.timestamp).toBeLessThanOrEqual(Date.now() + 1);
      });

      it('keep the order of sends that are in flight together', async () => {
        const topic = await newTopic();
        const producer = broker.producer(client);
        const sends: Promise<unknown>[] = [];
        const expected: string[] = [];
        for (let send = 0; send < 20; send++) {
          const values = Array.from({ length: 50 }, (_, n) => `${send}-${n}`);
          expected.push(...values);
          sends.push(producer.send(values.map((value) => record(topic, value))));
        }
        await Promise.all(sends);
        await producer.close();
        expect(texts(await readAll(topic, 1000))).toEqual(expected);
      });

      it('put a key where Kafka puts it', async () => {
        const topic = await newTopic(6);
        const producer = broker.producer(client);
        const keys = ['21', 'foobar', 'a-little-bit-long-string', 'a-little-bit-longer-string', 'abc'];
        const sent = await producer.send(
          keys.map((key) => record(topic, key, { key: Buffer.from(key), partition: null })),
        );
        // What Kafka's own test of Utils.murmur2 expects of these keys.
        const hashes = [-973932308, -790332482, -985981536, -1486304829, 479470107];
        expect([...sent.partitions]).toEqual(hashes.map((hash) => (hash & 0x7fffffff) % 6));
        await producer.close();
      });

      it('reject a record that is too large, by its index, and take its neighbours', async () => {
        const topic = await newTopic(1, { 'max.message.bytes': '20000' });
        const producer = broker.producer(client);
        const sent = await producer.send([record(topic, 'a'), record(topic, 'x'.repeat(30_000)), record(topic, 'b')]);
        expect(sent.rejected.map(({ index }) => index)).toEqual([1]);
        expect(sent.rejected[0]?.error).toBeInstanceOf(DataError);
        expect(sent.rejected[0]?.error).toMatchObject({ code: 'holdfast.broker.record.too.large' });
        expect(sent.offsets[1]).toBe(-1);
        expect(texts(await readAll(topic, 2))).toEqual(['a', 'b']);
        await producer.close();
      });

      it('reject a send after close with the code for it', async () => {
        const topic = await newTopic();
        const producer = broker.producer(client);
        await producer.close();
        await expect(producer.send([record(topic, 'v')])).rejects.toMatchObject({
          code: 'holdfast.broker.producer.closed',
        });
      });

      it('create a topic that is written to first', async () => {
        const topic = uniqueName('auto');
        await sendAll([record(topic, 'v', { partition: null })]);
        expect(texts(await readAll(topic, 1))).toEqual(['v']);
      });

      it('wake a waiting poll when a record comes', async () => {
        const topic = await newTopic();
        const fetcher = broker.fetcher(client);
        fetcher.add([{ topic, partition: 0, offset: 'earliest' }]);
        expect(await fetcher.poll({ maxRecords: 10, timeoutMs: 50 })).toEqual([]);
        const poll = pollRecords(fetcher, 1);
        await sendAll([record(topic, 'late')]);
        expect(texts(await poll)).toEqual(['late']);
        await fetcher.close();
      });

      it('hand out no more than maxRecords, and go on where they stopped', async () => {
        const topic = await newTopic();
        await sendAll(Array.from({ length: 25 }, (_, n) => record(topic, String(n))));
        const fetcher = broker.fetcher(client);
        fetcher.add([{ topic, partition: 0, offset: 'earliest' }]);
        const seen: (string | null)[] = [];
        while (seen.length < 25) {
          const batches = await fetcher.poll({ maxRecords: 10, timeoutMs: POLL_MS });
          const records = batches.flatMap((batch) => batch.records);
          expect(records.length).toBeLessThanOrEqual(10);
          expect(batches.at(-1)?.nextOffset).toBe(seen.length + records.length);
          seen.push(...texts(records));
          expect(fetcher.position({ topic, partition: 0 })).toBe(seen.length);
        }
        expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => String(n)));
        await fetcher.close();
      });

      it('show nothing of a paused partition until it is resumed, and then everything', async () => {
        const topic = await newTopic(2);
        await sendAll([record(topic, 'p0'), record(topic, 'p1', { partition: 1 })]);
        const fetcher = broker.fetcher(client);
        fetcher.add([
          { topic, partition: 0, offset: 'earliest' },
          { topic, partition: 1, offset: 'earliest' },
        ]);
        fetcher.pause([{ topic, partition: 0 }]);
        expect(texts(await pollRecords(fetcher, 2, 700))).toEqual(['p1']);
        fetcher.resume([{ topic, partition: 0 }]);
        expect(texts(await pollRecords(fetcher, 1))).toEqual(['p0']);
        await fetcher.close();
      });

      it('go back and forth by seek, and forget what is removed', async () => {
        const topic = await newTopic();
        await sendAll(['0', '1', '2', '3'].map((value) => record(topic, value)));
        const fetcher = broker.fetcher(client);
        const place = { topic, partition: 0 };
        fetcher.add([{ ...place, offset: 2 }]);
        expect(texts(await pollRecords(fetcher, 2))).toEqual(['2', '3']);
        fetcher.seek(place, 1);
        expect(fetcher.position(place)).toBe(1);
        expect(texts(await pollRecords(fetcher, 3))).toEqual(['1', '2', '3']);
        fetcher.seek(place, 0);
        fetcher.remove([place]);
        expect(await fetcher.poll({ maxRecords: 10, timeoutMs: 100 })).toEqual([]);
        await fetcher.close();
      });

      it('begin at the end when told latest', async () => {
        const topic = await newTopic();
        await sendAll([record(topic, 'before')]);
        const fetcher = broker.fetcher(client);
        fetcher.add([{ topic, partition: 0, offset: 'latest' }]);
        await fetcher.poll({ maxRecords: 10, timeoutMs: 500 });
        await sendAll([record(topic, 'after')]);
        expect(texts(await pollRecords(fetcher, 1))).toEqual(['after']);
        await fetcher.close();
      });

      it('begin at the end of when they were told latest, though nobody polls until later', async () => {
        const topic = await newTopic();
        await sendAll([record(topic, 'before')]);
        const fetcher = broker.fetcher(client);
        const place = { topic, partition: 0 };
        // So that its topic is known.
        fetcher.add([{ ...place, offset: 'earliest' }]);
        await pollRecords(fetcher, 1);
        fetcher.add([{ ...place, offset: 'latest' }]);
        for (let turn = 0; turn < 1_000 && fetcher.position(place) === null; turn++) await delay(10);
        await sendAll([record(topic, 'unpolled')]);
        expect(texts(await pollRecords(fetcher, 1))).toEqual(['unpolled']);
        await fetcher.close();
      });

      it('begin at the end of when they were told latest, though paused until later', async () => {
        const topic = await newTopic();
        await sendAll([record(topic, 'before')]);
        const fetcher = broker.fetcher(client);
        const place = { topic, partition: 0 };
        fetcher.add([{ ...place, offset: 'latest' }]);
        fetcher.pause([place]);
        for (let turn = 0; turn < 100 && fetcher.position(place) === null; turn++) {
          await fetcher.poll({ maxRecords: 10, timeoutMs: 50 });
        }
        await sendAll([record(topic, 'while paused')]);
        expect(await fetcher.poll({ maxRecords: 10, timeoutMs: 100 })).toEqual([]);
        fetcher.resume([place]);
        expect(texts(await pollRecords(fetcher, 1))).toEqual(['while paused']);
        await fetcher.close();
      });

      it('follow auto.offset.reset when the offset is out of range', async () => {
        const topic = await newTopic();
        await sendAll(['0', '1'].map((value) => record(topic, value)));
        const earliest = broker.fetcher({ ...client, settings: { 'auto.offset.reset': 'earliest' } });
        earliest.add([{ topic, partition: 0, offset: 100 }]);
        expect(texts(await pollRecords(earliest, 2))).toEqual(['0', '1']);
        await earliest.close();
        const none = broker.fetcher({ ...client, settings: { 'auto.offset.reset': 'none' } });
        none.add([{ topic, partition: 0, offset: 100 }]);
        await expect(pollRecords(none, 1)).rejects.toMatchObject({ code: 'holdfast.broker.offset.out.of.range' });
        await none.close();
      });

      it('end a poll when its signal is aborted', async () => {
        const topic = await newTopic();
        const fetcher = broker.fetcher(client);
        fetcher.add([{ topic, partition: 0, offset: 'earliest' }]);
        const controller = new AbortController();
        const poll = fetcher.poll({ maxRecords: 1, timeoutMs: 60_000, signal: controller.signal });
        controller.abort(new Error('enough'));
        await expect(poll).rejects.toThrow('enough');
        await fetcher.close();
      });
    });

    describe('log reader', () => {
      it('reads a log whole, up to a fixed end, and from anywhere on', async () => {
        const topic = await newTopic();
        const headers = [{ key: 'h', value: Buffer.from([0, 255]) }];
        const timestamp = Date.now() - 1000;
        await sendAll([
          record(topic, '', { key: Buffer.from('k'), headers, timestamp }),
          record(topic, null, { key: Buffer.alloc(0), timestamp: timestamp + 1 }),
        ]);
        await sendAll(['2', '3', '4'].map((value) => record(topic, value)));
        const reader = broker.logReader(client);
        const readFrom = async (from: number, end: number) => {
          const found: FetchedRecord[] = [];
          for (let offset = from; offset < end; ) {
            const chunk = await reader.read({ topic, partition: 0, offset, end });
            for (const entry of chunk.entries) if (entry.kind === 'records') found.push(...entry.records);
            offset = chunk.nextOffset;
          }
          return found;
        };
        expect((await readFrom(0, 4)).map(({ offset }) => offset)).toEqual([0, 1, 2, 3]);
        expect(texts(await readFrom(3, 5))).toEqual(['3', '4']);
        const [first, second] = await readFrom(0, 2);
        expect(first).toMatchObject({ timestamp, timestampType: 'CreateTime', headers: [{ key: 'h' }] });
        expect([first?.key?.length, first?.value?.length, second?.key?.length, second?.value]).toEqual([1, 0, 0, null]);
        await admin.deleteRecords([{ topic, partition: 0, offset: 3 }]);
        expect(texts(await readFrom(0, 5))).toEqual(['3', '4']);
        const place = { topic, partition: 0, offset: 5, end: 6 };
        await expect(reader.read(place)).rejects.toMatchObject({ name: 'EnvironmentError' });
        await expect(reader.read({ ...place, topic: uniqueName('missing') })).rejects.toMatchObject({
          code: 'holdfast.broker.topic.unknown',
        });
        await expect(reader.read({ ...place, partition: 9 })).rejects.toMatchObject({
          code: 'holdfast.broker.topic.unknown',
        });
        await reader.close();
      });
    });

    describe('admin', () => {
      it('creates, describes, lists and deletes topics', async () => {
        const topic = await newTopic(3);
        expect(await admin.createTopics([{ name: topic, partitions: 1, replicationFactor: -1 }])).toEqual(['exists']);
        expect(await admin.listTopics()).toContain(topic);
        const missing = uniqueName('missing');
        const described = await admin.describeTopics([topic, missing]);
        expect(described.map(({ name: one }) => one)).toEqual([topic]);
        expect(described[0]?.partitions.map(({ partition }) => partition).sort()).toEqual([0, 1, 2]);
        expect(await admin.listTopics()).not.toContain(missing);
        await admin.deleteTopics([topic]);
        await waitFor(async () => !(await admin.listTopics()).includes(topic));
      });

      it('refuses a name that Kafka does not take', async () => {
        await expect(
          admin.createTopics([{ name: 'no/slash', partitions: 1, replicationFactor: 1 }]),
        ).rejects.toMatchObject({ code: 'holdfast.broker.topic.invalid' });
      });

      it('alters settings incrementally', async () => {
        const topic = await newTopic(1, { 'cleanup.policy': 'compact', 'retention.ms': '1234567' });
        await admin.alterTopicConfigs(topic, { 'segment.ms': '7654321', 'retention.ms': null });
        // A broker may hear of a topic later than the controller, which altered it.
        const described = () => admin.describeTopicConfigs([topic]).catch(unlessUnknown);
        await waitFor(async () => (await described())?.get(topic)?.get('segment.ms') === '7654321');
        const configs = (await admin.describeTopicConfigs([topic])).get(topic);
        expect(configs?.get('cleanup.policy')).toBe('compact');
        expect(configs?.get('retention.ms')).toBe('604800000');
      });

      it('tells a topic as it would be made anew, and another id once it was', async () => {
        const configs = { 'cleanup.policy': 'compact', 'delete.retention.ms': '1000' };
        const topic = await newTopic(2, configs);
        const inspect = async () => {
          await waitFor(async () => (await admin.inspectTopic(topic)) !== null);
          return admin.inspectTopic(topic);
        };
        const first = await inspect();
        expect(first).toMatchObject({ name: topic, partitions: 2, replicationFactor: 1, overrides: configs });
        expect(first?.id).toMatch(/^\S+$/);
        expect(first?.effective).toMatchObject({ ...configs, 'retention.ms': '604800000' });
        expect(await admin.inspectTopic(uniqueName('missing'))).toBeNull();
        await admin.deleteTopics([topic]);
        await waitFor(async () => (await admin.inspectTopic(topic)) === null);
        await admin.createTopics([{ name: topic, partitions: 1, replicationFactor: 1 }]);
        expect((await inspect())?.id).not.toBe(first?.id);
      });

      it('has no ACLs where there is no authorizer, and says so when some are to be created', async () => {
        const topic = await newTopic();
        expect(await admin.topicAcls(topic)).toBeNull();
        await admin.createTopicAcls([]);
        const acl = {
          principal: 'User:a',
          host: '*',
          operation: 'READ',
          permission: 'ALLOW',
          pattern: 'LITERAL',
        } as const;
        await expect(admin.createTopicAcls([{ ...acl, resource: topic }])).rejects.toMatchObject({
          name: 'ConfigError',
        });
      });

      it('finds offsets by place and by time', async () => {
        const topic = await newTopic();
        const now = Date.now();
        await sendAll([0, 1, 2].map((n) => record(topic, String(n), { timestamp: now - 3000 + n * 1000 })));
        const at = (where: 'earliest' | 'latest' | number) => ({ topic, partition: 0, at: where });
        expect(
          await admin.listOffsets([
            at('earliest'),
            at('latest'),
            at(now - 3000),
            at(now - 2999),
            at(now - 1000),
            at(now + 100_000),
          ]),
        ).toEqual([0, 3, 0, 1, 2, 3]);
      });

      it('deletes records below an offset', async () => {
        const topic = await newTopic();
        await sendAll(['0', '1', '2'].map((value) => record(topic, value)));
        await admin.deleteRecords([{ topic, partition: 0, offset: 2 }]);
        expect(await admin.listOffsets([{ topic, partition: 0, at: 'earliest' }])).toEqual([2]);
        expect(texts(await readAll(topic, 1))).toEqual(['2']);
      });
    });

    describe('groups', () => {
      const members: GroupMember[] = [];
      const join = (
        groupId: string,
        topics: readonly string[],
        listener: GroupListener,
        settings = {},
      ): GroupMember => {
        const member = broker.groupMember({
          ...client,
          settings,
          groupId,
          subscription: { topics },
          listener,
        });
        members.push(member);
        member.start();
        return member;
      };
      afterAll(async () => {
        await Promise.allSettled(members.map((member) => member.close()));
      });

      it(
        'assign all partitions to one member, keep its commits, and tell them to the next',
        async () => {
          const topic = await newTopic(3);
          const groupId = uniqueName('group');
          const listener = new RecordingListener();
          const member = join(groupId, [topic], listener);
          await listener.until(() => listener.held.length === 3);
          expect(listener.held.map(({ partition }) => partition).sort()).toEqual([0, 1, 2]);
          await member.commit([
            { topic, partition: 0, offset: 5 },
            { topic, partition: 2, offset: 7 },
          ]);
          expect(await member.committed([0, 1, 2].map((partition) => ({ topic, partition })))).toEqual([5, null, 7]);
          await member.close();
          expect(listener.calls.at(-1)?.call).toBe('revoked');
          const next = new RecordingListener();
          const successor = join(groupId, [topic], next);
          expect(await successor.committed([{ topic, partition: 2 }])).toEqual([7]);
          await next.until(() => next.held.length === 3);
          await successor.close();
        },
        GROUP_MS,
      );

      it(
        'share partitions by range, wait for revocations, and take commits made in them',
        async () => {
          const topic = await newTopic(4);
          const groupId = uniqueName('group');
          const first = new RecordingListener();
          const second = new RecordingListener();
          const release = new Deferred();
          let committedInRevoke = false;
          const one = join(groupId, [topic], first);
          await first.until(() => first.held.length === 4);
          first.whenRevoked = async (partitions) => {
            await release.promise;
            await one.commit(partitions.map((place) => ({ ...place, offset: 11 })));
            committedInRevoke = true;
          };
          join(groupId, [topic], second);
          await first.until(() => first.calls.at(-1)?.call === 'revoking');
          expect(second.held).toEqual([]);
          release.resolve();
          await Promise.all([
            second.until(() => second.held.length === 2),
            first.until(() => first.calls.at(-1)?.call === 'assigned' && first.held.length === 2),
          ]);
          expect(committedInRevoke).toBe(true);
          const all = [...first.held, ...second.held].map(({ partition }) => partition).sort();
          expect(all).toEqual([0, 1, 2, 3]);
          expect(await one.committed([{ topic, partition: 3 }])).toEqual([11]);
          first.whenRevoked = async () => {};
          await one.close();
          await second.until(() => second.held.length === 4);
        },
        GROUP_MS,
      );

      it(
        'refuse a commit of a member that has left',
        async () => {
          const topic = await newTopic();
          const listener = new RecordingListener();
          const member = join(uniqueName('group'), [topic], listener);
          await listener.until(() => listener.held.length === 1);
          await member.close();
          const commit = member.commit([{ topic, partition: 0, offset: 1 }]);
          await expect(commit).rejects.toBeInstanceOf(RetriableError);
          await expect(commit).rejects.toMatchObject({ code: 'holdfast.broker.group.rebalanced' });
        },
        GROUP_MS,
      );

      it(
        'keep groups apart',
        async () => {
          const topic = await newTopic(2);
          const listeners = [new RecordingListener(), new RecordingListener()];
          const groups = listeners.map(() => uniqueName('group'));
          for (const [n, listener] of listeners.entries()) join(groups[n] as string, [topic], listener);
          await Promise.all(listeners.map((listener) => listener.until(() => listener.held.length === 2)));
        },
        GROUP_MS,
      );

      it(
        'let the admin change offsets only while there are no members',
        async () => {
          const topic = await newTopic();
          const groupId = uniqueName('group');
          const place = { topic, partition: 0 };
          await admin.alterGroupOffsets(groupId, [{ ...place, offset: 3 }]);
          expect(await admin.groupOffsets(groupId)).toEqual([{ ...place, offset: 3 }]);
          const listener = new RecordingListener();
          const member = join(groupId, [topic], listener);
          await listener.until(() => listener.held.length === 1);
          const [described] = await admin.describeGroups([groupId]);
          expect(described).toMatchObject({ groupId, state: 'Stable', protocolType: 'consumer' });
          expect(described?.members).toHaveLength(1);
          await expect(admin.alterGroupOffsets(groupId, [{ ...place, offset: 9 }])).rejects.toMatchObject({
            code: 'holdfast.broker.group.not.empty',
          });
          await expect(admin.deleteGroup(groupId)).rejects.toMatchObject({ code: 'holdfast.broker.group.not.empty' });
          expect(await member.committed([place])).toEqual([3]);
          await member.close();
          await admin.deleteGroupOffsets(groupId, [place]);
          expect(await admin.groupOffsets(groupId)).toEqual([]);
          await admin.deleteGroupOffsets(uniqueName('no-group'), [place]);
          for (const unknown of [
            { topic: uniqueName('no-topic'), partition: 0 },
            { topic, partition: 99 },
          ]) {
            await expect(admin.alterGroupOffsets(groupId, [{ ...unknown, offset: 1 }])).rejects.toMatchObject({
              code: 'holdfast.broker.topic.unknown',
            });
          }
          await admin.alterGroupOffsets(groupId, [{ ...place, offset: 4 }]);
          await admin.deleteGroup(groupId);
          expect(await admin.groupOffsets(groupId)).toEqual([]);
        },
        GROUP_MS,
      );
    });
  });
}

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + POLL_MS;
  while (!(await condition())) {
    if (performance.now() > until) throw new Error(`the condition did not come true within ${POLL_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function unlessUnknown(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'holdfast.broker.topic.unknown') return null;
  throw error;
}
