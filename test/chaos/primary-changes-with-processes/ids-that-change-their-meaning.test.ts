import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Broker } from '../../../src/broker/ports.ts';
import { encodeRecord } from '../../../src/embedded-registry/registry-record.ts';
import { AvroBench, range, sequenceSchema, tolerating } from '../../support/avro-pipelines.ts';
import { schemasInLog } from '../../support/chaos-verification.ts';
import { describeWithJava } from '../../support/describe-with-kafka.ts';
import { RegistryProcesses } from '../../support/registry-processes.ts';
import { createTopic, type KeyedBytes, readTopic, replaceTopic, sendKeyed } from '../../support/topic-content.ts';
import { uniqueName } from '../../support/unique-name.ts';
import { eventually } from '../../support/worker-process.ts';
import { chaosKafka, karapace } from './chaos-kafka.ts';

interface Stage {
  readonly registry: RegistryProcesses;
  readonly broker: Broker;
  /** The id that the source `young` writes with, and its schema. */
  readonly youngId: number;
}

describeWithJava('an id that comes to stand for another schema', () => {
  const kafka = chaosKafka();

  /**
   * A source that was there before `before` was looked at, and one whose schema came after. What `change` does must give the id of the
   * younger one to another schema: that source stops, whatever it tolerates, and the other goes on.
   */
  async function play(
    change: (stage: Stage, before: readonly KeyedBytes[]) => Promise<void>,
  ): Promise<{ readonly trace: string }> {
    const { bootstrapServers } = kafka();
    const registry = await RegistryProcesses.start({ ...karapace, bootstrapServers });
    let bench: AvroBench | undefined;
    try {
      bench = await AvroBench.start({
        registryUrls: registry.urls,
        bootstrapServers,
        settings: { 'value.converter.registry.group.id': registry.groupId },
      });
      const { broker } = bench;
      const [old, young, dlq] = [uniqueName('old'), uniqueName('young'), uniqueName('dlq')];
      const start = async (name: string, schema: string): Promise<void> => {
        await createTopic(broker, name);
        await bench?.source(name, name, sequenceSchema(schema), tolerating('all'));
        await bench?.sink(`${name}-sink`, name, tolerating('all', dlq));
        bench?.feed(name, range(0, 5));
        await bench?.expectDelivered(`${name}-sink`, range(0, 5));
      };
      await start(old, 'Old');
      const before = (await readTopic(broker, registry.topic)).flat();
      await start(young, 'Young');
      const log = await schemasInLog(broker, registry.topic);
      const youngId = log.find(({ subject }) => subject === `${young}-value`)?.id ?? -1;

      await change({ registry, broker, youngId }, before);
      bench.feed(young, range(5, 10));
      bench.feed(old, range(5, 10));
      const failed = await bench.connect.waitForTasks(young, 'FAILED', 60_000);
      await bench.expectDelivered(`${old}-sink`, range(0, 10), 60_000);
      // Nothing more was written under an id that means something else by now, and nothing was put aside.
      expect(await bench.topicLength(young)).toBe(5);
      expect(await bench.topicLength(dlq)).toBe(0);
      expect((await bench.status(old)).tasks).toMatchObject([{ state: 'RUNNING' }]);
      return { trace: failed.tasks[0]?.trace ?? '' };
    } finally {
      await bench?.stop();
      await registry.stop();
    }
  }

  it('12: stops what uses it when a duplicate is in the topic and its last record wins', async () => {
    const { trace } = await play(async ({ registry, broker, youngId }) => {
      const stored = {
        subject: 'intruder',
        version: 1,
        id: youngId,
        schema: sequenceSchema('Intruder'),
        deleted: false,
      };
      const value = { ...stored, schemaType: 'AVRO', references: [] } as const;
      const record = { keytype: 'SCHEMA', subject: 'intruder', version: 1, value } as const;
      await sendKeyed(broker, registry.topic, [encodeRecord(record)]);
      await registry.signal(0, 'SIGKILL');
      await registry.untilNamed(1);
      await registry.writable();
    });
    expect(trace).toContain('IntegrityError');
  });

  it('19: stops what uses it when the topic was restored without it and the id was given away again', async () => {
    await play(async ({ registry, broker, youngId }, before) => {
      await Promise.all([0, 1, 2].map((node) => registry.signal(node, 'SIGKILL')));
      await replaceTopic(broker, registry.topic, before, { 'cleanup.policy': 'compact' });
      await delay(1_000);
      await Promise.all([0, 1, 2].map((node) => registry.startNode(node)));
      await registry.untilNamed(0);
      // The first schemas that anybody registers take the ids that are free again.
      await eventually('the id given away', async () => {
        const subject = uniqueName('taker');
        await registry.register(0, subject, `{"type":"fixed","name":"T${Date.now()}","size":1}`);
        return registry.acknowledged.some(({ id, schema }) => id === youngId && schema.includes('"T'));
      });
    });
  });
});
