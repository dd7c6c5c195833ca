/**
 * `npm run bench:failover`: how long it takes from the moment at which the new primary of a registry takes schemas until the first
 * record with a new schema has gone from a source through a topic to a sink's file. A worker with an embedded broker, a scripted
 * registry of two nodes over sockets that behaves as Karapace 6.2 at a kill -9, with a shorter session. BENCH_FAILOVERS (30) is how many.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { errorAnswer, ScriptedRegistry } from '../src/testing/index.ts';
import { AvroBench, range, sequenceSchema } from '../test/support/avro-pipelines.ts';
import { freePorts } from '../test/support/ports.ts';
import { seededRandom, testSeed } from '../test/support/seeded-random.ts';
import { createTopic } from '../test/support/topic-content.ts';

const FAILOVERS = Number(process.env['BENCH_FAILOVERS'] ?? 30);
const RECORDS = 5;
const seed = testSeed();
const random = seededRandom(seed);

const registry = await ScriptedRegistry.start({ nodes: 2, vendor: 'karapace', ports: await freePorts(2) });
const bench = await AvroBench.start({ registryUrls: registry.urls });
const took: number[] = [];
try {
  for (const n of range(0, FAILOVERS)) {
    const hurt = n % 2;
    const survivor = 1 - hurt;
    const topic = `failover-${n}`;
    await createTopic(bench.broker, topic, 1);
    await bench.source(`source-${n}`, topic, sequenceSchema(`Failover${n}`));
    await bench.sink(`sink-${n}`, topic);
    await registry.node(hurt).stop();
    const refusing = registry.script({
      node: survivor,
      stage: 'write',
      fault: errorAnswer(500, 50003, 'Error while forwarding the request to the master.', 5),
    });
    bench.feed(`source-${n}`, range(0, RECORDS));
    await bench.parked(`source-${n}`);
    // The prober has reached its longest wait by then; the moment is any.
    await delay(4_000 + random() * 3_000);
    await registry.setPrimary(survivor);
    refusing.remove();
    const usableAt = performance.now();
    while (bench.delivered(`sink-${n}`).length === 0) await delay(1);
    took.push(performance.now() - usableAt);
    await bench.expectDelivered(`sink-${n}`, range(0, RECORDS));
    await registry.node(hurt).start();
    for (const name of [`source-${n}`, `sink-${n}`]) await bench.connect.request('DELETE', `/connectors/${name}`);
    console.log(`failover ${n + 1}: ${Math.round(took.at(-1) ?? 0)} ms`);
  }
} finally {
  await bench.stop();
  await registry.stop();
}

const sorted = took.toSorted((a, b) => a - b);
const at = (share: number): string =>
  `${Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)} ms`;
const lines = [
  '# From "the primary takes schemas" to "the first record is through"',
  '',
  `\`npm run bench:failover\`, ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, HOLDFAST_TEST_SEED=${seed}. Settings are the defaults.`,
  '',
  '| failovers | best | median | 90 % | worst |',
  '|---|---|---|---|---|',
  `| ${took.length} | ${at(0)} | ${at(0.5)} | ${at(0.9)} | ${at(1)} |`,
  '',
];
console.log(lines.join('\n'));
mkdirSync('bench/results', { recursive: true });
writeFileSync('bench/results/failover.md', lines.join('\n'));
