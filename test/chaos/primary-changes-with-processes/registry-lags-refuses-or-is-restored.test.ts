import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { encodeRecord } from '../../../src/embedded-registry/registry-record.ts';
import { sequenceSchema } from '../../support/avro-pipelines.ts';
import { describeWithJava } from '../../support/describe-with-kafka.ts';
import { fetchJson } from '../../support/fetch-json.ts';
import { ProcessChaos } from '../../support/process-chaos.ts';
import { readTopic, replaceTopic, sendKeyed } from '../../support/topic-content.ts';
import { eventually } from '../../support/worker-process.ts';
import { chaosKafka, confluent, karapace } from './chaos-kafka.ts';

describeWithJava('sources and sinks over registry processes that elect over a real Kafka', () => {
  const kafka = chaosKafka();

  it('12: go on when another schema is written under an id that they use, and the registry drops it', async () => {
    await ProcessChaos.play('12 duplicate id, confluent', {
      ...confluent,
      bootstrapServers: kafka().bootstrapServers,
      isExpectedInLog: ({ subject }) => subject === 'intruder',
      run: async ({ registry, bench }) => {
        await delay(2_000);
        const used = registry.acknowledged[0]?.id ?? -1;
        const subject = 'intruder';
        const stored = { subject, version: 1, id: used, schema: sequenceSchema('Intruder'), deleted: false };
        const value = { ...stored, schemaType: 'AVRO', references: [] } as const;
        await sendKeyed(bench.broker, registry.topic, [
          encodeRecord({ keytype: 'SCHEMA', subject, version: 1, value }),
        ]);
        await delay(2_000);
        const { body } = await fetchJson(`${registry.url(1)}/schemas/ids/${used}`);
        expect(body.schema).toBe(registry.acknowledged[0]?.schema);
        await registry.signal(0, 'SIGKILL');
        await registry.untilNamed(1);
      },
    });
  });

  it.each([karapace, confluent])(
    '13, $vendor: wait for ids that lagging replicas do not know, with a dead letter queue at hand',
    async (kind) => {
      await ProcessChaos.play(`13 lagging replicas, ${kind.vendor}`, {
        ...kind,
        bootstrapServers: kafka().bootstrapServers,
        urls: (registry) => [registry.url(1), registry.url(2)],
        run: async ({ registry }) => {
          await delay(1_000);
          for (const node of [1, 2]) await registry.control(node, 'lag?ms=3000');
          await delay(10_000);
          for (const node of [1, 2]) await registry.control(node, 'lag?ms=0');
        },
      });
    },
  );

  it('15: wait as long as no node may become the primary, with every node there to read from', async () => {
    let isDead = false;
    await ProcessChaos.play('15 nobody is elected', {
      ...confluent,
      bootstrapServers: kafka().bootstrapServers,
      flagsOf: () => (isDead ? ['--no-master-eligibility'] : []),
      run: async ({ registry }) => {
        const restartAll = async (): Promise<void> => {
          for (const node of [0, 1, 2]) {
            await registry.signal(node, 'SIGTERM');
            await registry.startNode(node);
          }
        };
        await delay(1_000);
        isDead = true;
        await restartAll();
        await eventually('a group without a primary', async () => (await registry.named()) === null);
        await delay(6_000);
        expect(await registry.register(1, 'refused', '"int"')).toEqual({ status: 500, code: 50004 });
        isDead = false;
        await restartAll();
        await registry.untilNamed(0);
      },
    });
  });

  it('17: wait while the registry is in read-only mode', async () => {
    await ProcessChaos.play('17 read-only mode', {
      ...confluent,
      bootstrapServers: kafka().bootstrapServers,
      run: async ({ registry }) => {
        const mode = async (name: string): Promise<void> => {
          const answer = await fetchJson(`${registry.url(0)}/mode`, { method: 'PUT', body: { mode: name } });
          expect(answer.status).toBe(200);
        };
        await delay(2_000);
        await mode('READONLY');
        await delay(6_000);
        await mode('READWRITE');
      },
    });
  });

  it('18: go on with the same ids when the topic is restored while they are parked', async () => {
    await ProcessChaos.play('18 restored topic', {
      ...karapace,
      bootstrapServers: kafka().bootstrapServers,
      run: async ({ registry, bench }) => {
        await delay(2_000);
        await Promise.all([0, 1, 2].map((node) => registry.signal(node, 'SIGKILL')));
        const backup = (await readTopic(bench.broker, registry.topic)).flat();
        await replaceTopic(bench.broker, registry.topic, backup, { 'cleanup.policy': 'compact' });
        await delay(2_000);
        await Promise.all([0, 1, 2].map((node) => registry.startNode(node)));
        await registry.untilNamed(0);
      },
    });
  });
});
