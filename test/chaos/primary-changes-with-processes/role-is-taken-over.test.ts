import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { describeWithJava } from '../../support/describe-with-kafka.ts';
import { fetchJson } from '../../support/fetch-json.ts';
import { ProcessChaos } from '../../support/process-chaos.ts';
import { chaosKafka, confluent, karapace } from './chaos-kafka.ts';

describeWithJava('sources and sinks over registry processes that elect over a real Kafka', () => {
  const kafka = chaosKafka();

  it.each([karapace, confluent])(
    '5, $vendor: lose, repeat and fail nothing when a node with a lower URL joins',
    async (kind) => {
      await ProcessChaos.play(`5 lower URL joins, ${kind.vendor}`, {
        ...kind,
        bootstrapServers: kafka().bootstrapServers,
        startNow: [1, 2],
        run: async ({ registry }) => {
          await delay(3_000);
          await registry.startNode(0);
          await registry.untilNamed(0);
        },
      });
    },
  );

  it('6: lose, repeat and fail nothing when a zombie takes the role back and replays its topic for long', async () => {
    await ProcessChaos.play('6 zombie with replay', {
      ...karapace,
      newSchemas: 14,
      bootstrapServers: kafka().bootstrapServers,
      run: async ({ registry }) => {
        await delay(2_000);
        await registry.control(0, 'pause-reading');
        await registry.signal(0, 'SIGSTOP');
        await registry.untilNamed(1);
        await registry.writable();
        await delay(3_000);
        const unknownThere = registry.acknowledged.at(-1)?.id;
        await registry.signal(0, 'SIGCONT');
        await registry.untilNamed(0);
        // Healthy, the primary, and without what the others acknowledged meanwhile.
        const health = await fetchJson(`${registry.url(0)}/_health`);
        expect(health).toMatchObject({ status: 200, body: { healthy: true } });
        expect(health.body.status).toMatchObject({
          schema_registry_is_primary: true,
          schema_registry_ready: false,
        });
        const answer = await fetchJson(`${registry.url(0)}/schemas/ids/${unknownThere}`);
        expect([answer.status, answer.body.error_code]).toEqual([404, 40403]);
        await delay(8_000);
        await registry.control(0, 'resume-reading');
      },
    });
  });

  it('9: lose, repeat and fail nothing when all nodes are killed and one comes back', async () => {
    await ProcessChaos.play('9 all down, then one', {
      ...karapace,
      bootstrapServers: kafka().bootstrapServers,
      run: async ({ registry }) => {
        await delay(2_000);
        await Promise.all([0, 1, 2].map((node) => registry.signal(node, 'SIGKILL')));
        await delay(6_000);
        await registry.startNode(1);
        await registry.untilNamed(1);
      },
    });
  });
});
