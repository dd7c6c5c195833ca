/** Invariant 6 over several runs: what lost against what was known first does not come back, and is told of once. */
import { expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import { SchemaStore } from '../../../src/registry/schema-store.ts';
import { LateLog } from './late-log.ts';
import { avro, byId, Task, WorkerOfRegistries, wordsOf } from './worker-of-registries.ts';

const CLUSTER = 'kafka-cluster=kafka-1;schema-registry-cluster=sr';
const DAY_MS = 86_400_000;
const clockOf = (run: number) => new ManualClock({ startMs: 1_000_000_000 + DAY_MS * run });

/** It is asked for id 1 before the log of the runs before can be read. */
async function lateRun(run: number, before: MemoryCompactedLog, name: string, clusterId: string | undefined) {
  const log = new LateLog();
  const { logger, lines } = recordingLogger();
  const { store, loaded } = SchemaStore.begin({ log, logger });
  const worker = new WorkerOfRegistries({ store, clock: clockOf(run) });
  worker.registry.clusterId = clusterId;
  worker.registry.put('a', { schema: avro(name).schema }, 1);
  const task = new Task(worker, worker.host());
  expect(wordsOf(await task.start(byId(1)))).toBe('known 1');
  await worker.clock.advance(1000);
  log.read(await before.load());
  await loaded;
  await worker.clock.advance(10_000);
  await store.flushed();
  return { task, store, lines, notices: worker.notices, after: await log.copy() };
}

it('keeps what was first when something nameless contradicted it once, in every run after that', async () => {
  const log = new MemoryCompactedLog();
  const kept = await SchemaStore.open({ log, logger: recordingLogger().logger });
  const first = new WorkerOfRegistries({ store: kept, clock: clockOf(0) });
  first.registry.put('a', { schema: avro('Right').schema }, 1);
  await new Task(first, first.host()).start(byId(1));
  await kept.flushed();
  const second = await lateRun(1, log, 'Wrong', undefined);
  expect(second.notices).toMatchObject([{ kind: 'contradicted', id: 1 }]);
  expect(second.store.schema(CLUSTER, '', 1)?.schema).toBe(avro('Right').schema);
  // All is mended.
  const third = await lateRun(2, second.after, 'Right', 'kafka-1');
  expect([third.notices, third.lines]).toEqual([[], []]);
  expect(wordsOf(third.task.view.peek(byId(1)))).toBe('known 1');
  expect(third.store.schema(CLUSTER, '', 1)?.schema).toBe(avro('Right').schema);
  // The registry is away at the next start: records are decoded by what the store has.
  const store = await SchemaStore.open({ log: third.after, logger: recordingLogger().logger });
  const fourth = new WorkerOfRegistries({ store, clock: clockOf(3) });
  fourth.registry.fault = () => 'refused';
  const task = new Task(fourth, fourth.host());
  task.begin(byId(1));
  await fourth.clock.advance(10_000);
  expect(task.view.peek(byId(1))).toMatchObject({ kind: 'known', schema: { schema: avro('Right').schema } });
});

it('takes what came again with equal content for as old as it is', async () => {
  const first = await lateRun(0, new MemoryCompactedLog(), 'Right', 'kafka-1');
  const again = await lateRun(1, first.after, 'Right', 'kafka-1');
  expect(again.store.schema(CLUSTER, '', 1)).toEqual(first.store.schema(CLUSTER, '', 1));
});
