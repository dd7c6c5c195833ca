import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../../src/foundation/deferred.ts';
import type { ErrorReporter, ProcessingContext } from '../../../../src/runtime/errors/processing-context.ts';
import { DataError } from '../../../../src/sdk/errors/index.ts';
import { NO_TOLERANCE, settle, TOLERATE_ALL } from '../fake-task-edges.ts';
import { record, sourceHarness } from './source-harness.ts';

class HeldReporter implements ErrorReporter {
  readonly contexts: ProcessingContext[] = [];
  readonly answers: Deferred[] = [];

  report(context: ProcessingContext): Promise<void> {
    const answer = new Deferred();
    answer.promise.catch(() => {});
    this.contexts.push(context);
    this.answers.push(answer);
    return answer.promise;
  }
}

function reported(policy = TOLERATE_ALL) {
  const reporter = new HeldReporter();
  const h = sourceHarness({ policy, reporters: [reporter] });
  h.converters.stringValue.fail = (value) => {
    if (String(value).startsWith('bad')) throw new DataError('no such value');
  };
  const commit = async (): Promise<void> => {
    h.worker.requestCommit();
    await settle();
  };
  return { ...h, reporter, commit };
}

describe('reports of a source', () => {
  it('invariant 1: nothing after a bad record is committed before its report is acknowledged', async () => {
    const h = reported();
    h.task.add([record('v0', 0), record('bad 1', 1), record('v2', 2), record('other', 9, 'b')]);
    const done = h.run();
    await settle();
    await h.commit();
    expect(h.producer.values()).toEqual(['v0', 'v2', 'other']);
    expect(h.storedOffset()).toEqual({ position: 0 });
    expect(h.storedOffset('b')).toEqual({ position: 9 });
    expect(h.task.committed).toContainEqual(['bad 1', null]);

    h.reporter.answers[0]?.resolve();
    await settle();
    await h.commit();
    expect(h.storedOffset()).toEqual({ position: 2 });
    h.worker.stop();
    expect((await done).failure).toBeNull();
  });

  it('never commits the offset of a bad record by itself', async () => {
    const h = reported();
    h.task.add([record('v0', 0), record('bad 1', 1)]);
    const done = h.run();
    await settle();
    h.reporter.answers[0]?.resolve();
    await settle();
    await h.commit();
    expect(h.storedOffset()).toEqual({ position: 0 });
    h.worker.stop();
    await done;
    expect(h.storedOffset()).toEqual({ position: 0 });
  });

  it('invariant 1: a report that can not be made fails the task, and what follows stays uncommitted', async () => {
    const h = reported();
    h.task.add([record('v0', 0), record('bad 1', 1), record('v2', 2)]);
    const done = h.run();
    await settle();
    const unwritable = new Error('the queue is too small');
    h.reporter.answers[0]?.reject(unwritable);
    expect((await done).failure).toBe(unwritable);
    expect(h.storedOffset()).toEqual({ position: 0 });
  });

  it('a stop waits for reports under way, and gives them up after offset.flush.timeout.ms', async () => {
    for (const isAnswered of [true, false]) {
      const h = reported();
      h.task.add([record('bad 0', 0), record('v1', 1)]);
      const done = h.run();
      await settle();
      h.worker.stop();
      await settle();
      expect(h.ended.get()).toBeNull();
      if (isAnswered) h.reporter.answers[0]?.resolve();
      else await h.clock.advance(5_000);
      expect((await done).failure).toBeNull();
      expect(h.storedOffset()).toEqual(isAnswered ? { position: 1 } : undefined);
    }
  });

  it('a stop does not wait for room for reports: a broker that is away makes none', async () => {
    const h = reported();
    h.task.add(Array.from({ length: 1_500 }, (_, position) => record('bad', position)));
    const done = h.run();
    await settle();
    expect(h.reporter.answers).toHaveLength(1_000);
    // As its producer tells of it.
    h.parker.broker('dead letter queue', { available: false, reason: 'refused', since: 0 });
    h.worker.stop();
    expect(await done).toEqual({ failure: null });
    expect(h.storedOffset()).toBeUndefined();
  });

  it('reports the record that fails the task, too', async () => {
    const h = reported(NO_TOLERANCE);
    h.task.add([record('v0', 0), record('bad 1', 1)]);
    const { failure } = await h.run();
    expect(failure?.message).toBe('Tolerance exceeded in error handler');
    expect(h.reporter.contexts.map(({ stage, className }) => [stage, className])).toEqual([
      ['VALUE_CONVERTER', 'test.ValueConverter'],
    ]);
    expect(h.storedOffset()).toEqual({ position: 0 });
  });

  it('invariant 1: holds back a batch of which the broker refused a record until that is reported', async () => {
    const h = reported();
    h.producer.script.push(async (records) =>
      h.producer.append(records, [{ index: 1, error: new DataError('too large') }]),
    );
    h.task.add([record('v0', 0), record('v1', 1), record('v2', 2)]);
    const done = h.run();
    await settle();
    await h.commit();
    expect(h.reporter.contexts.map(({ stage }) => stage)).toEqual(['KAFKA_PRODUCE']);
    expect(h.storedOffset()).toBeUndefined();
    h.reporter.answers[0]?.resolve();
    await settle();
    await h.commit();
    expect(h.storedOffset()).toEqual({ position: 2 });
    h.worker.stop();
    await done;
  });
});
