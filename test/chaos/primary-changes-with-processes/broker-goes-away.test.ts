import { setTimeout as delay } from 'node:timers/promises';
import { it } from 'vitest';
import { describeWithJava } from '../../support/describe-with-kafka.ts';
import { ProcessChaos } from '../../support/process-chaos.ts';
import { chaosKafka, confluent, karapace } from './chaos-kafka.ts';

describeWithJava('sources and sinks over registry processes that elect over a real Kafka', () => {
  const kafka = chaosKafka();

  it.each([
    { how: 'TERM', than: 'longer', vendor: karapace, session: '5000' },
    { how: '-9', than: 'shorter', vendor: confluent, session: '60000' },
    { how: '-9', than: 'longer', vendor: confluent, session: '5000' },
  ] as const)(
    '7: lose, repeat and fail nothing when Kafka goes ($how) for $than than the session of the nodes',
    async ({ how, than, vendor, session }) => {
      await ProcessChaos.play(`7 broker ${how}, ${than} than the session, ${vendor.vendor}`, {
        ...vendor,
        flags: [...vendor.flags, '--session-timeout-ms', session],
        bootstrapServers: kafka().bootstrapServers,
        run: async ({ registry }) => {
          await delay(2_000);
          if (how === 'TERM') await kafka().stop();
          else await kafka().kill('SIGKILL');
          await delay(than === 'longer' ? 6_000 : 1_000);
          await kafka().restart();
          await registry.writable();
        },
      });
    },
  );

  it('8: lose, repeat and fail nothing when the primary and Kafka die together', async () => {
    await ProcessChaos.play('8 primary and broker together', {
      ...confluent,
      bootstrapServers: kafka().bootstrapServers,
      run: async ({ registry }) => {
        await delay(2_000);
        await Promise.all([registry.signal(0, 'SIGKILL'), kafka().kill('SIGKILL')]);
        await delay(1_000);
        await kafka().restart();
        await registry.untilNamed(1, 90_000);
        await registry.writable();
        await registry.startNode(0);
        await registry.untilNamed(0);
      },
    });
  });
});
