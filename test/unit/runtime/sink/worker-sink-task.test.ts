import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../../src/foundation/deferred.ts';
import type { ErrorPolicy } from '../../../../src/runtime/host/protocol.ts';
import type { TransformationStep } from '../../../../src/runtime/pipeline/transformation-chain.ts';
import { DataError, EnvironmentError, IntegrityError, RetriableError } from '../../../../src/sdk/errors/index.ts';
import { SinkRecord } from '../../../../src/sdk/record/sink-record.ts';
import { closedGate, NO_TOLERANCE, settle, snapshot, TOLERATE_ALL } from '../fake-task-edges.ts';
import { sinkHarness } from './sink-harness.ts';

const GATE = 'registry:default:id:42';
const away = (): EnvironmentError => new EnvironmentError('No node knows the id.', { gateId: GATE });
const QUEUE = { topic: 'dlq', replicationFactor: 3, contextHeaders: true };
const WITH_QUEUE: ErrorPolicy = { ...TOLERATE_ALL, deadLetterQueue: QUEUE };
const NONE_WITH_QUEUE: ErrorPolicy = { ...NO_TOLERANCE, deadLetterQueue: QUEUE };

function step(apply: (record: SinkRecord) => SinkRecord | null): TransformationStep<SinkRecord> {
  const transformation = {
    config: () => {
      throw new Error('not asked');
    },
    configure: () => {},
    apply,
  };
  return { alias: 't', className: 'test.Transform', transformation, predicate: null };
}

