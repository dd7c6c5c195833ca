import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { createEmbeddedBroker } from '../../src/broker/embedded/embedded-broker.ts';
import { createEmbeddedRegistry, type EmbeddedRegistry } from '../../src/embedded-registry/embedded-registry.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { AvroBench, Flow, framed, range, sequenceSchema, type Tolerance, tolerating } from './avro-pipelines.ts';
import { fetchJson } from './fetch-json.ts';
import { freePorts } from './ports.ts';
import { tempDir } from './temp-dir.ts';
import { createTopic, produce, readTopic } from './topic-content.ts';
import { uniqueName } from './unique-name.ts';

/** A registry of two nodes over a broker of its own. */
export async function startRegistry(
  options: Partial<Parameters<typeof createEmbeddedRegistry>[0]> = {},
): Promise<{ readonly registry: EmbeddedRegistry; readonly urls: readonly string[]; stop(): Promise<void> }> {
  const broker = await createEmbeddedBroker({ dir: join(tempDir('registry'), 'broker'), logger: silentLogger });
  const registry = await createEmbeddedRegistry({
    broker,
    nodes: 2,
    host: '127.0.0.1',
    ports: await freePorts(options.nodes ?? 2),
    clock: systemClock,
    logger: silentLogger,
    ...options,
  });
  return {
    registry,
    urls: registry.nodes.map(({ url }) => url),
    stop: async () => {
      await registry.stop();
      await broker.close();
    },
  };
}

/** Registers over HTTP, as another client would; resolves with the id. */
export async function registerAt(url: string, subject: string, schema: string): Promise<number> {
  const { status, body } = await fetchJson(`${url}/subjects/${subject}/versions`, { body: { schema } });
  if (status !== 200) throw new Error(`the registry answered ${status}: ${JSON.stringify(body)}`);
  return body.id;
}

export interface OutageStory {
  readonly tolerance: Tolerance;
  readonly outageMs: number;
  /** Takes the registry away; resolves when it is gone. */
  readonly takeAway: (registry: EmbeddedRegistry) => Promise<void>;
  /** Resolves when it takes new schemas again. */
  readonly bringBack: (registry: EmbeddedRegistry) => Promise<void>;
  readonly settings?: Readonly<Record<string, string>>;
  /** A Kafka, in place of an embedded broker. */
  readonly bootstrapServers?: string;
}

export interface OutageReport {
  readonly throughOutage: number;
  readonly longestGapMs: number;
  readonly firstNewRecordMs: number;
  readonly slowestRestAnswerMs: number;
}

/**
 * Source, topic and sink of a schema that is known flow all the time; meanwhile the registry goes away, and a source with a new schema
 * and a sink that reads a new id park. All is delivered afterwards: once, in order, and nothing else happened.
 */
