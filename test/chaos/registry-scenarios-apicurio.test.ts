/** Nodes of Apicurio that are killed, stopped and restarted, and their Kafka that goes away. Numbers as in docs/chaos.md. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { range, sequenceSchema } from '../support/avro-pipelines.ts';
import { describeWithJava } from '../support/describe-with-kafka.ts';
import { fetchJson } from '../support/fetch-json.ts';
import { eventually } from '../support/worker-process.ts';
import { apicurioPair } from './apicurio-pair.ts';

const isPost = (request: Uint8Array): boolean => Buffer.from(request.subarray(0, 4)).toString() === 'POST';

describeWithJava('Apicurio', () => {
  const pair = apicurioPair();

  it('1 kill -9 of one of two nodes stops nothing: the other one writes', async () => {
    await pair().play({
      ...{ name: '1 kill -9 of one node (Apicurio)', prefix: 'kill', lastsMs: 14_000 },
      trouble: async () => {
        await pair().signal(0, 'SIGKILL');
        await delay(10_000);
        await pair().startNode(0);
      },
    });
  });

  it('2 SIGTERM to one of two nodes stops nothing either', async () => {
    await pair().play({
      ...{ name: '2 SIGTERM to one node (Apicurio)', prefix: 'term', lastsMs: 10_000 },
      trouble: async () => {
        await pair().signal(1, 'SIGTERM');
        await delay(4_000);
        await pair().startNode(1);
      },
    });
  });

  it('3 a hung node is passed over, and takes part again when it goes on', async () => {
    await pair().play({
      ...{ name: '3 SIGSTOP of one node for 12 s (Apicurio)', prefix: 'hung', lastsMs: 16_000 },
      trouble: async () => {
        await pair().signal(1, 'SIGSTOP');
        await delay(12_000);
        await pair().signal(1, 'SIGCONT');
        await delay(2_000);
      },
    });
  });

  it('4 nodes that hang for less than a request may take cost a wait and nothing else', async () => {
    await pair().play({
      ...{ name: '4 SIGSTOP of both nodes for 3 s, twice (Apicurio)', prefix: 'short', lastsMs: 12_000 },
      trouble: async () => {
        for (const _ of range(0, 2)) {
          await pair().signalBoth('SIGSTOP');
          await delay(3_000);
          await pair().signalBoth('SIGCONT');
          await delay(3_000);
        }
      },
    });
  });

  it('7 its Kafka away for 10 s: writes hang, replicas lag, and every record comes through', async () => {
    await pair().play({
      ...{ name: '7 kill -9 of its Kafka for 10 s (Apicurio)', prefix: 'kafka', lastsMs: 30_000 },
      trouble: async () => {
        await pair().kafka.kill('SIGKILL');
        await delay(10_000);
        await pair().kafka.restart();
        await delay(5_000);
      },
    });
  });

  it('8 a node and the Kafka of both die together, and nobody gets an id twice', async () => {
    await pair().play({
      ...{ name: '8 kill -9 of a node and of its Kafka for 8 s (Apicurio)', prefix: 'both', lastsMs: 24_000 },
      trouble: async () => {
        await Promise.all([pair().kafka.kill('SIGKILL'), pair().signal(0, 'SIGKILL')]);
        await delay(8_000);
        await pair().kafka.restart();
        await pair().startNode(0);
      },
    });
  });

  it('9 both nodes away, then one comes back, then the other', async () => {
    await pair().play({
      ...{ name: '9 both nodes away, then one (Apicurio)', prefix: 'away', lastsMs: 24_000 },
      trouble: async () => {
        await pair().signalBoth('SIGKILL');
        await delay(6_000);
        await pair().startNode(1);
        await delay(4_000);
        await pair().startNode(0);
      },
    });
  });

  it('10 a node that dies over a write is no reason to write twice: the other one knows what became of it', async () => {
    await pair().play({
      ...{ name: '10 a node dies over a write (Apicurio)', prefix: 'over', lastsMs: 10_000 },
      topics: [{ topic: 'over-late', sequence: range(0, 5), schemaName: () => 'OverLate' }],
      trouble: async ({ bench }) => {
        const { proxies, kafkaOfNode1 } = pair();
        // Written, and not answered yet.
        await proxies[1].setMode({ kind: 'refuse' });
        await proxies[0].setMode({ kind: 'lose-answers', when: isPost, client: 'hang' });
        await eventually('a write at node 0', () => proxies[0].lostAnswers > 0);
        await pair().signal(0, 'SIGKILL');
        await proxies[0].setMode({ kind: 'refuse' });
        await proxies[1].setMode({ kind: 'pass' });
        await delay(4_000);
        await pair().startNode(0);
        await proxies[0].setMode({ kind: 'pass' });

        // Taken, and not written yet, as its Kafka does not answer.
        let taken = 0;
        await kafkaOfNode1.setMode({ kind: 'hang' });
        const noted = (request: Uint8Array): boolean => {
          if (isPost(request)) taken++;
          return false;
        };
        await proxies[1].setMode({ kind: 'lose-answers', when: noted });
        await proxies[0].setMode({ kind: 'refuse' });
        bench.feed('over-late', range(0, 5));
        await bench.source('over-late', 'over-late', sequenceSchema('OverLate'));
        await eventually('a write at node 1', () => taken > 0, 40_000);
        await pair().signal(1, 'SIGKILL');
        await proxies[0].setMode({ kind: 'pass' });
        await kafkaOfNode1.setMode({ kind: 'pass' });
        await proxies[1].setMode({ kind: 'pass' });
        await delay(2_000);
        await pair().startNode(1);
      },
      after: async ({ bench }) => {
        await bench.connect.waitFor('over-late', async () => (await bench.topicLength('over-late')) === 5, 60_000);
        for (const topic of [...range(0, 5).map((n) => `overnew-${n}`), 'over-late']) {
          const { body } = await fetchJson(`${pair().url(0)}/subjects/${topic}-value/versions`);
          expect(body, topic).toEqual([1]);
        }
      },
    });
  });

  it('21 a hundred parked tasks do not overrun nodes that come back and are restarted one by one', async () => {
    const PARKED = 100;
    await pair().play({
      ...{ name: '21 rolling restart with 100 parked tasks (Apicurio)', prefix: 'roll', lastsMs: 2_000, peak: 300 },
      topics: range(0, PARKED).map((n) => ({
        topic: `parked-${n}`,
        sequence: range(0, 2),
        schemaName: () => `RollParked${n}`,
      })),
      trouble: async ({ bench }) => {
        const names = range(0, PARKED).map((n) => `parked-${n}`);
        await pair().signalBoth('SIGTERM');
        for (const [n, name] of names.entries()) {
          bench.feed(name, range(0, 2));
          await bench.source(name, name, sequenceSchema(`RollParked${n}`));
        }
        await Promise.all(names.map((name) => bench.parked(name, 60_000)));
        await pair().startBoth();
        for (const node of [0, 1] as const) {
          await pair().signal(node, 'SIGTERM');
          await delay(1_000);
          await pair().startNode(node);
        }
        for (const name of names) {
          await bench.connect.waitFor(name, async () => (await bench.topicLength(name)) === 2, 60_000);
        }
      },
    });
  });
});
