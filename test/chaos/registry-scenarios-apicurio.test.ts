/**
 * Trouble at two nodes of Apicurio 3.0.9 with storage kafkasql: it has no primary, every node appends to one topic, and what one node took
 * the other one may not know yet. The worker has a broker of its own, so that only the registry loses its Kafka.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FaultProxy } from '../../src/testing/index.ts';
import { type Apicurio, startApicurio } from '../support/apicurio.ts';
import { describeWithJava } from '../support/describe-with-kafka.ts';
import { type Kafka, startKafka } from '../support/kafka.ts';
import { freePort } from '../support/ports.ts';
import { registerAt } from '../support/registry-outage-story.ts';
import { uniqueName } from '../support/unique-name.ts';
import { playRegistryScenario, type RegistryScenario } from './registry-scenario.ts';

describeWithJava('Apicurio', () => {
  let kafka: Kafka;
  const nodes: Apicurio[] = [];
  const proxies: FaultProxy[] = [];
  const journalTopic = uniqueName('journal');
  const ports: number[] = [];

  const startNode = async (n: number): Promise<void> => {
    const port = ports[n] ?? (await freePort());
    ports[n] = port;
    nodes[n] = await startApicurio({ bootstrapServers: kafka.bootstrapServers, journalTopic, port });
  };

  beforeAll(async () => {
    kafka = await startKafka();
    await Promise.all([startNode(0), startNode(1)]);
    for (const n of [0, 1]) {
      proxies[n] = await new FaultProxy({ target: { host: '127.0.0.1', port: ports[n] ?? 0 } }).start();
    }
  }, 400_000);

  afterAll(async () => {
    for (const proxy of proxies) await proxy.stop();
    for (const node of nodes) await node.kill('SIGKILL').catch(() => {});
    await kafka.stop();
  }, 60_000);

  const node = (n: number): Apicurio => nodes[n] as Apicurio;
  const proxy = (n: number): FaultProxy => proxies[n] as FaultProxy;

  async function play(name: string, scenario: Omit<RegistryScenario, 'name'>): Promise<void> {
    // Subjects of one registry are shared by the scenarios, so names are not: the topics have a prefix of their own.
    const urls = proxies.map(({ address }) => `http://${address}/apis/ccompat/v7`);
    await playRegistryScenario(
      {
        urls,
        register: async (subject, schema) => {
          for (let attempt = 0; ; attempt++) {
            // Straight to the nodes: a proxy may lose the answer.
            const { url } = node(attempt % 2);
            const id = await registerAt(url, subject, schema).catch(() => undefined);
            if (id !== undefined) return id;
            if (attempt > 60) throw new Error(`no node registers ${subject}`);
            await delay(500);
          }
        },
        log: () => undefined,
        peak: () => undefined,
      },
      { name: `${name} (Apicurio)`, ...scenario },
    );
  }

  it('1 kill -9 of one of two nodes stops nothing: the other one writes', async () => {
    await play('1 kill -9 of one node', {
      prefix: 'kill',
      lastsMs: 14_000,
      trouble: async () => {
        await node(0).kill('SIGKILL');
        await delay(10_000);
        await startNode(0);
      },
    });
  });

  it('7 its Kafka away for 10 s: writes hang, replicas lag, and every record comes through', async () => {
    await play('7 kill -9 of its Kafka for 10 s', {
      prefix: 'kafka',
      lastsMs: 30_000,
      trouble: async () => {
        await kafka.kill('SIGKILL');
        await delay(10_000);
        await kafka.restart();
        await delay(5_000);
      },
    });
  });

  it('3 a hung node is passed over, and takes part again when it goes on', async () => {
    await play('3 SIGSTOP of one node for 12 s', {
      prefix: 'hung',
      lastsMs: 16_000,
      trouble: async () => {
        await node(1).kill('SIGSTOP');
        await delay(12_000);
        await node(1).kill('SIGCONT');
        await delay(2_000);
      },
    });
  });

  it('11 answers that are lost after the write are found again', async () => {
    await play('11 lost answers', {
      prefix: 'lost',
      lastsMs: 12_000,
      trouble: async () => {
        const isPost = (request: Uint8Array): boolean => Buffer.from(request.subarray(0, 4)).toString() === 'POST';
        for (const n of [0, 1]) await proxy(n).setMode({ kind: 'lose-answers', when: isPost });
        await delay(8_000);
        for (const n of [0, 1]) await proxy(n).setMode({ kind: 'pass' });
        expect(proxy(0).lostAnswers + proxy(1).lostAnswers).toBeGreaterThan(0);
      },
    });
  });
});