export async function tellOutageStory(story: OutageStory): Promise<OutageReport> {
  const { tolerance, outageMs } = story;
  const run = uniqueName('story');
  const { registry, urls, stop } = await startRegistry();
  const bench = await AvroBench.start({
    registryUrls: urls,
    settings: story.settings ?? {},
    bootstrapServers: story.bootstrapServers,
  });
  // Of its own for each story: a Kafka is shared.
  const named = (name: string): string => `${run}-${name}`;
  let flow: Flow | undefined;
  try {
    const foreign = sequenceSchema('Foreign');
    const later = sequenceSchema('Later', ',{"name":"more","type":["null","string"],"default":null}');
    const [foreignId, laterId] = [
      await registerAt(urls[0] ?? '', named('foreign-value'), foreign),
      await registerAt(urls[0] ?? '', named('later-value'), later),
    ];
    await createTopic(bench.broker, named('foreign'), 2);
    await bench.source(named('known-source'), named('known'), sequenceSchema('Known'), tolerating(tolerance));
    await bench.sink(named('known-sink'), named('known'), tolerating(tolerance, named('dlq')));
    await bench.source(named('new-source'), named('new'), sequenceSchema('New'), tolerating(tolerance));
    await bench.sink(named('new-sink'), named('new'), tolerating(tolerance, named('dlq')));
    await bench.sink(named('foreign-sink'), named('foreign'), tolerating(tolerance, named('dlq')));
    const ofForeign = (seq: number): Buffer => framed(foreignId, foreign, { seq, text: 'f' });
    const ofLater = (seq: number): Buffer => framed(laterId, later, { seq, text: 'l', more: null });
    await produce(bench.broker, named('foreign'), 0, range(0, 50).map(ofForeign));
    flow = new Flow(bench, named('known-source'), named('known-sink'));
    const before = flow;
    await bench.connect.waitFor('the known flow', async () => bench.delivered(named('known-sink')).length > 50);
    await bench.expectDelivered(named('foreign-sink'), range(0, 50));

    await story.takeAway(registry);
    const endsAt = performance.now() + outageMs;
    const deliveredAtStart = bench.delivered(named('known-sink')).length;
    flow.takeLongestGapMs();
    bench.feed(named('new-source'), range(0, 40));
    // The partition with the new id waits from that record on; the other one flows.
    await produce(bench.broker, named('foreign'), 0, [
      ...range(50, 60).map(ofForeign),
      ...range(60, 70).map(ofLater),
      ...range(70, 80).map(ofForeign),
    ]);
    await produce(bench.broker, named('foreign'), 1, range(1000, 1050).map(ofForeign));
    const park = await bench.parked(named('new-source'));
    expect(park).toMatchObject({ partitions: [], code: expect.stringMatching(/^holdfast\.registry\./) });
    expect(park.reason).not.toBe('');
    expect(park.dependency).toMatch(/registry/);
    expect(Date.parse(park.since)).toBeGreaterThan(Date.now() - 60_000);
    const reading = await bench.parked(named('foreign-sink'));
    expect(reading.partitions).toEqual([named('foreign-0')]);
    await bench.connect.waitFor(
      'the records of known schemas',
      async () => bench.delivered(named('foreign-sink')).filter((seq) => seq < 60 || seq >= 1000).length === 110,
    );
    while (performance.now() < endsAt) {
      await delay(Math.min(250, Math.max(1, endsAt - performance.now())));
      expect(await bench.failures()).toEqual([]);
    }
    const throughOutage = bench.delivered(named('known-sink')).length - deliveredAtStart;
    const longestGapMs = Math.round(flow.takeLongestGapMs());
    // Once it is told that nobody answers, the park says when it is looked for again.
    const last = await bench.parked(named('new-source'));
    expect(last).toMatchObject({ code: 'holdfast.registry.unavailable', dependency: 'schema registry (writes)' });
    expect(last.attempts).toBeGreaterThan(0);
    expect(Date.parse(last.next_probe ?? '')).toBeGreaterThan(Date.now() - 10_000);
    expect(await bench.parked(named('foreign-sink'))).toMatchObject({
      code: 'holdfast.registry.unavailable',
      dependency: 'schema registry (reads)',
      partitions: [named('foreign-0')],
    });
    expect(bench.delivered(named('foreign-sink')).filter((seq) => seq >= 60 && seq < 1000)).toEqual([]);

    const returning = story.bringBack(registry);
    const usable = returning.then(() => performance.now());
    await bench.connect.waitFor(
      'the first record with the new schema',
      async () => bench.delivered(named('new-sink')).length > 0,
      60_000,
    );
    const firstNewRecordMs = Math.round(performance.now() - (await usable));
    await flow.stop();
    await bench.expectDelivered(named('known-sink'), range(0, before.count));
    await bench.expectDelivered(named('new-sink'), range(0, 40));
    await bench.connect.waitFor(
      'the foreign records',
      async () => bench.delivered(named('foreign-sink')).length >= 130,
    );
    const foreigners = bench.delivered(named('foreign-sink'));
    expect(foreigners.filter((seq) => seq < 1000)).toEqual(range(0, 80));
    expect(foreigners.filter((seq) => seq >= 1000)).toEqual(range(1000, 1050));
    for (const name of [
      named('known-source'),
      named('new-source'),
      named('known-sink'),
      named('new-sink'),
      named('foreign-sink'),
    ]) {
      await bench.notParked(name);
    }
    expect(await bench.failures()).toEqual([]);
    expect((await readTopic(bench.broker, named('dlq'))).flat()).toEqual([]);
    expect((await readTopic(bench.broker, named('known'))).flat()).toHaveLength(before.count);
    expect((await readTopic(bench.broker, named('new'))).flat()).toHaveLength(40);
    return { throughOutage, longestGapMs, firstNewRecordMs, slowestRestAnswerMs: Math.round(bench.slowestAnswerMs) };
  } finally {
    await flow?.stop();
    await bench.stop();
    await stop();
  }
}

/** Every node's port refuses, as after SIGKILL. */
export async function killAll(registry: EmbeddedRegistry): Promise<void> {
  for (const index of registry.nodes.keys()) await registry.stopNode(index);
}

export async function startAll(registry: EmbeddedRegistry): Promise<void> {
  for (const index of registry.nodes.keys()) await registry.startNode(index);
  await registry.writable();
}

/** Every node accepts and never answers, as under SIGSTOP. */
export async function freezeAll(registry: EmbeddedRegistry): Promise<void> {
  for (const index of registry.nodes.keys()) registry.freezeNode(index);
}

export async function thawAll(registry: EmbeddedRegistry): Promise<void> {
  for (const index of registry.nodes.keys()) registry.thawNode(index);
  await registry.writable();
}
