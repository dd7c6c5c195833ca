import { expect, it } from 'vitest';
import { RECORD_TOO_LARGE } from '../../../../src/broker/broker-errors.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { DEFAULT_WINDOWS } from '../../../../src/foundation/sampled-stat.ts';
import { DeadLetterQueueReporter } from '../../../../src/runtime/errors/dead-letter-queue-reporter.ts';
import type { ProcessingContext } from '../../../../src/runtime/errors/processing-context.ts';
import { TaskCounters } from '../../../../src/runtime/pipeline/task-counters.ts';
import { ConfigError, DataError, EnvironmentError } from '../../../../src/sdk/errors/index.ts';
import { FakeAdmin, FakeProducer, fetched } from '../fake-clients.ts';

function reporting(topic = 'dlq') {
  const clock = new ManualClock();
  const admin = new FakeAdmin();
  const producer = new FakeProducer();
  const counters = new TaskCounters({ clock, windows: DEFAULT_WINDOWS });
  const stop = new AbortController();
  const reporter = new DeadLetterQueueReporter({
    id: { connector: 'c', task: 0 },
    queue: { topic, replicationFactor: 3, contextHeaders: false },
    producer,
    admin: admin.asAdmin(),
    clock,
    counters,
    signal: stop.signal,
  });
  /** What became of the report of a record with this value, so far. */
  const report = (value: string) => {
    const raw = fetched(0, value);
    const consumed = { topic: 't', partition: 0, raw } as unknown as never;
    const outcome: { state: 'pending' | 'acknowledged' | Error } = { state: 'pending' };
    reporter
      .report({
        record: { kind: 'sink', consumed },
        error: new Error('bad'),
        stage: 'VALUE_CONVERTER',
        className: 'C',
      } as ProcessingContext)
      ?.then(
        () => {
          outcome.state = 'acknowledged';
        },
        (error: Error) => {
          outcome.state = error;
        },
      );
    return outcome;
  };
  return { clock, admin, producer, counters, stop, reporter, report };
}

/** Lets everything happen that waits for nothing but its turn. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const away = async (): Promise<never> => {
  throw new EnvironmentError('away');
};

function prepare(topic: string, refusal: string): Promise<void> {
  const { admin, reporter } = reporting(topic);
  // The first is of the question whether the topic is there.
  admin.failures.push(undefined, new ConfigError(refusal));
  return reporter.prepareTopic();
}

it.each([
  ['a b', "'a b' can't be a topic", "'a b' can't be a topic. Correct errors.deadletterqueue.topic.name."],
  [
    'dlq',
    'Topic dlq can not have 3 replicas.',
    'Topic dlq can not have 3 replicas. Create the topic, or correct errors.deadletterqueue.topic.replication.factor.',
  ],
  ['dlq', 'Not authorized.', 'Not authorized. Create the topic, or see to what its creation is refused for.'],
])('says why the topic %j could not be created, and what helps', async (topic, refusal, said) => {
  await expect(prepare(topic, refusal)).rejects.toMatchObject({
    code: 'holdfast.task.dead-letter-queue-failed',
    message: `Could not initialize dead letter queue with topic=${topic} (replication factor 3): ${said}`,
  });
});

it('invariant 3: a broker that is away or hangs is waited for, and nothing counts as reported before it has acknowledged', async () => {
  const { clock, producer, reporter, report, counters } = reporting();
  producer.script.push(...Array.from({ length: 100 }, () => away));
  const outcomes = [report('a'), report('b')];
  await settled();
  await clock.advance(60_000);
  await settled();
  expect(producer.batches.length).toBeGreaterThan(5);
  expect(outcomes.map(({ state }) => state)).toEqual(['pending', 'pending']);
  producer.script.length = 0;
  producer.isHolding = true;
  await clock.advance(20_000);
  await settled();
  // Sent, and not answered.
  expect(producer.held).toHaveLength(1);
  expect(outcomes.map(({ state }) => state)).toEqual(['pending', 'pending']);
  expect(reporter.pending).toBe(2);
  producer.release();
  await settled();
  expect(outcomes.map(({ state }) => state)).toEqual(['acknowledged', 'acknowledged']);
  expect(producer.values()).toEqual(['a', 'b']);
  expect(reporter.pending).toBe(0);
  expect(counters.deadLetterFailures).toBe(0);
});

it('says of the one record that is too large what helps, and has the others', async () => {
  const { producer, report, counters } = reporting();
  const error = new DataError('A record of 2 MiB is larger than max.message.bytes.', { code: RECORD_TOO_LARGE });
  producer.script.push(async (records) => producer.append(records, [{ index: 1, error }]));
  const [first, large, last] = [report('a'), report('large'), report('b')];
  await settled();
  expect([first?.state, last?.state]).toEqual(['acknowledged', 'acknowledged']);
  expect(large?.state).toMatchObject({
    code: 'holdfast.task.dead-letter-queue-failed',
    cause: error,
    message:
      "Could not produce message to dead letter queue. topic=dlq. The record's offset is not committed. Raise max.message.bytes of the topic and producer.override.max.request.size, or set errors.deadletterqueue.context.headers.enable=false.",
  });
  expect(counters.deadLetterFailures).toBe(1);
  expect(producer.batches).toHaveLength(1);
});

it('does not go on trying where it must not write, nor once the task is stopped', async () => {
  const refused = reporting();
  const cause = new ConfigError('Not authorized to write to topic dlq.');
  refused.producer.script.push(async () => {
    throw cause;
  });
  const outcome = refused.report('a');
  await settled();
  expect(outcome.state).toMatchObject({ code: 'holdfast.task.dead-letter-queue-failed', cause });
  expect(refused.producer.batches).toHaveLength(1);

  const stopped = reporting();
  stopped.producer.script.push(away, away);
  const unwritten = stopped.report('a');
  await settled();
  expect(unwritten.state).toBe('pending');
  stopped.stop.abort();
  await settled();
  expect(unwritten.state).toMatchObject({ code: 'holdfast.task.dead-letter-queue-failed' });
  expect(stopped.producer.log).toEqual([]);
});
