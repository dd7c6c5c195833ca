import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { describeWithJava } from '../../support/describe-with-kafka.ts';
import { ProcessChaos } from '../../support/process-chaos.ts';
import { chaosKafka, confluent, karapace, SESSION_MS } from './chaos-kafka.ts';

const both = [karapace, confluent];

describeWithJava('sources and sinks over registry processes that elect over a real Kafka', () => {
  const kafka = chaosKafka();

  it.each(both)('1, $vendor: lose, repeat and fail nothing when the primary is killed with -9', async (kind) => {
    const report = await ProcessChaos.play(`1 kill -9 primary, ${kind.vendor}`, {
      ...kind,
      bootstrapServers: kafka().bootstrapServers,
      run: async ({ registry }) => {
        await delay(2_000);
        await registry.signal(0, 'SIGKILL');
        await registry.untilNamed(1);
        await registry.writable();
        await registry.startNode(0);
        await registry.untilNamed(0);
      },
    });
    expect(report.outageMs).toBeGreaterThan(SESSION_MS / 2);
    expect(report.knownMeanwhile).toBeGreaterThan(50);
  });

  it.each(both)('2, $vendor: lose, repeat and fail nothing when the primary gets SIGTERM', async (kind) => {
    await ProcessChaos.play(`2 SIGTERM primary, ${kind.vendor}`, {
      ...kind,
      bootstrapServers: kafka().bootstrapServers,
      run: async ({ registry }) => {
        await delay(2_000);
        await registry.signal(0, 'SIGTERM');
        await registry.untilNamed(1);
        await registry.writable();
        await registry.startNode(0);
        await registry.untilNamed(0);
      },
    });
  });

  it.each(both)(
    '3, $vendor: lose, repeat and fail nothing when the primary hangs for longer than its session',
    async (kind) => {
      await ProcessChaos.play(`3 SIGSTOP > session, ${kind.vendor}`, {
        ...kind,
        bootstrapServers: kafka().bootstrapServers,
        run: async ({ registry }) => {
          await delay(2_000);
          await registry.signal(0, 'SIGSTOP');
          await registry.untilNamed(1);
          await registry.writable();
          await delay(2_000);
          await registry.signal(0, 'SIGCONT');
          await registry.untilNamed(0);
        },
      });
    },
  );

  it.each(both)(
    '4, $vendor: lose, repeat and fail nothing when the primary hangs and stays the primary',
    async (kind) => {
      await ProcessChaos.play(`4 SIGSTOP < session, ${kind.vendor}`, {
        ...kind,
        flags: [...kind.flags, '--session-timeout-ms', '20000'],
        bootstrapServers: kafka().bootstrapServers,
        run: async ({ registry }) => {
          const members = async (): Promise<readonly string[]> =>
            (await registry.describeGroup()).members.map(({ memberId }) => memberId).sort();
          const before = await members();
          for (const ms of [3_000, 6_000]) {
            await delay(2_000);
            await registry.signal(0, 'SIGSTOP');
            await delay(ms);
            await registry.signal(0, 'SIGCONT');
          }
          await registry.writable();
          expect(await registry.named()).toBe(0);
          expect(await members()).toEqual(before);
        },
      });
    },
  );

  it('10: lose, repeat and fail nothing when the replica is killed that forwards their registrations', async () => {
    await ProcessChaos.play('10 replica killed while it forwards', {
      ...karapace,
      flags: [...karapace.flags, '--session-timeout-ms', '20000'],
      bootstrapServers: kafka().bootstrapServers,
      urls: (registry) => [registry.url(1), registry.url(2)],
      run: async ({ registry }) => {
        for (const replica of [1, 2]) {
          await delay(2_000);
          await registry.signal(0, 'SIGSTOP');
          await delay(2_000);
          await registry.signal(replica, 'SIGKILL');
          await delay(500);
          await registry.signal(0, 'SIGCONT');
          await registry.startNode(replica);
        }
        await registry.writable();
      },
    });
  });
});
