/** Invariant 7: heartbeats go on while a plugin blocks its thread; in the worker's own thread it would be put out of its group. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { GroupDescription } from '../../src/broker/ports.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTopic, withBroker } from '../support/topic-content.ts';
import { uniqueName } from '../support/unique-name.ts';
import { eventually, WorkerProcess } from '../support/worker-process.ts';

/** The least that a Kafka takes as it comes. */
const SESSION_MS = 6_000;

describeWithKafka('a sink whose put blocks its thread for longer than its session', (kafka) => {
  it('keeps its membership with task.isolation=own, and loses it without', async () => {
    const { bootstrapServers } = kafka();
    const topic = uniqueName('blocked');
    const workers: WorkerProcess[] = [];
    try {
      await withBroker(bootstrapServers, async (broker) => {
        await createTopic(broker, topic, 2);
        const admin = broker.admin({ settings: {}, logger: silentLogger });
        const producer = broker.producer({ settings: {}, logger: silentLogger });
        const record = { topic, partition: 0, key: null, value: Buffer.from('x'), headers: [], timestamp: -1 };
        const members = async (group: string): Promise<GroupDescription['members']> =>
          (await admin.describeGroups([group]))[0]?.members ?? [];
        const groups = ['own', 'inline'].map((isolation) => ({ isolation, name: `${topic}-${isolation}` }));
        await Promise.all(
          groups.map(async ({ isolation, name }) => {
            const worker = await WorkerProcess.start({
              dir: tempDir('blocked'),
              bootstrapServers,
              settings: {
                'plugin.path': join(import.meta.dirname, '..', 'fixtures', 'plugins'),
                'task.shutdown.graceful.timeout.ms': '500',
                'task.isolation': isolation,
              },
              connectors: {
                [name]: {
                  'connector.class': 'com.example.MisbehavingSink',
                  topics: topic,
                  act: 'put:block-forever',
                  'consumer.override.session.timeout.ms': String(SESSION_MS),
                  'consumer.override.heartbeat.interval.ms': '1000',
                },
              },
            });
            workers.push(worker);
            await worker.process.waitForLine(`opened: ${name}`);
          }),
        );
        const [own, inline] = groups.map(({ name }) => `connect-${name}`) as [string, string];
        const before = await members(own);
        expect([before.length, (await members(inline)).length]).toEqual([1, 1]);
        await producer.send([record]);
        await Promise.all(workers.map((worker) => worker.process.waitForLine('misbehaving:')));
        const blockedAt = performance.now();
        await eventually('the inline one is put out of its group', async () => (await members(inline)).length === 0);
        // Sessions end some time after their timeout, and both began to block at the same record.
        await eventually('a session and a half', () => performance.now() > blockedAt + 1.5 * SESSION_MS);
        expect((await members(own)).map(({ memberId }) => memberId)).toEqual(before.map(({ memberId }) => memberId));
        await producer.close();
        await admin.close();
      });
    } finally {
      await Promise.all(workers.map((worker) => worker.kill()));
    }
  }, 90_000);
});
