import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Broker } from '../../../src/broker/ports.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { errorAnswer, type ScriptedFault, ScriptedRegistry } from '../../../src/testing/index.ts';
import {
  AvroBench,
  avroConverters,
  firstDifference,
  framed,
  range,
  sequenceIn,
  sequenceSchema,
  tolerating,
} from '../../support/avro-pipelines.ts';
import { describeWithKafka } from '../../support/describe-with-kafka.ts';
import { freePorts } from '../../support/ports.ts';
import { connectFor, TASK_ISOLATION } from '../../support/task-isolation.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { createTopic, produce, withBroker } from '../../support/topic-content.ts';
import { uniqueName } from '../../support/unique-name.ts';
import { eventually, WorkerProcess } from '../../support/worker-process.ts';

const CONNECTORS = 20;
const OBSERVED_MS = 3_000;
/** A worker that waited for its tasks would take this long to stop; one that stops at once takes a moment, on a busy machine a longer one. */
const GRACEFUL_MS = 40_000;
const AT_ONCE_MS = 10_000;

/** What the registry sees in `observedMs` of an outage with so many sources, each with a schema of its own, parked. */
async function withParked(
  count: number,
  fault: ScriptedFault,
  observedMs: number,
  then: (parked: {
    readonly bench: AvroBench;
    readonly registry: ScriptedRegistry;
    readonly requests: number;
    readonly peak: number;
    readonly reopen: () => void;
  }) => Promise<void>,
): Promise<void> {
  const registry = await ScriptedRegistry.start({ nodes: 2, ports: await freePorts(2) });
  const bench = await AvroBench.start({
    registryUrls: registry.urls,
    settings: { 'task.shutdown.graceful.timeout.ms': String(GRACEFUL_MS) },
  });
  try {
    const outage = registry.script({ fault });
    const names = range(0, count).map((n) => `parked-${n}`);
    for (const [n, name] of names.entries()) {
      bench.feed(name, range(0, 3));
      await bench.source(name, name, sequenceSchema(`Parked${n}`), tolerating(n % 2 === 0 ? 'none' : 'all'));
    }
    for (const name of names) await bench.parked(name);
    const fromMs = registry.elapsedMs;
    await delay(observedMs);
    const filter = { fromMs, toMs: registry.elapsedMs };
    const requests = registry.requests.list(filter).length;
    const peak = registry.requests.peak(1_000, filter);
    await then({ bench, registry, requests, peak, reopen: () => outage.remove() });
  } finally {
    await bench.stop();
    await registry.stop();
  }
}

describe('twenty parked tasks', () => {
  it('load the registry no more than one does, and are let go one after the other', async () => {
    let alone = 0;
    await withParked(1, errorAnswer(503, 503), OBSERVED_MS, async ({ requests }) => {
      alone = requests;
    });
    await withParked(
      CONNECTORS,
      errorAnswer(503, 503),
      OBSERVED_MS,
      async ({ bench, registry, requests, peak, reopen }) => {
        // Two nodes, a probe twice a second on average: the waits are drawn at random.
        expect(requests).toBeLessThan(alone * 3 + 20);
        // Each on its own would have asked some hundred times.
        expect(peak).toBeLessThan(40);
        for (const n of range(0, CONNECTORS)) await bench.sink(`sink-${n}`, `parked-${n}`);
        registry.script({ operation: 'register', fault: { kind: 'delay', ms: 100 } });
        const openedAt = registry.elapsedMs;
        reopen();
        for (const n of range(0, CONNECTORS)) await bench.expectDelivered(`sink-${n}`, range(0, 3));
        const registrations = registry.requests.list({ operation: 'register', fromMs: openedAt, outcome: 200 });
        // A write whose answer is late on a busy machine may be made once more, which changes nothing.
        expect(new Set(registrations.map(({ path }) => path)).size).toBe(CONNECTORS);
        expect(registrations.length).toBeLessThanOrEqual(CONNECTORS + 2);
        // registry.max.in.flight is 8, and each took 100 ms.
        expect(registry.requests.peak(90, { operation: 'register', fromMs: openedAt })).toBeLessThanOrEqual(8);
        expect(await bench.failures()).toEqual([]);
      },
    );
  });

  it.each<ScriptedFault>([errorAnswer(503, 503), { kind: 'hang' }])('stop at once: $kind', async (fault) => {
    await withParked(CONNECTORS, fault, 0, async ({ bench }) => {
      expect(await bench.stopWorker()).toBeLessThan(AT_ONCE_MS);
    });
  });
});

