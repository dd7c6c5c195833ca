import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { FaultProxy } from '../../../src/testing/fault-proxy.ts';
import { describeWithJava } from '../../support/describe-with-kafka.ts';
import { goAstray, HttpFaultProxy } from '../../support/http-fault-proxy.ts';
import { ProcessChaos } from '../../support/process-chaos.ts';
import { eventually } from '../../support/worker-process.ts';
import { chaosKafka, confluent, karapace } from './chaos-kafka.ts';

async function proxyOf(url: string): Promise<FaultProxy> {
  return new FaultProxy({ target: { host: '127.0.0.1', port: Number(new URL(url).port) } }).start();
}

const isRegistration = (request: Uint8Array): boolean =>
  /^POST \/subjects\/[^/]+\/versions/.test(Buffer.from(request).toString());

describeWithJava('sources and sinks over registry processes that elect over a real Kafka', () => {
  const kafka = chaosKafka();

  it.each([karapace, confluent])(
    '11, $vendor: use one id per schema when the answers to registrations are lost',
    async (kind) => {
      let proxy: FaultProxy | undefined;
      await ProcessChaos.play(`11 lost answers, ${kind.vendor}`, {
        ...kind,
        bootstrapServers: kafka().bootstrapServers,
        urls: async (registry) => {
          proxy = await proxyOf(registry.url(0));
          return [`http://${proxy.address}`];
        },
        run: async () => {
          for (const client of ['reset', 'hang'] as const) {
            await delay(1_000);
            await proxy?.setMode({ kind: 'lose-answers', when: isRegistration, client });
            await delay(5_000);
            await proxy?.setMode({ kind: 'pass' });
          }
          expect(proxy?.lostAnswers).toBeGreaterThan(1);
        },
      }).finally(() => proxy?.stop());
    },
  );

  it('16: take new schemas all the time while the first of three URLs, the primary, accepts and never answers', async () => {
    let proxy: FaultProxy | undefined;
    await ProcessChaos.play('16 hung TCP on one URL of three', {
      ...confluent,
      bootstrapServers: kafka().bootstrapServers,
      newSchemas: 12,
      urls: async (registry) => {
        proxy = await proxyOf(registry.url(0));
        return [`http://${proxy.address}`, registry.url(1), registry.url(2)];
      },
      run: async (chaos) => {
        await delay(2_000);
        const before = chaos.newDelivered;
        await proxy?.setMode({ kind: 'hang' });
        await eventually('three new schemas', () => chaos.newDelivered >= before + 3, 40_000);
        await delay(3_000);
        await proxy?.setMode({ kind: 'pass' });
      },
    }).finally(() => proxy?.stop());
  });

  it('14: wait while something in front of the nodes answers for them, in plain text, with a page, 502, 503 or 429', async () => {
    const proxies: HttpFaultProxy[] = [];
    await ProcessChaos.play('14 stray answers', {
      ...karapace,
      bootstrapServers: kafka().bootstrapServers,
      newSchemas: 12,
      urls: async (registry) => {
        for (const url of registry.urls) proxies.push(await HttpFaultProxy.start(Number(new URL(url).port)));
        return proxies.map(({ port }) => `http://127.0.0.1:${port}`);
      },
      run: async () => {
        await delay(1_000);
        await goAstray(proxies, { each: () => delay(3_500) });
      },
    }).finally(() => Promise.all(proxies.map((proxy) => proxy.stop())));
  });
});
