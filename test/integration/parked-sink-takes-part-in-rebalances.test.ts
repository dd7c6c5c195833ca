/** Invariants 4 and 7: a sink that is parked hands partitions over and takes them back like any other, and repeats and loses nothing by it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { silentLogger } from '../../src/foundation/logger.ts';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { smallDisk } from '../support/small-disk.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTopic, withBroker } from '../support/topic-content.ts';
import { uniqueName } from '../support/unique-name.ts';
import { eventually } from '../support/worker-process.ts';

const PARTITIONS = 4;
const PADDING = 'x'.repeat(200);

describeWithKafka('a parked sink', (kafka) => {
  const disk = smallDisk(8);
  it.skipIf(disk === null)(
    'shares its partitions with workers that come and go',
    async () => {
      const servers = kafka().bootstrapServers;
      const topic = uniqueName('parked');
      const name = `${topic}-sink`;
      const sent = Array.from({ length: PARTITIONS }, () => 0);
      const outputs: string[] = [];
      const workers: EmbeddedConnect[] = [];
      const linesOf = (output: string): readonly string[] => {
        try {
          return readFileSync(output, 'utf8').split('\n').slice(0, -1);
        } catch {
          return [];
        }
      };
      const delivered = (): readonly string[] => outputs.flatMap(linesOf);
      const partitionsIn = (lines: readonly string[]): number => new Set(lines.map((line) => line.split(' ')[0])).size;
      const addWorker = async (output: string): Promise<EmbeddedConnect> => {
        outputs.push(output);
        const connect = await EmbeddedConnect.start({
          dir: tempDir('member'),
          settings: { 'bootstrap.servers': servers },
        });
        workers.push(connect);
        await connect.create(name, {
          'connector.class': 'FileStreamSink',
          file: output,
          topics: topic,
          'consumer.override.heartbeat.interval.ms': '300',
        });
        return connect;
      };

      await withBroker(servers, async (broker) => {
        await createTopic(broker, topic, PARTITIONS);
        let isSending = true;
        const producer = broker.producer({ settings: {}, logger: silentLogger });
        const sending = (async () => {
          while (isSending) {
            await producer.send(
              sent.flatMap((from, partition) => {
                sent[partition] = from + 5;
                return Array.from({ length: 5 }, (_, n) => ({
                  topic,
                  partition,
                  key: null,
                  value: Buffer.from(`${partition} ${from + n} ${PADDING}`),
                  headers: [],
                  timestamp: -1,
                }));
              }),
            );
            await delay(5);
          }
        })();
        try {
          const small = join(disk?.dir ?? '', 'out.txt');
          const parked = await addWorker(small);
          await eventually('it has all partitions', () => partitionsIn(linesOf(small)) === PARTITIONS);
          disk?.fill(0);
          await parked.waitFor('it is parked', async () => (await parked.status(name)).tasks[0]?.parked);

          // While it is parked others come, take partitions over, and go again.
          for (let round = 0; round < 2; round++) {
            const output = join(tempDir('output'), 'out.txt');
            const other = await addWorker(output);
            await eventually('the other has its share', () => partitionsIn(linesOf(output)) === PARTITIONS / 2);
            // What it waited with may all have been of partitions that it gave away: then it parks with the next records that it fetches.
            await parked.waitFor('it is parked again', async () => (await parked.status(name)).tasks[0]?.parked);
            expect((await parked.status(name)).tasks[0]).toMatchObject({ state: 'RUNNING' });
            await other.stop();
            workers.splice(workers.indexOf(other), 1);
          }
          const before = linesOf(small).length;
          disk?.free();
          await eventually(
            'it goes on with all of them',
            () => partitionsIn(linesOf(small).slice(before)) === PARTITIONS,
          );
          expect((await parked.status(name)).tasks[0]).not.toHaveProperty('parked');
          isSending = false;
          await sending;
          const total = sent.reduce((sum, count) => sum + count, 0);
          await eventually('every record', () => delivered().length >= total);
          expect(new Set(delivered()).size).toBe(total);
          expect(delivered().length).toBe(total);
          // A partition wanders from file to file; within each file its records rise.
          for (const output of outputs) {
            const last = new Map<string, number>();
            for (const line of linesOf(output)) {
              const [partition = '', number] = line.split(' ');
              expect(Number(number)).toBeGreaterThan(last.get(partition) ?? -1);
              last.set(partition, Number(number));
            }
          }
        } finally {
          isSending = false;
          await sending;
          await producer.close();
          for (const worker of workers) await worker.stop();
          disk?.unmount();
        }
      });
    },
    90_000,
  );
});
