import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { errorAnswer, type ScriptedFault, ScriptedRegistry } from '../../src/testing/index.ts';
import {
  avroConverters,
  framed,
  range,
  sequenceIn,
  sequenceSchema,
  type Tolerance,
  tolerating,
} from '../support/avro-pipelines.ts';
import { freePorts } from '../support/ports.ts';
import { seededRandom, testSeed } from '../support/seeded-random.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTopic, produce, readTopic, withBroker } from '../support/topic-content.ts';
import { eventually, WorkerProcess } from '../support/worker-process.ts';

const ROUNDS = 10;
const PER_ROUND = 50;
const tolerances: readonly Tolerance[] = ['none', 'all'];
/** What is done to which requests; to all of them unless told. */
const faults: readonly (readonly ['by-id' | undefined, ScriptedFault])[] = [
  [undefined, { kind: 'pass' }],
  [undefined, { kind: 'cut' }],
  [undefined, { kind: 'hang' }],
  [undefined, { kind: 'lose-answer' }],
  [undefined, { kind: 'delay', ms: 300 }],
  [undefined, errorAnswer(500, 50003)],
  [undefined, errorAnswer(503, 503)],
  [undefined, { kind: 'answer', status: 500, body: 'Internal Server Error' }],
  [undefined, { kind: 'answer', status: 429, body: '', headers: { 'retry-after': '1' } }],
  ['by-id', errorAnswer(404, 40403)],
];

/** Every number is there, and after any of them comes the next one or one that was there already. */
function expectAtLeastOnceInOrder(sequence: readonly number[], count: number): void {
  expect(new Set(sequence).size).toBe(count);
  const leaps = sequence.filter((seq, n) => seq > (sequence[n - 1] ?? -1) + 1);
  expect(leaps).toEqual([]);
}

describe.each(tolerances)('invariants 3 and 4, errors.tolerance=%s', (tolerance) => {
  it('hold over ten kills of the worker, with new schemas in each life, while the registry comes and goes', async () => {
    const seed = testSeed();
    console.log(`HOLDFAST_TEST_SEED=${seed}`);
    const random = seededRandom(seed);
    const below = (end: number): number => Math.floor(random() * end);
    const dir = tempDir('flapping');
    const registry = await ScriptedRegistry.start({ nodes: 2, ports: await freePorts(2) });
    const bootstrapServers = `embedded:${join(dir, 'broker')}`;
    const file = (name: string): string => join(dir, `${name}.jsonl`);
    const names = range(0, ROUNDS).map((n) => `round-${n}`);
    const source = (name: string, n: number): Readonly<Record<string, string>> => ({
      'connector.class': 'io.holdfast.connect.file.RecordFileSourceConnector',
      file: file(name),
      topic: name,
      schema: sequenceSchema(`Round${n}`),
      ...tolerating(tolerance),
    });
    const sink = (topics: string): Readonly<Record<string, string>> => ({
      'connector.class': 'io.holdfast.connect.file.RecordFileSinkConnector',
      file: file(`${topics}-out`),
      topics,
      ...tolerating(tolerance, 'dlq'),
    });
    const connectors: Record<string, Readonly<Record<string, string>>> = { foreign: sink('foreign') };
    const start = (): Promise<WorkerProcess> =>
      WorkerProcess.start({
        dir,
        bootstrapServers,
        settings: { ...avroConverters(registry.urls), 'value.converter.http.read.timeout.ms': '1000' },
        connectors,
      });
    let isOver = false;
    const flapping = (async () => {
      while (!isOver) {
        const [operation, fault] = faults[below(faults.length)] ?? [undefined, { kind: 'cut' as const }];
        const node = below(2) === 0 ? [0] : [0, 1];
        const rule = registry.script({ node, fault, ...(operation === undefined ? {} : { operation }) });
        await delay(100 + below(900));
        rule.remove();
        if (below(3) === 0) await delay(below(500));
      }
    })();
    let worker: WorkerProcess | undefined;
    try {
      await withBroker(bootstrapServers, (broker) => createTopic(broker, 'foreign', 1));
      for (const [n, name] of names.entries()) {
        const schema = sequenceSchema(`Foreign${n}`);
        const id = await registry.register(`foreign-${n}`, schema);
        await withBroker(bootstrapServers, (broker) =>
          produce(
            broker,
            'foreign',
            0,
            range(n * PER_ROUND, (n + 1) * PER_ROUND).map((seq) => framed(id, schema, { seq, text: '' })),
          ),
        );
        connectors[name] = source(name, n);
        connectors[`${name}-sink`] = sink(name);
        worker = await start();
        for (let from = 0; from < PER_ROUND; from += 10) {
          appendFileSync(
            file(name),
            range(from, from + 10)
              .map((seq) => `{"seq":${seq},"text":""}\n`)
              .join(''),
          );
          await delay(below(150));
        }
        expect(await worker.failures(...Object.keys(connectors))).toEqual([]);
        await worker.kill();
      }
      isOver = true;
      await flapping;
      worker = await start();
      await eventually(
        'every record',
        () => new Set(sequenceIn(file('foreign-out'))).size === ROUNDS * PER_ROUND,
        60_000,
      );
      for (const name of names) {
        await eventually(
          `every record of ${name}`,
          () => new Set(sequenceIn(file(`${name}-out`))).size === PER_ROUND,
          60_000,
        );
      }
      expect(await worker.failures(...Object.keys(connectors))).toEqual([]);
      await worker.stop();
      expectAtLeastOnceInOrder(sequenceIn(file('foreign-out')), ROUNDS * PER_ROUND);
      for (const name of names) expectAtLeastOnceInOrder(sequenceIn(file(`${name}-out`)), PER_ROUND);
      await withBroker(bootstrapServers, async (broker) => expect((await readTopic(broker, 'dlq')).flat()).toEqual([]));
      // No acknowledged id stands for anything else, and no schema stands there twice.
      const versions = registry.schemas().map(({ subject, version }) => `${subject} ${version}`);
      expect(new Set(versions).size).toBe(versions.length);
    } finally {
      isOver = true;
      if (worker?.process.isRunning) await worker.kill();
      await registry.stop();
    }
  });
});
