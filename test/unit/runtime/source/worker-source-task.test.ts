import { describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../../src/foundation/logger.ts';
import { SnapshotGates } from '../../../../src/runtime/parking/mirrored-gates.ts';
import type { TransformationStep } from '../../../../src/runtime/pipeline/transformation-chain.ts';
import {
  ConfigError,
  DataError,
  EnvironmentError,
  IntegrityError,
  RetriableError,
} from '../../../../src/sdk/errors/index.ts';
import type { SourceRecord } from '../../../../src/sdk/record/source-record.ts';
import type { SourceTask } from '../../../../src/sdk/task.ts';
import { sendResult } from '../fake-clients.ts';
import { closedGate, NO_TOLERANCE, settle, snapshot, TOLERATE_ALL } from '../fake-task-edges.ts';
import { record, sourceHarness } from './source-harness.ts';

const GATE = 'registry:default:write';
const away = (): EnvironmentError => new EnvironmentError('The registry refused the connection.', { gateId: GATE });

function step(apply: (source: SourceRecord) => SourceRecord | null): TransformationStep<SourceRecord> {
  const transformation = {
    config: () => {
      throw new Error('not asked');
    },
    configure: () => {},
    apply,
  };
  return { alias: 't', className: 'test.Transform', transformation, predicate: null };
}

function values(from: number, to: number): SourceRecord[] {
  return Array.from({ length: to - from }, (_, index) => record(`v${from + index}`, from + index));
}

describe('WorkerSourceTask', () => {
  it('polls, converts, sends and commits in order, and stops in the order of Kafka Connect', async () => {
    const h = sourceHarness();
    h.task.add(values(0, 3), null, [], values(3, 5));
    const done = h.run();
    await settle();
    expect(h.producer.values()).toEqual(['v0', 'v1', 'v2', 'v3', 'v4']);
    expect(h.link.states).toEqual(['RUNNING']);
    expect(h.link.seenTopics).toEqual(['lines']);
    expect(h.storedOffset()).toBeUndefined();
    h.worker.requestCommit();
    await settle();
    expect(h.storedOffset()).toEqual({ position: 4 });
    expect(h.task.committed.map(([value, metadata]) => [value, metadata?.offset])).toEqual([
      ['v0', 0],
      ['v1', 1],
      ['v2', 2],
      ['v3', 3],
      ['v4', 4],
    ]);
    h.worker.stop();
    expect(await done).toEqual({ failure: null });
    expect(h.task.calls).toEqual(['initialize', 'start', 'commit', 'commit', 'stop']);
    expect(h.producer.closedWith).toBeDefined();
    expect(h.worker.counterSnapshot()).toMatchObject({
      'source-record-poll-total': 5,
      'source-record-write-total': 5,
      'source-record-active-count': 0,
    });
  });

  it('invariant 1: commits no offset before everything up to it is acknowledged', async () => {
    const h = sourceHarness();
    h.producer.isHolding = true;
    h.task.add(values(0, 2), values(2, 4), values(4, 6));
    const done = h.run();
    await settle();
    expect(h.producer.held).toHaveLength(3);
    h.producer.release(1);
    await settle();
    h.worker.requestCommit();
    await settle();
    expect(h.storedOffset()).toBeUndefined();
    h.producer.release(0);
    await settle();
    h.worker.requestCommit();
    await settle();
    expect(h.storedOffset()).toEqual({ position: 3 });
    h.worker.stop();
    await settle();
    // The stop waits for what is in flight, and commits it.
    expect(h.ended.get()).toBeNull();
    h.producer.release(0);
    await done;
    expect(h.storedOffset()).toEqual({ position: 5 });
  });

  it('invariant 1: gives up waiting for acknowledgements after offset.flush.timeout.ms', async () => {
    const h = sourceHarness();
    h.producer.isHolding = true;
    h.task.add(values(0, 2));
    const done = h.run();
    await settle();
    h.worker.stop();
    await settle();
    await h.clock.advance(5_000);
    await done;
    expect(h.storedOffset()).toBeUndefined();
  });

  it('invariant 1: an offset of a filtered record is never committed for itself, only overtaken', async () => {
    const h = sourceHarness({ steps: [step((source) => (source.value === 'v2' ? null : source))] });
    h.task.add(values(0, 3));
    const done = h.run();
    await settle();
    h.worker.requestCommit();
    await settle();
    expect(h.storedOffset()).toEqual({ position: 1 });
    expect(h.task.committed.find(([value]) => value === 'v2')).toEqual(['v2', null]);
    h.task.add(values(3, 4));
    await settle();
    h.worker.requestCommit();
    await settle();
    expect(h.storedOffset()).toEqual({ position: 3 });
    h.worker.stop();
    await done;
    expect(h.worker.counterSnapshot()).toMatchObject({ 'source-record-active-count': 0 });
  });

  it('sends, acknowledges and commits what comes before a fatal record, then fails', async () => {
    const h = sourceHarness();
    h.converters.stringValue.fail = (value) => {
      if (value === 'v3') throw new DataError('no such field');
    };
    h.task.add(values(0, 6));
    const { failure } = await h.run();
    expect(failure?.message).toBe('Tolerance exceeded in error handler');
    expect((failure?.cause as Error | undefined)?.message).toBe('no such field');
    expect(h.producer.values()).toEqual(['v0', 'v1', 'v2']);
    expect(h.storedOffset()).toEqual({ position: 2 });
    expect(h.task.calls.at(-1)).toBe('stop');
  });

  it('waits for the acknowledgements of what comes before a fatal record of the chain', async () => {
    const h = sourceHarness({
      steps: [
        step((source) => {
          if (source.value === 'v2') throw new TypeError('boom');
          return source;
        }),
      ],
    });
    h.producer.isHolding = true;
    h.task.add(values(0, 4));
    const done = h.run();
    await settle();
    expect(h.ended.get()).toBeNull();
    h.producer.release();
    expect((await done).failure?.message).toBe('Tolerance exceeded in error handler');
    expect(h.storedOffset()).toEqual({ position: 1 });
  });

  it('skips a tolerated data error, logs it in the words of Kafka Connect, and commits past it', async () => {
    const { logger, lines } = recordingLogger();
    const policy = { ...TOLERATE_ALL, logEnable: true, logIncludeMessages: true };
    const h = sourceHarness({ policy, logger });
    h.converters.stringKey.fail = () => {
      throw new Error('never called for null keys');
    };
    h.converters.stringValue.fail = (value) => {
      if (value === 'v1') throw new DataError('bad value');
    };
    h.task.add(values(0, 3));
    const done = h.run();
    await settle();
    h.worker.stop();
    expect((await done).failure).toBeNull();
    expect(h.producer.values()).toEqual(['v0', 'v2']);
    expect(h.storedOffset()).toEqual({ position: 2 });
    expect(h.task.committed).toContainEqual(['v1', null]);
    const line = lines.find(({ level }) => level === 'error');
    expect(line?.message).toMatch(
      /^Error encountered in task c-0\. Executing stage 'VALUE_CONVERTER' with class 'test\.ValueConverter', where source record is = SourceRecord\{.*\}\.$/s,
    );
    expect(h.worker.counterSnapshot()).toMatchObject({
      'total-records-skipped': 1,
      'total-record-failures': 1,
      'total-record-errors': 1,
      'total-errors-logged': 1,
      'source-record-active-count': 0,
    });
  });

  it.each([
    ['ConfigError', new ConfigError('wrong url')],
    ['IntegrityError', new IntegrityError('id 7 has changed')],
  ])('never tolerates %s', async (_, error) => {
    const h = sourceHarness({ policy: TOLERATE_ALL });
    h.converters.stringValue.fail = (value) => {
      if (value === 'v1') throw error;
    };
    h.task.add(values(0, 3));
    const { failure } = await h.run();
    expect(failure).toBe(error);
    expect(h.storedOffset()).toEqual({ position: 0 });
  });

  it('takes what a converter gives instead of bytes for a data error, and writes nothing of it', async () => {
    for (const odd of ['text', undefined, 5, { length: 3 }, [1, 2], new Uint16Array(2)]) {
      for (const policy of [NO_TOLERANCE, TOLERATE_ALL]) {
        const h = sourceHarness({ policy });
        const { fromConnectData } = h.converters.stringValue;
        h.converters.stringValue.fromConnectData = (topic, schema, value) =>
          value === 'v1' ? (odd as never) : fromConnectData.call(h.converters.stringValue, topic, schema, value);
        h.task.add(values(0, 3));
        const done = h.run();
        await settle();
        h.worker.stop();
        const { failure } = await done;
        if (policy === NO_TOLERANCE) {
          expect((failure?.cause as Error | undefined)?.message).toMatch(/^The converter test.ValueConverter gave /);
          expect(h.producer.values()).toEqual(['v0']);
        } else {
          expect(failure).toBeNull();
          expect(h.producer.values()).toEqual(['v0', 'v2']);
        }
      }
    }
  });

  it('fails for a negative timestamp whatever the tolerance', async () => {
    const h = sourceHarness({ policy: TOLERATE_ALL });
    h.task.add([record('v0', 0).newRecord({ timestamp: -1 }), record('v1', 1).newRecord({ timestamp: -5 })]);
    const { failure } = await h.run();
    expect(failure?.message).toBe('Invalid record timestamp -5');
    expect(h.producer.log.map(({ timestamp }) => timestamp)).toEqual([-1]);
  });

  it('invariant 3: an environment failure parks the task, whatever the tolerance', async () => {
    for (const policy of [NO_TOLERANCE, TOLERATE_ALL]) {
      const gates = closedGate(GATE);
      const h = sourceHarness({ policy, gates });
      let isAway = true;
      h.converters.stringValue.fail = (value) => {
        if (isAway && value === 'v2') throw away();
      };
      h.task.add(values(0, 5));
      const done = h.run();
      await settle();
      // What was converted before it flows on, and its offsets are committed.
      expect(h.producer.values()).toEqual(['v0', 'v1']);
      h.worker.requestCommit();
      await settle();
      expect(h.storedOffset()).toEqual({ position: 1 });
      expect(h.link.parks).toHaveLength(1);
      expect(h.link.parks[0]).toMatchObject({
        dependency: 'schema registry (writes)',
        gateId: GATE,
        reason: 'refused',
        code: 'holdfast.environment.unavailable',
        partitions: [],
      });
      await h.clock.advance(3_600_000);
      expect(h.ended.get()).toBeNull();
      isAway = false;
      gates.apply(snapshot(GATE, 'open'));
      await settle();
      expect(h.producer.values()).toEqual(['v0', 'v1', 'v2', 'v3', 'v4']);
      expect(h.link.parks.at(-1)).toBeNull();
      h.worker.stop();
      expect((await done).failure).toBeNull();
      expect(h.worker.counterSnapshot()).toMatchObject({
        'total-records-skipped': 0,
        'total-record-failures': 0,
        'parked-total': 1,
        'parked-time-ms-total': 3_600_000,
      });
    }
  });

  it('invariant 3: an environment failure inside an error of the plugin parks as well', async () => {
    const gates = closedGate(GATE);
    const h = sourceHarness({ policy: TOLERATE_ALL, gates });
    h.converters.stringValue.fail = () => {
      throw new Error('could not serialize', { cause: away() });
    };
    h.task.add(values(0, 1));
    const done = h.run();
    await settle();
    expect(h.link.isParked).toBe(true);
    h.worker.stop();
    await done;
    expect(h.counters.skipped).toBe(0);
  });

  it('invariant 4: the chain runs once per record, however often the batch waits', async () => {
    const gates = closedGate(GATE);
    const seen: string[] = [];
    const h = sourceHarness({
      gates,
      steps: [
        step((source) => {
          seen.push(String(source.value));
          return source.newRecord({ value: `${source.value}!` });
        }),
      ],
    });
    let failures = 0;
    h.converters.stringValue.fail = (value) => {
      if ((value === 'v1!' && failures < 2) || (value === 'v3!' && failures < 3)) {
        failures++;
        throw away();
      }
    };
    h.task.add(values(0, 5));
    const done = h.run();
    for (let round = 0; round < 4; round++) {
      await settle();
      gates.apply(snapshot(GATE, 'open'));
      await settle();
      await h.clock.advance(20_000);
      gates.apply(snapshot(GATE, 'closed'));
    }
    expect(h.producer.values()).toEqual(['v0!', 'v1!', 'v2!', 'v3!', 'v4!']);
    expect(seen).toEqual(['v0', 'v1', 'v2', 'v3', 'v4']);
    h.worker.stop();
    await done;
  });

  it('invariant 4: a chain that parks goes on at the step that failed', async () => {
    const gates = closedGate(GATE);
    const seen: string[] = [];
    let isAway = true;
    const h = sourceHarness({
      gates,
      steps: [
        step((source) => {
          seen.push(`first ${source.value}`);
          return source.newRecord({ value: `${source.value}1` });
        }),
        step((source) => {
          seen.push(`second ${source.value}`);
          if (isAway && source.value === 'v11') throw away();
          return source.newRecord({ value: `${source.value}2` });
        }),
      ],
    });
    h.task.add(values(0, 3));
    const done = h.run();
    await settle();
    expect(h.producer.values()).toEqual(['v012']);
    isAway = false;
    gates.apply(snapshot(GATE, 'open'));
    await settle();
    expect(h.producer.values()).toEqual(['v012', 'v112', 'v212']);
    expect(seen.filter((each) => each === 'first v1')).toHaveLength(1);
    h.worker.stop();
    await done;
  });

  it('waits with the same batch when prepare meets an environment failure', async () => {
    const gates = closedGate(GATE);
    const h = sourceHarness({ gates });
    let isAway = true;
    h.converters.stringValue.prepare = () => (isAway ? Promise.reject(away()) : undefined);
    h.task.add(values(0, 3));
    const done = h.run();
    await settle();
    expect(h.producer.values()).toEqual([]);
    expect(h.link.isParked).toBe(true);
    isAway = false;
    gates.apply(snapshot(GATE, 'open'));
    await settle();
    expect(h.producer.values()).toEqual(['v0', 'v1', 'v2']);
    h.worker.stop();
    await done;
  });

  it('stops at once while parked, with what was sent before committed', async () => {
    const h = sourceHarness({ gates: closedGate(GATE) });
    h.converters.stringValue.fail = (value) => {
      if (value === 'v1') throw away();
    };
    h.task.add(values(0, 3));
    const done = h.run();
    await settle();
    h.worker.stop();
    expect((await done).failure).toBeNull();
    expect(h.storedOffset()).toEqual({ position: 0 });
    expect(h.link.parks.at(-1)).toBeNull();
  });

  it('fails at the park limit only when told to', async () => {
    const h = sourceHarness({ gates: closedGate(GATE), hostSettings: { 'park.timeout.ms': '60000' } });
    h.converters.stringValue.fail = () => {
      throw away();
    };
    h.task.add(values(0, 1));
    const done = h.run();
    await settle();
    await h.clock.advance(59_999);
    expect(h.ended.get()).toBeNull();
    await h.clock.advance(1);
    expect((await done).failure).toMatchObject({ code: 'holdfast.task.park-timeout' });
  });

  it('polls again after a pause for RetriableError, and parks for EnvironmentError', async () => {
    const h = sourceHarness();
    h.task.add(
      () => {
        throw new RetriableError('busy');
      },
      values(0, 1),
      () => {
        throw new EnvironmentError('The database is away.');
      },
      values(1, 2),
    );
    const done = h.run();
    await settle();
    expect(h.producer.values()).toEqual([]);
    expect(h.link.isParked).toBe(false);
    await h.clock.advance(300);
    expect(h.producer.values()).toEqual(['v0']);
    expect(h.link.parks.at(-1)).toMatchObject({ dependency: 'source system', gateId: null });
    await h.clock.advance(300);
    expect(h.producer.values()).toEqual(['v0', 'v1']);
    expect(h.link.isParked).toBe(false);
    h.worker.stop();
    await done;
  });

  it.each([
    [new Set([1]), 'an object of class Set'],
    ['records', 'a string'],
    [{ records: [] }, 'an object of class Object'],
  ])('fails for a poll that returns %o', async (returned, what) => {
    const h = sourceHarness();
    h.task.poll = async () => returned as never;
    const { failure } = await h.run();
    expect(failure?.message).toBe(`poll() of the source task returned ${what}. Return an array of records, or null.`);
    expect(h.task.calls.at(-1)).toBe('stop');
  });

  it.each([
    [{ topic: 't', value: 'v' }, 'an object of class Object'],
    [undefined, 'undefined'],
    ['text', 'a string'],
  ])('fails for a poll whose array holds %o', async (element, what) => {
    const h = sourceHarness();
    h.task.poll = async () => [element] as never;
    const { failure } = await h.run();
    expect(failure?.message).toBe(
      `poll() of the source task returned ${what} at index 0 of its array. Return instances of SourceRecord: new SourceRecord({…}).`,
    );
    expect(h.producer.log).toEqual([]);
  });

  it('fails for anything else thrown by poll', async () => {
    const h = sourceHarness({ policy: TOLERATE_ALL });
    const boom = new TypeError('boom');
    h.task.add(values(0, 1), () => {
      throw boom;
    });
    expect((await h.run()).failure).toBe(boom);
    expect(h.storedOffset()).toEqual({ position: 0 });
  });

  it('retries a RetriableError of a converter until errors.retry.timeout, with growing delays', async () => {
    const h = sourceHarness({ policy: { ...NO_TOLERANCE, retryTimeoutMs: 2_000 } });
    const attempts: number[] = [];
    h.converters.stringValue.fail = (value) => {
      if (value !== 'v1') return;
      attempts.push(h.clock.monotonic());
      throw new RetriableError('again');
    };
    h.task.add(values(0, 3));
    const done = h.run();
    await settle();
    expect(h.producer.values()).toEqual(['v0']);
    await h.clock.advance(10_000);
    const { failure } = await done;
    expect(failure?.message).toBe('Tolerance exceeded in error handler');
    expect(attempts).toEqual([0, 300, 900, 2_000]);
    expect(h.counters.retries).toBe(3);
  });

  it('gives each step of the chain errors.retry.timeout once, also after an earlier step was retried', async () => {
    for (const first of [new RetriableError('once'), away()]) {
      const gates = closedGate(GATE);
      gates.apply(snapshot(GATE, 'open'));
      let failures = 1;
      const attempts: number[] = [];
      const h = sourceHarness({
        gates,
        policy: { ...NO_TOLERANCE, retryTimeoutMs: 2_000 },
        steps: [
          step((source) => {
            if (failures-- > 0) throw first;
            return source;
          }),
          step(() => {
            attempts.push(h.clock.monotonic());
            throw new RetriableError('again and again');
          }),
        ],
      });
      h.task.add(values(0, 1));
      const done = h.run();
      await settle();
      await h.clock.advance(60_000);
      await settle();
      expect(h.ended.get()?.failure?.message).toBe('Tolerance exceeded in error handler');
      const began = attempts[0] ?? 0;
      expect(attempts.map((at) => at - began)).toEqual([0, 300, 900, 2_000]);
      h.worker.stop();
      await done;
    }
  });

  it('a tolerated rejection of the broker is reported and committed past', async () => {
    const h = sourceHarness({ policy: TOLERATE_ALL });
    h.producer.script.push(async (records) =>
      h.producer.append(records, [{ index: 1, error: new DataError('too large') }]),
    );
    h.task.add(values(0, 3));
    const done = h.run();
    await settle();
    h.worker.stop();
    expect((await done).failure).toBeNull();
    expect(h.producer.values()).toEqual(['v0', 'v2']);
    expect(h.storedOffset()).toEqual({ position: 2 });
    expect(h.task.committed).toContainEqual(['v1', null]);
    expect(h.worker.counterSnapshot()).toMatchObject({
      'total-record-failures': 1,
      'total-record-errors': 0,
      'total-records-skipped': 0,
      'source-record-active-count': 0,
    });
  });

  it('invariant 1: a rejection that is not tolerated fails the task, and nothing after it is committed', async () => {
    const h = sourceHarness();
    h.producer.script.push(async (records) =>
      h.producer.append(records, [{ index: 1, error: new DataError('too large') }]),
    );
    h.task.add(values(0, 3));
    const { failure } = await h.run();
    expect(failure?.message).toBe('Unrecoverable exception from producer send callback');
    expect((failure?.cause as Error | undefined)?.message).toBe('too large');
    expect(h.storedOffset()).toEqual({ position: 0 });
    expect(h.task.committed.map(([value]) => value)).toEqual(['v0', 'v2']);
  });

  it('a send that fails for good fails the task even while poll waits', async () => {
    const h = sourceHarness();
    h.producer.script.push(() => Promise.reject(new ConfigError('not authorized')));
    h.task.add(values(0, 3));
    const { failure } = await h.run();
    expect(failure).toMatchObject({ message: 'Unrecoverable exception from producer send callback' });
    expect(h.storedOffset()).toBeUndefined();
  });

  it('invariants 3 and 4: a send that failed for the environment is made again, in order', async () => {
    const h = sourceHarness();
    h.producer.isHolding = true;
    h.task.add(values(0, 2), values(2, 4));
    const done = h.run();
    await settle();
    const [first, second] = h.producer.held.splice(0);
    second?.answer.reject(new EnvironmentError('delivery.timeout.ms has passed'));
    await settle();
    h.task.add(values(4, 6));
    await settle();
    // Nothing overtakes it.
    expect(h.producer.batches).toHaveLength(2);
    first?.answer.reject(new EnvironmentError('delivery.timeout.ms has passed'));
    await settle();
    expect(h.link.parks.at(-1)).toMatchObject({ dependency: 'broker' });
    h.producer.isHolding = false;
    await h.clock.advance(1_000);
    expect(h.producer.values()).toEqual(['v0', 'v1', 'v2', 'v3', 'v4', 'v5']);
    expect(h.link.isParked).toBe(false);
    h.worker.stop();
    expect((await done).failure).toBeNull();
  });

  it('shows an outage of the broker as a park and stops at once in it', async () => {
    const h = sourceHarness();
    h.producer.isHolding = true;
    h.task.add(values(0, 2));
    const done = h.run();
    await settle();
    h.parker.broker('producer', { available: false, reason: 'connection refused', since: 5 });
    expect(h.link.parks).toEqual([expect.objectContaining({ dependency: 'broker', reason: 'connection refused' })]);
    h.worker.stop();
    expect((await done).failure).toBeNull();
    expect(h.clock.monotonic()).toBe(0);
    expect(h.producer.closedWith).toBe(0);
  });

  it('bounds what is in flight, and goes on when there is room', async () => {
    const h = sourceHarness({ hostSettings: { 'max.inflight.batches': '2' } });
    h.producer.isHolding = true;
    h.task.add(values(0, 1), values(1, 2), values(2, 3), values(3, 4));
    const done = h.run();
    await settle();
    expect(h.producer.held).toHaveLength(2);
    expect(h.task.batches).toHaveLength(1);
    h.producer.release();
    await settle();
    expect(h.producer.held).toHaveLength(2);
    h.producer.isHolding = false;
    h.producer.release();
    h.producer.release();
    await settle();
    expect(h.producer.values()).toEqual(['v0', 'v1', 'v2', 'v3']);
    h.worker.stop();
    await done;
  });

  it('keeps offsets whose commit failed for the next commit', async () => {
    const h = sourceHarness();
    h.link.commitFailures.push(new Error('disk full'));
    h.task.add(values(0, 2));
    const done = h.run();
    await settle();
    h.worker.requestCommit();
    await settle();
    expect(h.storedOffset()).toBeUndefined();
    expect(h.task.calls).not.toContain('commit');
    h.worker.requestCommit();
    await settle();
    expect(h.storedOffset()).toEqual({ position: 1 });
    h.worker.stop();
    await done;
  });

  it('pauses between batches and resumes', async () => {
    const h = sourceHarness();
    h.task.add(values(0, 1));
    const done = h.run();
    await settle();
    h.worker.setTarget('PAUSED');
    h.task.add(values(1, 2), values(2, 3));
    await settle();
    // The poll that was under way still delivers, as with Kafka Connect.
    expect(h.producer.values()).toEqual(['v0', 'v1']);
    expect(h.link.states).toEqual(['RUNNING', 'PAUSED']);
    h.worker.setTarget('STARTED');
    await settle();
    expect(h.producer.values()).toEqual(['v0', 'v1', 'v2']);
    expect(h.link.states).toEqual(['RUNNING', 'PAUSED', 'RUNNING']);
    h.worker.stop();
    await done;
  });

  it('does not start a task that is paused from the beginning', async () => {
    const h = sourceHarness({ initialState: 'PAUSED' });
    const done = h.run();
    await settle();
    expect(h.task.calls).toEqual([]);
    expect(h.link.states).toEqual(['PAUSED']);
    h.worker.setTarget('STARTED');
    await settle();
    expect(h.task.calls).toEqual(['initialize', 'start']);
    h.worker.stop();
    await done;
    const unstarted = sourceHarness({ initialState: 'PAUSED' });
    const ended = unstarted.run();
    await settle();
    unstarted.worker.stop();
    expect((await ended).failure).toBeNull();
    expect(unstarted.task.calls).toEqual([]);
  });

  it('a pause that comes while it is parked is shown at once and holds when the gate opens', async () => {
    const gates = closedGate(GATE);
    const h = sourceHarness({ gates });
    let isAway = true;
    h.converters.stringValue.fail = () => {
      if (isAway) throw away();
    };
    h.task.add(values(0, 2));
    const done = h.run();
    await settle();
    h.worker.setTarget('PAUSED');
    expect(h.link.states.at(-1)).toBe('PAUSED');
    isAway = false;
    gates.apply(snapshot(GATE, 'open'));
    await settle();
    expect(h.producer.values()).toEqual([]);
    h.worker.setTarget('STARTED');
    await settle();
    expect(h.producer.values()).toEqual(['v0', 'v1']);
    h.worker.stop();
    await done;
  });

  it('creates topics by the first group that matches, once', async () => {
    const group = { exclude: [], partitions: 3, replicationFactor: -1, configs: {} };
    const h = sourceHarness({
      topicCreation: [
        {
          ...group,
          name: 'compacted',
          include: ['line.*'],
          exclude: ['lines'],
          configs: { 'cleanup.policy': 'compact' },
        },
        { ...group, name: 'default', include: ['.*'] },
      ],
    });
    h.admin.failures.push(new EnvironmentError('The broker is away.'));
    h.task.add(values(0, 1), [record('w', 1).newRecord({ topic: 'linesets' })], values(2, 3));
    const done = h.run();
    await settle();
    expect(h.link.parks.at(-1)).toMatchObject({ dependency: 'broker' });
    await h.clock.advance(1_000);
    expect(h.admin.created).toEqual([
      { name: 'lines', partitions: 3, replicationFactor: -1, configs: {} },
      { name: 'linesets', partitions: 3, replicationFactor: -1, configs: { 'cleanup.policy': 'compact' } },
    ]);
    expect(h.link.seenTopics).toEqual(['lines', 'linesets']);
    h.worker.stop();
    await done;
  });

  it('fails in the words of Kafka Connect when a topic can not be created', async () => {
    const h = sourceHarness({
      topicCreation: [
        { name: 'default', include: ['.*'], exclude: [], partitions: -1, replicationFactor: 1, configs: {} },
      ],
    });
    h.admin.createTopics = () => Promise.reject(new ConfigError('not authorized'));
    h.task.add(values(0, 1));
    expect((await h.run()).failure?.message).toBe(
      'Task failed to create new topic (name=lines, numPartitions=default, replicationFactor=1, replicasAssignments=null, configs={}). Ensure that the task is authorized to create topics or that the topic exists and restart the task',
    );
  });

  it('hands whole batches to a task that has commitRecords', async () => {
    const calls: (readonly [number, number | undefined])[][] = [];
    const batches = [values(0, 3)];
    const task: SourceTask = {
      start: () => {},
      poll: () => batches.shift() ?? null,
      commitRecords: (records, metadata) => {
        calls.push(records.map((_, index) => [index, metadata[index]?.offset] as const));
      },
      stop: () => {},
    };
    const h = sourceHarness({ task });
    h.producer.script.push(async (records) => sendResult(records.length, 40));
    const done = h.run();
    await settle();
    h.worker.stop();
    await done;
    expect(calls).toEqual([
      [
        [0, 40],
        [1, 41],
        [2, 42],
      ],
    ]);
  });

  it('tells a task of each record by itself, whatever it throws for others', async () => {
    const told: (number | undefined)[] = [];
    const batches = [values(0, 3)];
    const task: SourceTask = {
      start: () => {},
      poll: () => batches.shift() ?? null,
      commitRecord: (_record, metadata) => {
        told.push(metadata?.offset);
        if (told.length === 1) throw new Error('not this one');
      },
      stop: () => {},
    };
    const h = sourceHarness({ task });
    h.producer.script.push(async (records) => sendResult(records.length, 40));
    const done = h.run();
    await settle();
    h.worker.stop();
    expect((await done).failure).toBeNull();
    expect(told).toEqual([40, 41, 42]);
  });

  it('an instantly empty poll does not starve timers', async () => {
    let polls = 0;
    const h = sourceHarness({
      task: {
        start: () => {},
        poll: () => {
          polls++;
          return null;
        },
        stop: () => {},
      },
    });
    const done = h.run();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(polls).toBeGreaterThan(1);
    h.worker.stop();
    await done;
  });

  it('a poll that always has records lets others run', async () => {
    let position = 0;
    const h = sourceHarness({
      task: {
        start: () => {},
        poll: () => {
          position += 100;
          return values(position - 100, position);
        },
        stop: () => {},
      },
    });
    const done = h.run();
    await new Promise((resolve) => setTimeout(resolve, 5));
    h.worker.stop();
    await done;
    expect(h.storedOffset()).toEqual({ position: h.producer.log.length - 1 });
  });

  it('converts headers only where there are any', async () => {
    const h = sourceHarness();
    const withHeader = record('v1', 1);
    withHeader.headers.addString('h', 'x');
    h.task.add([record('v0', 0), withHeader]);
    const done = h.run();
    await settle();
    h.worker.stop();
    await done;
    expect(h.converters.stringHeader.conversions).toBe(1);
    expect(h.producer.log.map(({ headers }) => headers.map(({ key }) => key))).toEqual([[], ['h']]);
  });

  it('without a gate of that id it tries again with back-off', async () => {
    const h = sourceHarness({ gates: new SnapshotGates() });
    let attempts = 0;
    h.converters.stringValue.fail = () => {
      if (++attempts < 4) throw away();
    };
    h.task.add(values(0, 1));
    const done = h.run();
    await settle();
    expect(h.link.parks.at(-1)).toMatchObject({ gateId: GATE, attempts: 1 });
    await h.clock.advance(5_000);
    expect(h.producer.values()).toEqual(['v0']);
    h.worker.stop();
    await done;
  });
});
