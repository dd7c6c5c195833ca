/**
 * A worker that starts before its Kafka, and a Kafka that is killed amid the work and comes back. Invariants 3 and 4: nothing fails,
 * nothing is lost, reordered or repeated, and everybody can see what is waited for.
 */
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { silentLogger } from '../../src/foundation/logger.ts';
import { type Kafka, startKafka } from '../support/kafka.ts';
import { freePort } from '../support/ports.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTopic, readTopic, textOf, withBroker } from '../support/topic-content.ts';
import { eventually, WorkerProcess } from '../support/worker-process.ts';

export interface KafkaOutageOptions {
  readonly outageMs: number;
  /** How often it is killed and comes back. */
  readonly outages: number;
  /** `errors.tolerance`; with `all` the sink has a dead letter queue, which has to stay empty. */
  readonly tolerance: 'none' | 'all';
}

const LINES_PER_TICK = 20;
const QUEUE = 'dead-letters';
const STORE = 'schema-store';

export async function surviveKafkaOutages(options: KafkaOutageOptions): Promise<void> {
  const dir = tempDir('outage');
  const input = join(dir, 'in.txt');
  const output = join(dir, 'out.txt');
  const topic = 'outage';
  const port = await freePort();
  const servers = `127.0.0.1:${port}`;
  let lines = 0;
  const feed = (): void => {
    appendFileSync(input, Array.from({ length: LINES_PER_TICK }, () => `${lines++}\n`).join(''));
  };
  const written = (): readonly string[] => readFileSync(output, 'utf8').split('\n').slice(0, -1);
  writeFileSync(input, '');
  feed();

  const startedAt = performance.now();
  const worker = await WorkerProcess.spawn({
    dir,
    bootstrapServers: servers,
    // A store in a topic of a Kafka that is away: it must hold up neither the start nor the stop.
    settings: options.tolerance === 'all' ? { 'schema.store.topic': STORE } : {},
    connectors: {
      source: {
        'connector.class': 'FileStreamSource',
        file: input,
        topic,
        'errors.tolerance': options.tolerance,
        // The worker creates the topic, where otherwise somebody else does.
        ...(options.tolerance === 'all'
          ? { 'topic.creation.default.replication.factor': '1', 'topic.creation.default.partitions': '1' }
          : {}),
      },
      sink: {
        'connector.class': 'FileStreamSink',
        file: output,
        topics: topic,
        'errors.tolerance': options.tolerance,
        ...(options.tolerance === 'all'
          ? { 'errors.deadletterqueue.topic.name': QUEUE, 'errors.deadletterqueue.topic.replication.factor': '1' }
          : {}),
      },
    },
  });
  await eventually('the REST API answers', async () => (await worker.request('GET', '/')).status === 200);
  console.log(`the REST API answered ${Math.round(performance.now() - startedAt)} ms after the start, without Kafka`);

  const parked = async (connector: string): Promise<boolean> => {
    const status = await worker.status(connector);
    expect(status.connector.state).toBe('RUNNING');
    expect(status.tasks.map(({ state }) => state)).not.toContain('FAILED');
    return status.tasks.length === 1 && status.tasks[0]?.parked?.dependency === 'broker';
  };
  await eventually('/health names what it waits for', async () => {
    const { status, body } = await worker.request('GET', '/health');
    expect(status).toBe(503);
    return JSON.stringify(body).includes(servers);
  });
  await eventually('the source is parked', () => parked('source'));
  await eventually('the sink is parked', () => parked('sink'));

  let feeder: Promise<void> | undefined;
  let isFeeding = true;
  let kafka: Kafka | undefined;
  try {
    kafka = await startKafka({ port, properties: { 'auto.create.topics.enable': 'false' } });
    await eventually('/health is healthy', async () => (await worker.request('GET', '/health')).status === 200);
    if (options.tolerance === 'none') {
      await eventually('the missing topic is named', async () => {
        const [task] = (await worker.status('source')).tasks;
        return task?.parked?.reason.includes(topic) && task.state === 'RUNNING';
      });
      await withBroker(servers, (broker) => createTopic(broker, topic));
    }
    await eventually('the first lines', () => written().length === LINES_PER_TICK, 60_000);

    feeder = (async () => {
      while (isFeeding) {
        feed();
        await delay(5);
      }
    })();
    for (let outage = 1; outage <= options.outages; outage++) {
      await delay(500);
      await kafka.kill('SIGKILL');
      const killedAt = performance.now();
      await eventually('the source is parked', () => parked('source'));
      await eventually('the sink is parked', () => parked('sink'));
      while (performance.now() - killedAt < options.outageMs) {
        const asked = performance.now();
        expect(await worker.failures('source', 'sink')).toEqual([]);
        // Invariant 7.
        expect(performance.now() - asked).toBeLessThan(1_000);
        await delay(200);
      }
      const before = statSync(output).size;
      const fedBefore = lines;
      await kafka.restart();
      const backAt = performance.now();
      await eventually('lines after the outage', () => statSync(output).size > before, 30_000);
      const flowsAfter = Math.round(performance.now() - backAt);
      await eventually('nobody is parked', async () => !(await parked('source')) && !(await parked('sink')));
      console.log(
        `outage ${outage}: ${options.outageMs} ms at line ${fedBefore}, flows ${flowsAfter} ms after Kafka serves`,
      );
      expect(flowsAfter).toBeLessThan(10_000);
    }
    isFeeding = false;
    await feeder;
    await eventually('every line', () => written().length >= lines, 60_000);
    expect(await worker.failures('source', 'sink')).toEqual([]);
    const expected = Array.from({ length: lines }, (_, n) => String(n));
    const [inTopic = []] = await withBroker(servers, (broker) => readTopic(broker, topic));
    // Invariant 3.
    const letters = await withBroker(servers, (broker) => readTopic(broker, QUEUE));
    expect(letters).toEqual(options.tolerance === 'all' ? [[]] : []);
    expectSame('the topic', inTopic.map(textOf), expected);
    expectSame('the output', written(), expected);

    if (options.tolerance === 'all') {
      const configs = await withBroker(servers, (broker) =>
        broker.admin({ settings: {}, logger: silentLogger }).describeTopicConfigs([STORE]),
      );
      expect(configs.get(STORE)?.get('cleanup.policy')).toBe('compact');
    }

    // A parked worker stops at once.
    await kafka.kill('SIGKILL');
    feed();
    await eventually('the source is parked', () => parked('source'));
    const stopAt = performance.now();
    expect(await worker.stop()).toEqual({ code: 0, signal: null });
    const stopMs = Math.round(performance.now() - stopAt);
    console.log(`${lines} lines once and in order; the parked worker stopped within ${stopMs} ms`);
    expect(stopMs).toBeLessThan(4_000);
  } finally {
    isFeeding = false;
    await feeder;
    await worker.kill();
    await kafka?.remove();
  }
}

/** Names the first difference, instead of printing thousands of lines. */
function expectSame(what: string, actual: readonly string[], expected: readonly string[]): void {
  const at = expected.findIndex((line, n) => actual[n] !== line);
  const around = (lines: readonly string[]): string => lines.slice(Math.max(0, at - 2), at + 3).join(' ');
  expect(at === -1 ? '' : `${what} has ${around(actual)} instead of ${around(expected)}`).toBe('');
  expect(actual.length).toBe(expected.length);
}
