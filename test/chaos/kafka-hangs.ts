/**
 * What people do while Kafka hangs or is away: they pause, resume, restart tasks, and restart the worker. Nothing is lost or reordered
 * by it, REST reads answer within a second (invariant 7), and operations end.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { type Kafka, startKafka } from '../support/kafka.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTopic, readTopic, textOf, withBroker } from '../support/topic-content.ts';
import { eventually, WorkerProcess, type WorkerProcessOptions } from '../support/worker-process.ts';

export interface KafkaHangOptions {
  /** How long Kafka hangs, and is gone, in each round. */
  readonly hangMs: number;
  readonly rounds: number;
}

const GRACE_MS = 2_000;
/** An operation waits for tasks to stop, one deadline each, and leaves the group. */
const OPERATION_MS = 2 * GRACE_MS + 3_000;
const OPERATIONS = [
  ['PUT', '/connectors/source/pause'],
  ['PUT', '/connectors/sink/pause'],
  ['PUT', '/connectors/source/resume'],
  ['PUT', '/connectors/sink/resume'],
  ['POST', '/connectors/sink/tasks/0/restart'],
  ['POST', '/connectors/source/tasks/0/restart'],
  ['POST', '/connectors/sink/restart?includeTasks=true'],
] as const;

export async function actWhileKafkaHangs(options: KafkaHangOptions): Promise<void> {
  const dir = tempDir('hangs');
  const input = join(dir, 'in.txt');
  const output = join(dir, 'out.txt');
  const topic = 'hangs';
  let lines = 0;
  let isFeeding = true;
  writeFileSync(input, '');
  const feeder = (async () => {
    while (isFeeding) {
      appendFileSync(input, `${lines++}\n${lines++}\n`);
      await delay(5);
    }
  })();
  const kafka = await startKafka({ properties: { 'group.min.session.timeout.ms': '1000' } });
  const setting: WorkerProcessOptions = {
    dir,
    bootstrapServers: kafka.bootstrapServers,
    settings: { 'task.shutdown.graceful.timeout.ms': String(GRACE_MS), 'offset.flush.timeout.ms': '1000' },
    connectors: {
      source: { 'connector.class': 'FileStreamSource', file: input, topic },
      // A member that could not leave is replaced when its session is over.
      sink: {
        'connector.class': 'FileStreamSink',
        file: output,
        topics: topic,
        'consumer.override.session.timeout.ms': '6000',
      },
    },
  };
  let worker: WorkerProcess | undefined;
  try {
    await withBroker(kafka.bootstrapServers, (broker) => createTopic(broker, topic));
    worker = await WorkerProcess.start(setting);
    for (let round = 1; round <= options.rounds; round++) {
      await flows(output);
      await kafka.kill('SIGSTOP');
      const slowest = await operate(worker, options.hangMs);
      await kafka.kill('SIGCONT');
      await flows(output);
      console.log(
        `round ${round}: Kafka hung for ${options.hangMs} ms; the slowest operation took ${Math.round(slowest)} ms`,
      );

      await kafka.kill('SIGKILL');
      await delay(options.hangMs / 2);
      expect(await worker.stop()).toEqual({ code: 0, signal: null });
      worker = await WorkerProcess.start(setting);
      await delay(options.hangMs / 2);
      expect(await worker.failures('source', 'sink')).toEqual([]);
      await kafka.restart();
      await flows(output);
      console.log(`round ${round}: the worker was restarted while Kafka was gone`);
    }
    isFeeding = false;
    await feeder;
    await eventually('every line', () => new Set(linesOf(output)).size === lines, 60_000);
    expect(await worker.failures('source', 'sink')).toEqual([]);
    expect(await worker.stop()).toEqual({ code: 0, signal: null });
    const [inTopic = []] = await withBroker(kafka.bootstrapServers, (broker) => readTopic(broker, topic));
    for (const delivered of [inTopic.map(textOf), linesOf(output)]) {
      const first = [...new Set(delivered)];
      expect(first.findIndex((line, n) => line !== String(n))).toBe(-1);
      expect(first).toHaveLength(lines);
      console.log(`${lines} lines, lost 0, out of order 0, repeated ${delivered.length - lines}`);
    }
  } catch (error) {
    console.log(worker?.process.lines.slice(-40).join('\n'));
    throw error;
  } finally {
    isFeeding = false;
    await feeder;
    await worker?.kill();
    await end(kafka);
  }
}

/** Operations one after the other for that long, with a reader beside them; returns the time of the slowest. */
async function operate(worker: WorkerProcess, forMs: number): Promise<number> {
  const until = performance.now() + forMs;
  let isOver = false;
  const reading = (async () => {
    let slowest = 0;
    while (!isOver) {
      const askedAt = performance.now();
      expect((await worker.request('GET', '/connectors?expand=status')).status).toBe(200);
      slowest = Math.max(slowest, performance.now() - askedAt);
      await delay(50);
    }
    return slowest;
  })();
  let slowest = 0;
  try {
    for (const [method, path] of OPERATIONS) {
      const askedAt = performance.now();
      const { status } = await worker.request(method, path);
      expect([200, 202, 204]).toContain(status);
      slowest = Math.max(slowest, performance.now() - askedAt);
    }
    await delay(Math.max(0, until - performance.now()));
    expect(await worker.failures('source', 'sink')).toEqual([]);
  } finally {
    isOver = true;
  }
  expect(await reading).toBeLessThan(1_000);
  expect(slowest).toBeLessThan(OPERATION_MS);
  return slowest;
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
}

/** New lines, beyond what was there before, and time to commit them. */
async function flows(output: string): Promise<void> {
  const before = new Set(linesOf(output)).size;
  await eventually('new lines in the output', () => new Set(linesOf(output)).size > before + 100, 40_000);
  await delay(300);
}

async function end(kafka: Kafka): Promise<void> {
  await kafka.kill('SIGCONT');
  await kafka.remove();
}
