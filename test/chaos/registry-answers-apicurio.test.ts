/** What nodes of Apicurio and the network in front of them answer: nothing, too little, something else. Numbers as in docs/chaos.md. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { FaultProxy } from '../../src/testing/index.ts';
import { AvroBench, range, sequenceSchema, tolerating } from '../support/avro-pipelines.ts';
import { describeWithJava } from '../support/describe-with-kafka.ts';
import { fetchJson } from '../support/fetch-json.ts';
import { goAstray, HttpFaultProxy } from '../support/http-fault-proxy.ts';
import { createTopic } from '../support/topic-content.ts';
import { uniqueName } from '../support/unique-name.ts';
import { eventually } from '../support/worker-process.ts';
import { apicurioPair } from './apicurio-pair.ts';
import { operateWhileParked } from './operators-while-parked.ts';

const isPost = (request: Uint8Array): boolean => Buffer.from(request.subarray(0, 4)).toString() === 'POST';

describeWithJava('Apicurio', () => {
  const pair = apicurioPair();

  it('11 answers that are lost after the write are found again', async () => {
    await pair().play({
      ...{ name: '11 lost answers (Apicurio)', prefix: 'lost', lastsMs: 12_000 },
      trouble: async () => {
        const { proxies } = pair();
        for (const proxy of proxies) await proxy.setMode({ kind: 'lose-answers', when: isPost });
        await delay(8_000);
        for (const proxy of proxies) await proxy.setMode({ kind: 'pass' });
        expect(proxies[0].lostAnswers + proxies[1].lostAnswers).toBeGreaterThan(0);
      },
    });
  });

  it('13 a node that does not hear from its Kafka denies ids for 40 s, and no record gets into the dead letter queue', async () => {
    const { proxies, kafkaOfNode1 } = pair();
    await pair().play({
      ...{ name: '13 a lagging node (Apicurio)', prefix: 'lag', lastsMs: 42_000 },
      trouble: async ({ read, bench }) => {
        await kafkaOfNode1.setMode({ kind: 'hang' });
        // The other one knows, and the worker can't ask it.
        await proxies[0].setMode({ kind: 'refuse' });
        const ids = await read(2);
        const denied = async (): Promise<readonly number[]> =>
          Promise.all(ids.map(async (id) => (await fetchJson(`${pair().url(1)}/schemas/ids/${id}`)).status));
        expect(await denied()).toEqual([404, 404]);
        await delay(40_000);
        expect(await denied()).toEqual([404, 404]);
        expect((await bench.parked('read-sink')).reason).toContain(String(ids[0]));
        await kafkaOfNode1.setMode({ kind: 'pass' });
        await eventually('a node that knows', async () => (await denied()).every((status) => status === 200), 90_000);
        await proxies[0].setMode({ kind: 'pass' });
      },
    });
  });

  it('14 plain text, HTML, 502, 503 and 429 of something in front are outages, whatever their bodies say', async () => {
    const fronts: HttpFaultProxy[] = [];
    for (const port of pair().ports) fronts.push(await HttpFaultProxy.start(port));
    await pair()
      .play({
        ...{ name: '14 stray answers (Apicurio)', prefix: 'stray', lastsMs: 26_000 },
        urls: pair().urlsVia(fronts.map(({ port }) => port)),
        trouble: () => goAstray(fronts, { each: () => delay(4_000) }),
      })
      .finally(() => Promise.all(fronts.map((front) => front.stop())));
  });

  it('16 one of three URLs that accepts and never answers delays nobody for long', async () => {
    const { ports, proxies } = pair();
    const hung = await new FaultProxy({ target: { host: '127.0.0.1', port: ports[0] } }).start();
    await pair()
      .play({
        ...{ name: '16 one of three URLs hangs (Apicurio)', prefix: 'url', lastsMs: 16_000 },
        urls: pair().urlsVia([hung, ...proxies].map(({ port }) => port)),
        trouble: async ({ bench }) => {
          await hung.setMode({ kind: 'hang' });
          await delay(14_000);
          // Those that were there for some seconds came through without it.
          for (const n of range(0, 3)) await bench.expectDelivered(`new-${n}-sink`, range(0, 5), 1_000);
          await hung.setMode({ kind: 'pass' });
        },
      })
      .finally(() => hung.stop());
  });

  it('18 a topic that is restored while tasks are parked gives the same ids', async () => {
    await pair().play({
      ...{ name: '18 restored topic (Apicurio)', prefix: 'restored', lastsMs: 24_000 },
      trouble: async () => {
        await delay(2_000);
        await pair().signalBoth('SIGKILL');
        await pair().restoreJournal(await pair().readJournal());
        await pair().startBoth();
      },
    });
  });

  it('22 operators act, groups rebalance and REST answers while everything is parked', async () => {
    await pair().play({
      ...{ name: '22 operators while parked (Apicurio)', prefix: 'operators', lastsMs: 16_000 },
      trouble: async ({ bench }) => {
        await pair().signalBoth('SIGSTOP');
        for (const round of range(0, 4)) {
          const source = `new-${round}`;
          await bench.parked(source, 30_000);
          const passing = `passing-${round}`;
          const slowest = await operateWhileParked(bench, { source, sink: 'read-sink', topic: 'read', passing });
          console.log(`22: slowest answer to an operator ${Math.round(slowest)} ms`);
        }
        await pair().signalBoth('SIGCONT');
      },
    });
  });

  it('19 an id that is given out again after a restore stops who uses it, and nobody else', async () => {
    const { proxies } = pair();
    const bench = await AvroBench.start({ registryUrls: pair().urlsVia(proxies.map(({ port }) => port)) });
    try {
      const start = async (name: string, schema: string): Promise<void> => {
        await createTopic(bench.broker, name);
        await bench.source(name, name, sequenceSchema(schema), tolerating('all'));
        await bench.sink(`${name}-sink`, name, tolerating('all', 'dlq'));
        bench.feed(name, range(0, 5));
        await bench.expectDelivered(`${name}-sink`, range(0, 5));
      };
      await start('again-old', 'AgainOld');
      const before = await pair().readJournal();
      await start('again-young', 'AgainYoung');
      const { body: young } = await fetchJson(`${pair().url(0)}/subjects/again-young-value/versions/1`);

      // The worker meets the registry again when the id was given away already.
      for (const proxy of proxies) await proxy.setMode({ kind: 'refuse' });
      await bench.source('again-late', 'again-late', sequenceSchema('AgainLate'));
      bench.feed('again-late', range(0, 5));
      await bench.parked('again-late', 30_000);
      await pair().signalBoth('SIGKILL');
      await pair().restoreJournal(before);
      await pair().startBoth();
      // The first schemas that anybody registers take the ids that are free again.
      await eventually('the id given away', async () => {
        const taker = uniqueName('Taker').replaceAll('-', '_');
        return (await pair().register(taker, `{"type":"fixed","name":"${taker}","size":1}`)) === young.id;
      });
      for (const proxy of proxies) await proxy.setMode({ kind: 'pass' });
      await bench.notParked('again-late', 60_000);
      bench.feed('again-young', range(5, 10));
      bench.feed('again-old', range(5, 10));
      const { tasks } = await bench.connect.waitForTasks('again-young', 'FAILED', 60_000);
      expect(tasks[0]?.trace).toContain('IntegrityError');
      await bench.expectDelivered('again-old-sink', range(0, 10), 60_000);
      expect(await bench.topicLength('again-young')).toBe(5);
      expect(await bench.topicLength('dlq')).toBe(0);
      expect((await bench.status('again-old')).tasks).toMatchObject([{ state: 'RUNNING' }]);
      expect((await bench.status('again-late')).tasks).toMatchObject([{ state: 'RUNNING' }]);
    } catch (cause) {
      const seen = ['again-old', 'again-old-sink', 'again-young'].map((name) => bench.status(name));
      throw new Error(`${cause}\n${JSON.stringify([await Promise.all(seen), (await bench.get('/registries')).body])}`, {
        cause,
      });
    } finally {
      await bench.stop();
    }
  });
});
