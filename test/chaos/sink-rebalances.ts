/**
 * Workers that share the partitions of a topic, joining, leaving and killed while records keep coming. Invariants 2 and 7: what is
 * handed over is committed first, so that a graceful change repeats nothing; a kill repeats what was not committed; nothing is lost.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { silentLogger } from '../../src/foundation/logger.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTopic, groupOffsets, withBroker } from '../support/topic-content.ts';
import { uniqueName } from '../support/unique-name.ts';
import { eventually, WorkerProcess } from '../support/worker-process.ts';

export interface RebalanceOptions {
  readonly kafka: string;
  /** How often a second worker joins and leaves, and joins and is killed. */
  readonly cycles: number;
  readonly seed: number;
}

const PARTITIONS = 4;

export function surviveRebalances(options: RebalanceOptions): Promise<void> {
  return withBroker(options.kafka, async (broker) => {
    const random = seededRandom(options.seed);
    const dir = tempDir('rebalances');
    const topic = uniqueName('shared');
    const name = `${topic}-sink`;
    await createTopic(broker, topic, PARTITIONS);

    const sent = Array.from({ length: PARTITIONS }, () => 0);
    const next = (partition: number): number => {
      const number = sent[partition] ?? 0;
      sent[partition] = number + 1;
      return number;
    };
    let isSending = true;
    const producer = broker.producer({ settings: { 'linger.ms': '0' }, logger: silentLogger });
    const sending = (async () => {
      while (isSending) {
        const records = sent.flatMap((_, partition) =>
          Array.from({ length: 10 }, () => ({
            topic,
            partition,
            key: null,
            value: Buffer.from(`${partition} ${next(partition)}`),
            headers: [],
            timestamp: -1,
          })),
        );
        await producer.send(records);
        await delay(5);
      }
    })();

    const outputs: string[] = [];
    const start = async (label: string): Promise<{ readonly worker: WorkerProcess; readonly output: string }> => {
      const output = join(dir, `${outputs.length}-${label}.txt`);
      outputs.push(output);
      const worker = await WorkerProcess.start({
        dir: join(dir, `${outputs.length}-${label}`),
        bootstrapServers: options.kafka,
        connectors: {
          [name]: {
            'connector.class': 'FileStreamSink',
            'tasks.max': '2',
            file: output,
            topics: topic,
            'consumer.override.session.timeout.ms': '6000',
            'consumer.override.heartbeat.interval.ms': '300',
          },
        },
      });
      return { worker, output };
    };
    const size = (output: string): number => statSync(output, { throwIfNoEntry: false })?.size ?? 0;
    const linesOf = (output: string): readonly string[] => {
      try {
        return readFileSync(output, 'utf8').split('\n').slice(0, -1);
      } catch {
        return [];
      }
    };
    const partitionsIn = (lines: readonly string[]): number => new Set(lines.map((line) => line.split(' ')[0])).size;
    /** Delivered more than once, over all outputs. */
    const repeated = (): number => {
      const all = outputs.flatMap(linesOf);
      return all.length - new Set(all).size;
    };

    let first: WorkerProcess | undefined;
    try {
      const steady = await start('steady');
      first = steady.worker;
      await eventually(
        'the first worker has all partitions',
        () => partitionsIn(linesOf(steady.output)) === PARTITIONS,
      );
      for (let cycle = 1; cycle <= options.cycles; cycle++) {
        const before = repeated();
        const leaving = await start('leaving');
        await eventually('the partitions are shared', () => partitionsIn(linesOf(leaving.output)) === PARTITIONS / 2);
        await delay(random() * 500);
        expect(await steady.worker.failures(name)).toEqual([]);
        expect(await leaving.worker.failures(name)).toEqual([]);
        expect(await leaving.worker.stop()).toEqual({ code: 0, signal: null });
        const from = linesOf(steady.output).length;
        await eventually(
          'the first worker has all partitions again',
          () => partitionsIn(linesOf(steady.output).slice(from)) === PARTITIONS,
        );
        // A join and a graceful leave: everything was committed before it was handed over.
        expect(repeated()).toBe(before);

        const killed = await start('killed');
        await eventually('the partitions are shared', () => partitionsIn(linesOf(killed.output)) === PARTITIONS / 2);
        await delay(random() * 500);
        await killed.worker.kill();
        const killedAt = performance.now();
        const rest = linesOf(steady.output).length;
        await eventually(
          'the first worker takes over from the killed one',
          () => partitionsIn(linesOf(steady.output).slice(rest)) === PARTITIONS,
          30_000,
        );
        console.log(
          `cycle ${cycle}: graceful changes repeated 0, the kill ${repeated() - before} of ${size(killed.output)} bytes, taken over within ${Math.round(performance.now() - killedAt)} ms`,
        );
      }
      isSending = false;
      await sending;
      const total = sent.reduce((sum, count) => sum + count, 0);
      await eventually('every record', () => new Set(outputs.flatMap(linesOf)).size === total, 60_000);
      expect(await steady.worker.stop()).toEqual({ code: 0, signal: null });
      for (const output of outputs) expectAscending(linesOf(output));
      expect(await groupOffsets(broker, `connect-${name}`, topic)).toEqual(
        new Map(sent.map((count, partition) => [partition, count])),
      );
      console.log(`${total} records, seed ${options.seed}: lost 0, repeated ${repeated()} by ${options.cycles} kills`);
    } finally {
      isSending = false;
      await sending;
      await producer.close();
      await first?.kill();
    }
  });
}

/** First occurrences in one worker's file rise within each partition. */
function expectAscending(lines: readonly string[]): void {
  const last = new Map<string, number>();
  const outOfOrder = [...new Set(lines)].filter((line) => {
    const [partition = '', number] = line.split(' ');
    const before = last.get(partition) ?? -1;
    last.set(partition, Number(number));
    return Number(number) <= before;
  });
  expect(outOfOrder).toEqual([]);
}
