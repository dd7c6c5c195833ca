/** Invariant 6 over restarts: a store that could be read only after the worker had begun, and one that holds what was contradicted. */
import { expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { type CompactedLogEntry, MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import { contentFingerprint } from '../../../src/registry/fingerprint.ts';
import { SchemaStore } from '../../../src/registry/schema-store.ts';
import { formatEntry, nodeKey, schemaKey } from '../../../src/registry/stored-entries.ts';
import { error } from './scripted-transport.ts';
import { avro, byId, NODE_A, register, Task, WorkerOfRegistries, wordsOf } from './worker-of-registries.ts';

const CLUSTER = 'kafka-cluster=kafka-1;schema-registry-cluster=sr';
const binding = { key: nodeKey(NODE_A), value: formatEntry({ clusterId: CLUSTER }) };
const stored = (id: number, name: string): CompactedLogEntry => {
  const schema = { clusterId: CLUSTER, context: '', id, ...avro(name), fingerprint: contentFingerprint(avro(name)) };
  return { key: schemaKey(CLUSTER, '', id), value: formatEntry({ ...schema, sent: false, time: 1, epoch: 'e' }) };
};

class LateLog extends MemoryCompactedLog {
  read: (entries: CompactedLogEntry[]) => void = () => {};
  private readonly late = new Promise<CompactedLogEntry[]>((resolve) => {
    this.read = resolve;
  });

  override load(): Promise<CompactedLogEntry[]> {
    return this.late;
  }
}

function began() {
  const log = new LateLog();
  const { store, loaded } = SchemaStore.begin({ log, logger: recordingLogger().logger });
  const read = async (...entries: CompactedLogEntry[]): Promise<void> => {
    log.read(entries);
    await loaded;
    await worker.clock.advance(1000);
  };
  const worker = new WorkerOfRegistries({ store });
  return { worker, read };
}

it('stops who uses an id that means something else than the store says, and keeps what the store says', async () => {
  const { worker, read } = began();
  worker.registry.put('a', { schema: avro('Now').schema }, 1);
  const task = new Task(worker, worker.host());
  expect(wordsOf(await task.start(byId(1)))).toBe('known 1');
  await read(binding, stored(1, 'Before'));
  expect(worker.notices).toMatchObject([{ kind: 'contradicted', id: 1 }]);
  expect(wordsOf(task.view.peek(byId(1)))).toBe('refused holdfast.registry.content-changed');
  // Restarted without anything being mended, it is found again.
  await worker.clock.advance(5000);
  expect(wordsOf(await new Task(worker, worker.host()).start(byId(1)))).toBe(
    'refused holdfast.registry.content-changed',
  );
});

it('asks every node at once who it is: another cluster than before stops everything', async () => {
  const { worker, read } = began();
  worker.registry.clusterId = 'kafka-OTHER';
  worker.registry.put('a', { schema: avro('Other').schema }, 1);
  await new Task(worker, worker.host()).start(byId(1));
  await read(binding, stored(1, 'Before'));
  expect(worker.notices).toMatchObject([{ kind: 'distrusted' }]);
});

it('counts the ids of earlier runs when it is asked whether ids went back', async () => {
  const { worker, read } = began();
  worker.registry.put('a', { schema: avro('a').schema }, 1);
  await new Task(worker, worker.host()).start(byId(1));
  await new Task(worker, worker.host()).start(register('x', avro('x')));
  await read(binding, stored(900, 'Nine'));
  const task = new Task(worker, worker.host());
  task.begin(register('y', avro('y')));
  await worker.clock.advance(10_000);
  expect(task.parkedAt).toMatch(/barrier:3$/);
});

it('tells nobody when all is as the store says', async () => {
  const { worker, read } = began();
  worker.registry.put('a', { schema: avro('a').schema }, 1);
  const task = new Task(worker, worker.host());
  await task.start(byId(1));
  await read(binding, stored(1, 'a'));
  expect(worker.notices).toEqual([]);
  expect(wordsOf(task.view.peek(byId(1)))).toBe('known 1');
});

it('gives no id to a writer that was contradicted before the worker was restarted in an outage', async () => {
  const log = new MemoryCompactedLog();
  const before = await WorkerOfRegistries.open(log);
  const text = avro('a');
  expect(wordsOf(await new Task(before, before.host()).start(register('a', text)))).toBe('known 1');
  // The registry has lost it, and gives the schema another id.
  before.registry.schemas.clear();
  before.registry.nextId = 5;
  before.registry.fault = ({ path }) => (/ids\/1\b/.test(path) ? error(404, 40403, 'Schema not found') : undefined);
  await before.clock.advance(120_000);
  expect(before.notices).toMatchObject([{ kind: 'contradicted', id: 1 }]);
  await before.store?.flushed();
  const after = await WorkerOfRegistries.open(log);
  after.registry.fault = () => 'refused';
  const writer = new Task(after, after.host());
  writer.begin(register('a', text));
  const reader = new Task(after, after.host());
  reader.begin(byId(1));
  await after.clock.advance(10_000);
  expect(writer.answer).toBeUndefined();
  // Records that carry it are read as what it was written for.
  expect(wordsOf(reader.answer)).toBe('known 1');
});