describe('a worker process with parked source and sink', () => {
  it.each(['refused', 'hung'])('ends at once at SIGTERM: %s', async (how) => {
    const dir = tempDir('sigterm');
    const registry = await ScriptedRegistry.start({ ports: await freePorts(1) });
    const id = await registry.register('topic-value', sequenceSchema('Topic'));
    const bootstrapServers = `embedded:${join(dir, 'broker')}`;
    await withBroker(bootstrapServers, async (broker) => {
      await createTopic(broker, 'topic', 1);
      await produce(broker, 'topic', 0, [framed(id, sequenceSchema('Topic'), { seq: 0, text: '' })]);
    });
    appendFileSync(join(dir, 'in.jsonl'), '{"seq":0,"text":""}\n');
    if (how === 'refused') await registry.node(0).stop();
    else registry.node(0).freeze();
    const worker = await WorkerProcess.start({
      dir,
      bootstrapServers,
      settings: {
        ...avroConverters(registry.urls),
        'task.shutdown.graceful.timeout.ms': String(GRACEFUL_MS),
      },
      connectors: {
        source: {
          'connector.class': 'io.holdfast.connect.file.RecordFileSourceConnector',
          file: join(dir, 'in.jsonl'),
          topic: 'new',
          schema: sequenceSchema('New'),
        },
        sink: {
          'connector.class': 'io.holdfast.connect.file.RecordFileSinkConnector',
          file: join(dir, 'out.jsonl'),
          topics: 'topic',
        },
      },
    });
    try {
      for (const name of ['source', 'sink']) {
        await eventually(`${name} parked`, async () => (await worker.status(name)).tasks[0]?.parked !== undefined);
      }
      // It is killed if it takes longer.
      expect(await worker.stop(AT_ONCE_MS)).toEqual({ code: 0, signal: null });
    } finally {
      if (worker.process.isRunning) await worker.kill();
      await registry.stop();
    }
  });
});

describeWithKafka('a sink that is parked longer than its session timeout', (kafka) => {
  const SESSION_MS = 6_000;

  it('stays the member of its group that it was, and repeats nothing', async () => {
    const { bootstrapServers } = kafka();
    const dir = tempDir('session');
    const topic = uniqueName('parked');
    const out = join(dir, 'out.jsonl');
    const registry = await ScriptedRegistry.start({ ports: await freePorts(1) });
    const schema = sequenceSchema('Session');
    const id = await registry.register('session-value', schema);
    const connect = await (await connectFor(TASK_ISOLATION)).start({
      dir,
      settings: {
        'task.isolation': TASK_ISOLATION,
        'bootstrap.servers': bootstrapServers,
        'consumer.session.timeout.ms': String(SESSION_MS),
        'consumer.heartbeat.interval.ms': '1000',
        'consumer.max.poll.interval.ms': '6000',
        ...avroConverters(registry.urls),
      },
    });
    const members = (broker: Broker): Promise<readonly string[]> =>
      broker
        .admin({ settings: {}, logger: silentLogger })
        .describeGroups([`connect-${topic}`])
        .then(([group]) => group?.members.map(({ memberId }) => memberId) ?? []);
    try {
      await withBroker(bootstrapServers, async (broker) => {
        await createTopic(broker, topic, 1);
        await registry.node(0).stop();
        await produce(
          broker,
          topic,
          0,
          range(0, 50).map((seq) => framed(id, schema, { seq, text: '' })),
        );
        await connect.create(topic, {
          'connector.class': 'io.holdfast.connect.file.RecordFileSinkConnector',
          file: out,
          topics: topic,
        });
        await connect.waitFor('the park', async () => (await connect.status(topic)).tasks[0]?.parked);
        // A group that began before its new topic was known to all of the broker rebalances once more, with the same member.
        const before = await members(broker);
        expect(before).toHaveLength(1);
        const endsAt = performance.now() + SESSION_MS * 1.6;
        while (performance.now() < endsAt) {
          expect(await members(broker)).toEqual(before);
          await delay(500);
        }
        await registry.node(0).start();
        await registry.setPrimary(0);
        await connect.waitFor('the records', async () => sequenceIn(out).length >= 50);
        expect(firstDifference(sequenceIn(out), range(0, 50))).toBeUndefined();
        expect(await members(broker)).toEqual(before);
      });
    } finally {
      await connect.stop();
      await registry.stop();
    }
  }, 90_000);
});