describe('WorkerSinkTask', () => {
  it('delivers in order, commits what was put, and ends in the order of Kafka Connect', async () => {
    const h = sinkHarness();
    h.fetcher.append('t', 0, 'a0', 'a1');
    h.fetcher.append('t', 1, 'b0');
    const done = h.run();
    h.assign([0], [1]);
    await settle();
    expect(h.task.values(0)).toEqual(['a0', 'a1']);
    expect(h.task.values(1)).toEqual(['b0']);
    expect(h.link.seenTopics).toEqual(['t']);
    expect(h.link.commits).toEqual([]);
    h.worker.requestCommit();
    await settle();
    expect(h.link.sinkOffsets()).toEqual({ 't-0': 2, 't-1': 1 });
    h.fetcher.append('t', 1, 'b1');
    await settle();
    h.worker.stop();
    expect((await done).failure).toBeNull();
    expect(h.link.sinkOffsets()).toEqual({ 't-0': 2, 't-1': 2 });
    expect(h.task.calls).toEqual([
      'initialize',
      'start',
      'open t-0 t-1',
      'preCommit t-0@2 t-1@1',
      'preCommit t-0@2 t-1@2',
      'close t-0 t-1',
      'stop',
    ]);
    expect(h.worker.counterSnapshot()).toMatchObject({ 'sink-record-read-total': 4, 'sink-record-send-total': 4 });
    expect(h.fetcher.isClosed).toBe(true);
  });

  it('gives records their coordinates, time and headers', async () => {
    const h = sinkHarness();
    h.fetcher.put('t', 0, {
      timestamp: 77,
      timestampType: 'LogAppendTime',
      key: Buffer.from('k'),
      value: null,
      headers: [{ key: 'h', value: Buffer.from('x') }],
    });
    const done = h.run();
    h.assign([0]);
    await settle();
    h.worker.stop();
    await done;
    expect(h.task.delivered[0]).toMatchObject({
      topic: 't',
      kafkaPartition: 0,
      kafkaOffset: 0,
      key: 'k',
      value: null,
      timestamp: 77,
      timestampType: 'LogAppendTime',
      originalTopic: 't',
    });
    expect([...(h.task.delivered[0]?.headers ?? [])].map(({ key, value }) => [key, value])).toEqual([['h', 'x']]);
  });

  it('puts an empty list as a heartbeat', async () => {
    const h = sinkHarness();
    const done = h.run();
    h.assign([0]);
    await settle();
    const before = h.task.puts;
    await h.clock.advance(3_000);
    expect(h.task.puts).toBeGreaterThanOrEqual(before + 3);
    expect(h.task.delivered).toEqual([]);
    h.worker.stop();
    await done;
  });

  it('invariant 3: a missing schema parks its partition only, whatever the tolerance', async () => {
    for (const policy of [NO_TOLERANCE, WITH_QUEUE]) {
      const gates = closedGate(GATE);
      const h = sinkHarness({ gates, policy });
      let isAway = true;
      h.converters.stringValue.fail = (value) => {
        if (isAway && value === 'a1') throw away();
      };
      h.fetcher.append('t', 0, 'a0', 'a1', 'a2');
      h.fetcher.append('t', 1, 'b0');
      const done = h.run();
      h.assign([0], [1]);
      await settle();
      h.fetcher.append('t', 0, 'a3');
      h.fetcher.append('t', 1, 'b1');
      await settle();
      expect(h.task.values(0)).toEqual(['a0']);
      expect(h.task.values(1)).toEqual(['b0', 'b1']);
      expect(h.fetcher.isPaused('t', 0)).toBe(true);
      expect(h.fetcher.isPaused('t', 1)).toBe(false);
      expect(h.link.parks.at(-1)).toMatchObject({ partitions: ['t-0'], gateId: GATE });
      h.worker.requestCommit();
      await settle();
      expect(h.link.sinkOffsets()).toEqual({ 't-0': 1, 't-1': 2 });
      await h.clock.advance(600_000);
      isAway = false;
      gates.apply(snapshot(GATE, 'open'));
      await settle();
      await h.clock.advance(1_000);
      expect(h.task.values(0)).toEqual(['a0', 'a1', 'a2', 'a3']);
      expect(h.link.parks.at(-1)).toBeNull();
      expect(h.fetcher.isPaused('t', 0)).toBe(false);
      expect(h.producer.log).toEqual([]);
      h.worker.stop();
      expect((await done).failure).toBeNull();
      expect(h.link.sinkOffsets()).toEqual({ 't-0': 4, 't-1': 2 });
      expect(h.counters.skipped).toBe(0);
    }
  });

  it('parks all partitions of a batch when prepare meets an environment failure', async () => {
    const gates = closedGate(GATE);
    const h = sinkHarness({ gates });
    let isAway = true;
    h.converters.stringValue.prepare = () => (isAway ? Promise.reject(away()) : undefined);
    h.fetcher.append('t', 0, 'a0');
    h.fetcher.append('t', 1, 'b0');
    const done = h.run();
    h.assign([0], [1]);
    await settle();
    expect(h.task.values()).toEqual([]);
    expect(h.link.parks.at(-1)).toMatchObject({ partitions: ['t-0', 't-1'] });
    isAway = false;
    gates.apply(snapshot(GATE, 'open'));
    await settle();
    expect(h.task.values(0)).toEqual(['a0']);
    expect(h.task.values(1)).toEqual(['b0']);
    expect(h.link.isParked).toBe(false);
    h.worker.stop();
    await done;
  });

  it('invariant 4: a chain that parks goes on at the step that failed, once per record', async () => {
    const gates = closedGate(GATE);
    const seen: string[] = [];
    let isAway = true;
    const h = sinkHarness({
      gates,
      steps: [
        step((record) => {
          seen.push(String(record.value));
          return record.newRecord({ value: `${record.value}1` });
        }),
        step((record) => {
          if (isAway && record.value === 'a11') throw away();
          return record.newRecord({ value: `${record.value}2` });
        }),
      ],
    });
    h.fetcher.append('t', 0, 'a0', 'a1', 'a2');
    const done = h.run();
    h.assign([0]);
    await settle();
    isAway = false;
    gates.apply(snapshot(GATE, 'open'));
    await settle();
    expect(h.task.values()).toEqual(['a012', 'a112', 'a212']);
    expect(seen).toEqual(['a0', 'a1', 'a2']);
    h.worker.stop();
    await done;
  });

  it('stops at once while parked, and commits what was delivered', async () => {
    const h = sinkHarness({ gates: closedGate(GATE) });
    h.converters.stringValue.fail = (value) => {
      if (value === 'a1') throw away();
    };
    h.fetcher.append('t', 0, 'a0', 'a1');
    const done = h.run();
    h.assign([0]);
    await settle();
    h.worker.stop();
    expect((await done).failure).toBeNull();
    expect(h.clock.monotonic()).toBe(0);
    expect(h.link.sinkOffsets()).toEqual({ 't-0': 1 });
  });

  it('puts the same records again after RetriableError, partitions paused meanwhile', async () => {
    const h = sinkHarness();
    const seen: string[][] = [];
    h.task.onPut = (records) => {
      if (records.length === 0) return;
      seen.push(records.map(({ value }) => String(value)));
      if (seen.length === 1) throw new RetriableError('busy');
      if (seen.length === 2) {
        h.task.context?.timeout(5_000);
        throw new RetriableError('busy');
      }
    };
    h.fetcher.append('t', 0, 'a0', 'a1');
    const done = h.run();
    h.assign([0]);
    await settle();
    h.fetcher.append('t', 0, 'a2');
    await settle();
    expect(h.fetcher.isPaused('t', 0)).toBe(true);
    expect(h.link.isParked).toBe(false);
    await h.clock.advance(400);
    expect(seen).toHaveLength(2);
    await h.clock.advance(4_700);
    expect(seen).toHaveLength(2);
    await h.clock.advance(200);
    expect(seen.slice(0, 3)).toEqual([
      ['a0', 'a1'],
      ['a0', 'a1'],
      ['a0', 'a1'],
    ]);
    await h.clock.advance(1_000);
    expect(h.task.values()).toEqual(['a0', 'a1', 'a2']);
    h.worker.stop();
    await done;
  });

  it('invariant 4: a rewind takes back what waits to be put again, so that nothing comes out of order', async () => {
    const h = sinkHarness();
    h.fetcher.append('t', 0, 'a0');
    const done = h.run();
    h.assign([0]);
    await settle();
    let isFirst = true;
    h.task.onPut = (records) => {
      if (records.length === 0 || !isFirst) return;
      isFirst = false;
      h.task.context?.offset(new Map([['t-0', 0]]));
      throw new RetriableError('connection lost');
    };
    h.fetcher.append('t', 0, 'a1', 'a2');
    await settle();
    await h.clock.advance(2_000);
    expect(h.task.values()).toEqual(['a0', 'a0', 'a1', 'a2']);
    h.worker.stop();
    await done;
    expect(h.link.sinkOffsets()).toEqual({ 't-0': 3 });
  });

  it('invariant 3: EnvironmentError from put parks, and the same records come again', async () => {
    const h = sinkHarness({ policy: WITH_QUEUE });
    let isAway = true;
    h.task.onPut = (records) => {
      if (isAway && records.length > 0) throw new EnvironmentError('The database is away.');
    };
    h.fetcher.append('t', 0, 'a0', 'a1');
    const done = h.run();
    h.assign([0]);
    await settle();
    expect(h.link.parks.at(-1)).toMatchObject({ dependency: 'target system', reason: 'The database is away.' });
    h.worker.requestCommit();
    await settle();
    expect(h.link.sinkOffsets()).toEqual({});
    await h.clock.advance(100_000);
    isAway = false;
    await h.clock.advance(20_000);
    expect(h.task.values()).toEqual(['a0', 'a1']);
    expect(h.link.isParked).toBe(false);
    expect(h.producer.log).toEqual([]);
    h.worker.stop();
    await done;
  });

  it('fails for anything else thrown by put, and commits what was delivered before', async () => {
    const h = sinkHarness({ policy: TOLERATE_ALL });
    const boom = new TypeError('boom');
    h.task.onPut = (records) => {
      if (records.some(({ value }) => value === 'a1')) throw boom;
    };
    h.fetcher.append('t', 0, 'a0');
    const done = h.run();
    h.assign([0]);
    await settle();
    h.fetcher.append('t', 0, 'a1');
    const { failure } = await done;
    expect(failure).toMatchObject({ message: 'Exiting WorkerSinkTask due to unrecoverable exception.', cause: boom });
    expect(h.link.sinkOffsets()).toEqual({ 't-0': 1 });
    expect(h.task.calls.slice(-2)).toEqual(['close t-0', 'stop']);
  });

  it('delivers and commits what comes before a fatal record', async () => {
    const h = sinkHarness();
    h.converters.stringValue.fail = (value) => {
      if (value === 'a2') throw new DataError('bad magic byte');
    };
    h.fetcher.append('t', 0, 'a0', 'a1', 'a2', 'a3');
    const done = h.run();
    h.assign([0]);
    const { failure } = await done;
    expect(failure?.message).toBe('Tolerance exceeded in error handler');
    expect(h.task.values()).toEqual(['a0', 'a1']);
    expect(h.link.sinkOffsets()).toEqual({ 't-0': 2 });
  });

  it('never tolerates IntegrityError', async () => {
    const h = sinkHarness({ policy: WITH_QUEUE });
    const error = new IntegrityError('id 7 has changed');
    h.converters.stringValue.fail = () => {
      throw error;
    };
    h.fetcher.append('t', 0, 'a0');
    const done = h.run();
    h.assign([0]);
    expect((await done).failure).toBe(error);
    expect(h.producer.log).toEqual([]);
  });

  it('a corrupt batch is reported and left out when that is tolerated, and fails the task when not', async () => {
    const place = { topic: 't', partition: 0, offset: 1, nextOffset: 3 };
    const corrupt = new DataError('checksum', { code: 'holdfast.broker.batch-corrupt', details: place });
    const h = sinkHarness({ policy: WITH_QUEUE });
    h.fetcher.append('t', 0, 'a0', 'a1', 'a2', 'a3');
    h.fetcher.failures.push(corrupt);
    const done = h.run();
    h.assign([0]);
    await settle();
    expect(h.task.values()).toEqual(['a3']);
    h.worker.stop();
    expect((await done).failure).toBeNull();
    expect(h.producer.log).toHaveLength(1);
    expect(h.link.sinkOffsets()).toEqual({ 't-0': 4 });

    const strict = sinkHarness();
    strict.fetcher.append('t', 0, 'a0');
    strict.fetcher.failures.push(corrupt);
    const failed = strict.run();
    strict.assign([0]);
    expect((await failed).failure).toMatchObject({ message: 'Tolerance exceeded in error handler', cause: corrupt });
    expect(strict.link.sinkOffsets()).toEqual({});
  });

  it('reports a bad record with its original bytes and the headers of Kafka Connect, in order', async () => {
    const h = sinkHarness({ policy: WITH_QUEUE });
    h.converters.stringValue.fail = (value) => {
      if (value === 'bad') throw new DataError('bad magic byte');
    };
    h.fetcher.append('t', 0, 'a0');
    h.fetcher.put('t', 0, {
      timestamp: 77,
      timestampType: 'CreateTime',
      key: Buffer.from('k'),
      value: Buffer.from('bad'),
      headers: [{ key: 'own', value: Buffer.from('1') }],
    });
    h.fetcher.append('t', 0, 'a2');
    const done = h.run();
    h.assign([0]);
    await settle();
    expect(h.task.values()).toEqual(['a0', 'a2']);
    expect(h.admin.created).toEqual([{ name: 'dlq', partitions: 1, replicationFactor: 3 }]);
    const [report] = h.producer.log;
    expect(report).toMatchObject({ topic: 'dlq', partition: null, timestamp: 77 });
    expect(Buffer.from(report?.key ?? []).toString()).toBe('k');
    expect(Buffer.from(report?.value ?? []).toString()).toBe('bad');
    const headers = report?.headers.map(({ key, value }) => [
      key,
      value === null ? null : Buffer.from(value).toString(),
    ]);
    expect(headers?.slice(0, 10)).toEqual([
      ['own', '1'],
      ['__connect.errors.topic', 't'],
      ['__connect.errors.partition', '0'],
      ['__connect.errors.offset', '1'],
      ['__connect.errors.connector.name', 'c'],
      ['__connect.errors.task.id', '0'],
      ['__connect.errors.stage', 'VALUE_CONVERTER'],
      ['__connect.errors.class.name', 'test.ValueConverter'],
      ['__connect.errors.exception.class.name', 'org.apache.kafka.connect.errors.DataException'],
      ['__connect.errors.exception.message', 'bad magic byte'],
    ]);
    expect(headers?.[10]?.[0]).toBe('__connect.errors.exception.stacktrace');
    expect(headers?.[10]?.[1]).toContain('bad magic byte');
    expect(headers).toHaveLength(11);
    h.worker.stop();
    await done;
    expect(h.link.sinkOffsets()).toEqual({ 't-0': 3 });
  });

  it('with tolerance none the record is in the dead letter queue although the task fails', async () => {
    const h = sinkHarness({ policy: NONE_WITH_QUEUE });
    h.converters.stringValue.fail = () => {
      throw new DataError('bad');
    };
    h.fetcher.append('t', 0, 'a0');
    const done = h.run();
    h.assign([0]);
    expect((await done).failure?.message).toBe('Tolerance exceeded in error handler');
    expect(h.producer.values()).toEqual(['a0']);
    expect(h.link.sinkOffsets()).toEqual({});
  });

  it('invariant 2: no offset is committed before the report of a bad record is acknowledged', async () => {
    const h = sinkHarness({ policy: WITH_QUEUE });
    h.producer.isHolding = true;
    h.converters.stringValue.fail = (value) => {
      if (value === 'bad') throw new DataError('bad');
    };
    h.fetcher.append('t', 0, 'a0', 'bad', 'a2');
    h.fetcher.append('t', 1, 'b0');
    const done = h.run();
    h.assign([0], [1]);
    await settle();
    expect(h.task.values(0)).toEqual(['a0', 'a2']);
    h.worker.requestCommit();
    await settle();
    expect(h.link.commits).toEqual([]);
    // After offset.flush.timeout.ms the others are committed without it.
    await h.clock.advance(10_000);
    expect(h.link.sinkOffsets()).toEqual({ 't-1': 1 });
    h.producer.release();
    h.worker.requestCommit();
    await settle();
    await h.clock.advance(1_000);
    expect(h.link.sinkOffsets()).toEqual({ 't-0': 3, 't-1': 1 });
    h.worker.stop();
    await done;
  });

  it('invariant 2: a report that can not be made durable fails the task, and its offset is not committed', async () => {
    const h = sinkHarness({ policy: WITH_QUEUE });
    h.producer.script.push(async (records) =>
      h.producer.append(records, [{ index: 0, error: new DataError('too large') }]),
    );
    h.converters.stringValue.fail = (value) => {
      if (value === 'bad') throw new DataError('bad');
    };
    h.fetcher.append('t', 0, 'bad', 'a1');
    const done = h.run();
    h.assign([0]);
    const { failure } = await done;
    expect(failure).toMatchObject({ code: 'holdfast.task.dead-letter-queue-failed' });
    expect(h.link.sinkOffsets()).toEqual({});
  });

  it('invariant 3: a dead letter queue whose broker is away is waited for', async () => {
    const h = sinkHarness({ policy: WITH_QUEUE });
    h.producer.script.push(() => Promise.reject(new EnvironmentError('away')));
    h.converters.stringValue.fail = (value) => {
      if (value === 'bad') throw new DataError('bad');
    };
    h.fetcher.append('t', 0, 'bad');
    const done = h.run();
    h.assign([0]);
    await settle();
    await h.clock.advance(1_000);
    expect(h.producer.values()).toEqual(['bad']);
    h.worker.stop();
    expect((await done).failure).toBeNull();
    expect(h.link.sinkOffsets()).toEqual({ 't-0': 1 });
  });

  it('has an errant record reporter only with a dead letter queue or error log', async () => {
    const without = sinkHarness({ policy: TOLERATE_ALL });
    const first = without.run();
    await settle();
    expect(without.task.context?.errantRecordReporter()).toBeNull();
    without.worker.stop();
    await first;

    const h = sinkHarness({
      policy: WITH_QUEUE,
      steps: [step((record) => record.newRecord({ topic: 'routed', value: 'changed' }))],
    });
    let own: SinkRecord | null = null;
    h.task.onPut = (records) => {
      const reporter = h.task.context?.errantRecordReporter();
      for (const record of records) void reporter?.report(record, new Error('refused'));
      if (records.length > 0 && own === null) {
        own = new SinkRecord({ topic: 't', kafkaPartition: 0, kafkaOffset: 9, key: 'ok', value: 'own' });
        void reporter?.report(own, new Error('refused'));
      }
    };
    h.fetcher.append('t', 0, 'a0');
    const done = h.run();
    h.assign([0]);
    await settle();
    expect(h.producer.values()).toEqual(['a0', 'own']);
    const headers = new Map(h.producer.log[0]?.headers.map(({ key, value }) => [key, String(value)]));
    expect(headers.get('__connect.errors.stage')).toBe('TASK_PUT');
    expect(headers.get('__connect.errors.class.name')).toBe('org.apache.kafka.connect.sink.SinkTask');
    expect(headers.get('__connect.errors.topic')).toBe('t');
    h.worker.stop();
    await done;
    expect(h.link.sinkOffsets()).toEqual({ 't-0': 1 });
  });

  it('fails when a reported record exceeds the tolerance, even if the task keeps quiet', async () => {
    const h = sinkHarness({ policy: NONE_WITH_QUEUE });
    h.task.onPut = (records) => {
      for (const record of records) {
        h.task.context
          ?.errantRecordReporter()
          ?.report(record, new Error('refused'))
          .catch(() => {});
      }
    };
    h.fetcher.append('t', 0, 'a0');
    const done = h.run();
    h.assign([0]);
    const { failure } = await done;
    expect((failure?.cause as Error | undefined)?.message).toBe('Tolerance exceeded in error handler');
    expect(h.link.sinkOffsets()).toEqual({});
  });

  it('invariant 3: an environment failure that a task reports as bad data parks instead', async () => {
    const h = sinkHarness({ policy: WITH_QUEUE });
    let isAway = true;
    h.task.onPut = (records) => {
      if (!isAway) return;
      for (const record of records) {
        void h.task.context?.errantRecordReporter()?.report(record, new EnvironmentError('target away'));
      }
    };
    h.fetcher.append('t', 0, 'a0');
    const done = h.run();
    h.assign([0]);
    await settle();
    expect(h.link.isParked).toBe(true);
    expect(h.producer.log).toEqual([]);
    isAway = false;
    h.task.delivered.length = 0;
    await h.clock.advance(1_000);
    expect(h.task.values()).toEqual(['a0']);
    h.worker.stop();
    await done;
  });

  it('invariant 4: a record that is reported in every attempt of a parked put is in the dead letter queue once', async () => {
    for (const again of [new EnvironmentError('the disk is full'), new RetriableError('later')]) {
      const h = sinkHarness({ policy: WITH_QUEUE });
      let isAway = true;
      h.task.onPut = async (records) => {
        const reporter = h.task.context?.errantRecordReporter();
        for (const record of records) {
          if (record.value === 'bad') await reporter?.report(record.newRecord({ topic: 'x' }), new Error('refused'));
        }
        if (isAway && records.length > 0) throw again;
      };
      h.fetcher.append('t', 0, 'a0', 'bad', 'a2');
      const done = h.run();
      h.assign([0]);
      await settle();
      for (let n = 0; n < 20; n++) await h.clock.advance(10_000);
      expect(h.task.puts).toBeGreaterThan(5);
      expect(h.producer.values()).toEqual(['bad']);
      expect(h.counters.failures).toBe(1);
      isAway = false;
      h.task.delivered.length = 0;
      await h.clock.advance(10_000);
      await settle();
      expect(h.task.values()).toEqual(['a0', 'bad', 'a2']);
      // What comes anew is reported anew.
      h.task.context?.offset(new Map([['t-0', 1]]));
      await h.clock.advance(3_000);
      expect(h.producer.values()).toEqual(['bad', 'bad']);
      h.worker.stop();
      expect((await done).failure).toBeNull();
      expect(h.link.sinkOffsets()).toEqual({ 't-0': 3 });
    }
  });

  it('gives nothing to the task of a partition that it paused, though what waited there could go on', async () => {
    const gates = closedGate(GATE);
    const h = sinkHarness({ gates });
    let isAway = true;
    h.converters.stringValue.fail = (value) => {
      if (isAway && value === 'a1') throw away();
    };
    h.fetcher.append('t', 0, 'a0', 'a1', 'a2');
    const done = h.run();
    h.assign([0]);
    await settle();
    h.task.context?.pause([{ topic: 't', partition: 0 }]);
    isAway = false;
    gates.apply(snapshot(GATE, 'open'));
    await settle();
    await h.clock.advance(10_000);
    expect(h.task.values()).toEqual(['a0']);
    h.task.context?.resume([{ topic: 't', partition: 0 }]);
    await settle();
    expect(h.task.values()).toEqual(['a0', 'a1', 'a2']);
    h.worker.stop();
    await done;
    expect(h.link.sinkOffsets()).toEqual({ 't-0': 3 });
  });

  it('answers a revocation with what the task vouched for, after it was closed', async () => {
    const h = sinkHarness();
    h.fetcher.append('t', 0, 'a0', 'a1');
    h.fetcher.append('t', 1, 'b0');
    const done = h.run();
    h.assign([0], [1]);
    await settle();
    h.task.onPreCommit = () => new Map([['t-0', 1]]);
    expect(await h.worker.revoke([{ topic: 't', partition: 0 }], false)).toEqual([
      { topic: 't', partition: 0, offset: 1 },
    ]);
    expect(h.task.calls.slice(-2)).toEqual(['preCommit t-0@2', 'close t-0']);
    h.fetcher.append('t', 0, 'a2');
    h.fetcher.append('t', 1, 'b1');
    await settle();
    expect(h.task.values(0)).toEqual(['a0', 'a1']);
    expect(h.task.values(1)).toEqual(['b0', 'b1']);
    h.worker.stop();
    await done;
    expect(await h.worker.revoke([{ topic: 't', partition: 1 }], false)).toEqual([]);
  });

  it('closes lost partitions without preCommit', async () => {
    const h = sinkHarness();
    h.fetcher.append('t', 0, 'a0');
    const done = h.run();
    h.assign([0]);
    await settle();
    expect(await h.worker.revoke([{ topic: 't', partition: 0 }], true)).toEqual([]);
    expect(h.task.calls.slice(-1)).toEqual(['close t-0']);
    expect(h.task.calls.some((call) => call.startsWith('preCommit'))).toBe(false);
    h.worker.stop();
    await done;
    expect(h.link.commits).toEqual([]);
  });

  it('a revocation waits for the put under way', async () => {
    const h = sinkHarness();
    const put = new Deferred();
    h.task.onPut = (records) => (records.length > 0 ? put.promise : undefined);
    h.fetcher.append('t', 0, 'a0');
    const done = h.run();
    h.assign([0]);
    await settle();
    const revoked = h.worker.revoke([{ topic: 't', partition: 0 }], false);
    await settle();
    expect(h.task.calls).not.toContain('close t-0');
    put.resolve();
    expect(await revoked).toEqual([{ topic: 't', partition: 0, offset: 1 }]);
    h.worker.stop();
    await done;
  });

  it('a partition that is revoked while it is parked, or waits to be put again, is forgotten', async () => {
    const gates = closedGate(GATE);
    const h = sinkHarness({ gates });
    h.converters.stringValue.fail = (value) => {
      if (value === 'a0') throw away();
    };
    h.task.onPut = (records) => {
      if (records.some(({ value }) => value === 'b0')) throw new EnvironmentError('target away');
    };
    h.fetcher.append('t', 0, 'a0');
    h.fetcher.append('t', 1, 'b0');
    h.fetcher.append('t', 2, 'c0');
    const done = h.run();
    h.assign([0], [1], [2]);
    await settle();
    expect(h.link.isParked).toBe(true);
    expect(
      await h.worker.revoke(
        [
          { topic: 't', partition: 0 },
          { topic: 't', partition: 1 },
        ],
        false,
      ),
    ).toEqual([]);
    await h.clock.advance(1_000);
    expect(h.task.values()).toEqual(['c0']);
    expect(h.link.isParked).toBe(false);
    gates.apply(snapshot(GATE, 'open'));
    await settle();
    h.worker.stop();
    await done;
    expect(h.task.values()).toEqual(['c0']);
    expect(h.link.sinkOffsets()).toEqual({ 't-2': 1 });
  });

  it('rewinds to what was committed when preCommit throws, and delivers that again in order', async () => {
    const h = sinkHarness();
    h.fetcher.append('t', 0, 'a0', 'a1');
    const done = h.run();
    h.assign([0]);
    await settle();
    h.worker.requestCommit();
    await settle();
    h.fetcher.append('t', 0, 'a2', 'a3');
    await settle();
    h.task.onPreCommit = () => {
      throw new Error('flush failed');
    };
    h.worker.requestCommit();
    await settle();
    expect(h.fetcher.calls).toContain('seek t-0@2');
    expect(h.task.values()).toEqual(['a0', 'a1', 'a2', 'a3', 'a2', 'a3']);
    h.task.onPreCommit = (offsets) => offsets;
    h.worker.stop();
    await done;
    expect(h.link.sinkOffsets()).toEqual({ 't-0': 4 });
  });

  it('ignores offsets that the task may not commit', async () => {
    const h = sinkHarness();
    h.fetcher.append('t', 0, 'a0', 'a1');
    const done = h.run();
    h.assign([0]);
    await settle();
    h.task.onPreCommit = () =>
      new Map([
        ['t-0', 3],
        ['t-9', 1],
      ]);
    h.worker.requestCommit();
    await settle();
    expect(h.link.commits).toEqual([]);
    h.task.onPreCommit = () => new Map();
    h.worker.stop();
    await done;
    expect(h.link.commits).toEqual([]);
  });

  it('the late answer to an older commit changes nothing', async () => {
    const h = sinkHarness();
    h.fetcher.append('t', 0, 'a0');
    const done = h.run();
    h.assign([0]);
    await settle();
    const first = new Deferred();
    h.link.beforeCommit = () => first.promise;
    h.worker.requestCommit();
    await settle();
    await h.clock.advance(6_000);
    h.link.beforeCommit = () => {};
    h.fetcher.append('t', 0, 'a1');
    await settle();
    h.worker.requestCommit();
    await settle();
    first.resolve();
    await settle();
    expect(h.worker.counterSnapshot()).toMatchObject({
      'offset-commit-skip-total': 1,
      'offset-commit-failure-total': 1,
      'offset-commit-completion-total': 1,
      'sink-record-active-count': 0,
    });
    h.worker.stop();
    await done;
  });

  it('context.offset rewinds, context.pause holds a partition, and both know the assignment', async () => {
    const h = sinkHarness();
    h.fetcher.append('t', 0, 'a0', 'a1');
    h.fetcher.append('t', 1, 'b0');
    const done = h.run();
    h.assign([0], [1]);
    await settle();
    expect(h.task.context?.assignment()).toEqual([
      { topic: 't', partition: 0 },
      { topic: 't', partition: 1 },
    ]);
    h.task.context?.pause([{ topic: 't', partition: 1 }]);
    h.task.context?.offset(new Map([['t-0', 1]]));
    h.fetcher.append('t', 1, 'b1');
    await h.clock.advance(1_000);
    expect(h.task.values(0)).toEqual(['a0', 'a1', 'a1']);
    expect(h.task.values(1)).toEqual(['b0']);
    h.task.context?.resume([{ topic: 't', partition: 1 }]);
    await settle();
    expect(h.task.values(1)).toEqual(['b0', 'b1']);
    expect(() => h.task.context?.pause([{ topic: 't', partition: 7 }])).toThrow('not currently assigned');
    h.worker.stop();
    await done;
  });

  it('pauses all partitions, commits, and resumes those that the task did not pause', async () => {
    const h = sinkHarness();
    h.fetcher.append('t', 0, 'a0');
    const done = h.run();
    h.assign([0], [1]);
    await settle();
    h.task.context?.pause([{ topic: 't', partition: 1 }]);
    h.worker.setTarget('PAUSED');
    await settle();
    expect(h.link.states).toEqual(['RUNNING', 'PAUSED']);
    expect(h.link.sinkOffsets()).toEqual({ 't-0': 1 });
    expect([h.fetcher.isPaused('t', 0), h.fetcher.isPaused('t', 1)]).toEqual([true, true]);
    h.worker.setTarget('STARTED');
    await settle();
    expect([h.fetcher.isPaused('t', 0), h.fetcher.isPaused('t', 1)]).toEqual([false, true]);
    expect(h.link.states).toEqual(['RUNNING', 'PAUSED', 'RUNNING']);
    h.worker.stop();
    await done;
  });

  it('retries a RetriableError of a converter without holding up other partitions', async () => {
    const h = sinkHarness({ policy: { ...TOLERATE_ALL, retryTimeoutMs: 1_000 } });
    const attempts: number[] = [];
    h.converters.stringValue.fail = (value) => {
      if (value !== 'a1') return;
      attempts.push(h.clock.monotonic());
      throw new RetriableError('again');
    };
    h.fetcher.append('t', 0, 'a0', 'a1', 'a2');
    h.fetcher.append('t', 1, 'b0');
    const done = h.run();
    h.assign([0], [1]);
    await settle();
    expect(h.task.values()).toEqual(['a0', 'b0']);
    await h.clock.advance(5_000);
    expect(attempts).toEqual([0, 300, 900, 1_000]);
    expect(h.task.values(0)).toEqual(['a0', 'a2']);
    h.worker.stop();
    await done;
    expect(h.link.sinkOffsets()).toEqual({ 't-0': 3, 't-1': 1 });
  });

  it('commits the offsets of filtered records', async () => {
    const h = sinkHarness({ steps: [step(() => null)] });
    h.fetcher.append('t', 0, 'a0', 'a1');
    const done = h.run();
    h.assign([0, 'earliest']);
    await settle();
    h.worker.stop();
    await done;
    expect(h.task.values()).toEqual([]);
    expect(h.link.sinkOffsets()).toEqual({ 't-0': 2 });
  });

  it('flushes when a task has no preCommit', async () => {
    const h = sinkHarness();
    const flushed: Record<string, number>[] = [];
    Object.assign(h.task, {
      preCommit: undefined,
      flush: (offsets: ReadonlyMap<string, number>) => {
        flushed.push(Object.fromEntries(offsets));
      },
    });
    h.fetcher.append('t', 0, 'a0');
    const done = h.run();
    h.assign([0]);
    await settle();
    h.worker.requestCommit();
    await settle();
    h.worker.stop();
    await done;
    expect(flushed).toEqual([{ 't-0': 1 }, { 't-0': 1 }]);
    expect(h.link.commits).toHaveLength(1);
  });
});
