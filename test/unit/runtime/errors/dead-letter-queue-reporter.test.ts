import { expect, it } from 'vitest';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { DEFAULT_WINDOWS } from '../../../../src/foundation/sampled-stat.ts';
import { DeadLetterQueueReporter } from '../../../../src/runtime/errors/dead-letter-queue-reporter.ts';
import { TaskCounters } from '../../../../src/runtime/pipeline/task-counters.ts';
import { ConfigError } from '../../../../src/sdk/errors/index.ts';
import { FakeAdmin, FakeProducer } from '../fake-clients.ts';

function prepare(topic: string, refusal: string): Promise<void> {
  const clock = new ManualClock();
  const admin = new FakeAdmin();
  // The first is of the question whether the topic is there.
  admin.failures.push(undefined, new ConfigError(refusal));
  return new DeadLetterQueueReporter({
    id: { connector: 'c', task: 0 },
    queue: { topic, replicationFactor: 3, contextHeaders: false },
    producer: new FakeProducer(),
    admin: admin.asAdmin(),
    clock,
    counters: new TaskCounters({ clock, windows: DEFAULT_WINDOWS }),
    signal: new AbortController().signal,
  }).prepareTopic();
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
