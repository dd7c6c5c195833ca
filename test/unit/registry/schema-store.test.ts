import { describe, expect, it } from 'vitest';
import { recordingLogger, silentLogger } from '../../../src/foundation/logger.ts';
import { type CompactedLog, type CompactedLogEntry, MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import { SchemaStore } from '../../../src/registry/schema-store.ts';
import type { SchemaQuestion } from '../../../src/sdk/schema-view.ts';
import {
  avro,
  byId,
  latest,
  lookup,
  NODE_A,
  NODE_B,
  register,
  Task,
  WorkerOfRegistries,
  wordsOf,
} from './worker-of-registries.ts';

const version = (subject: string, number: number): SchemaQuestion => ({
  kind: 'version',
  key: `${subject} v${number}`,
  subject,
  version: number,
});

describe('a worker that starts while the whole registry is down', () => {
  const restarted = async (config: Record<string, string> = {}) => {
    const log = new MemoryCompactedLog();
    const worker = await WorkerOfRegistries.open(log);
    const task = new Task(worker, worker.host());
    worker.registry.put('read', { schema: avro('read').schema });
    worker.registry.put('looked', { schema: avro('looked').schema });
    await task.start(byId(1));
    await task.start(lookup('looked'));
    await task.start(register('registered'));
    await task.start(version('read', 1));
    await worker.store?.flushed();
    await worker.coordinator.close();
    const again = await WorkerOfRegistries.open(log);
    again.registry.fault = () => 'refused';
    return {
      again,
      ask: (question: SchemaQuestion) => {
        const asking = new Task(again, again.host(), config);
        asking.begin(question);
        return again.clock.advance(5000).then(() => wordsOf(asking.answer ?? asking.view.peek(question)));
      },
    };
  };

  it('decodes and encodes what it knew', async () => {
    const { ask } = await restarted();
    expect(await ask(byId(1))).toBe('known 1');
    expect(await ask(byId(2))).toBe('known 2');
    expect(await ask(byId(3))).toBe('known 3');
    expect(await ask(lookup('looked'))).toBe('known 2');
    expect(await ask(register('looked'))).toBe('known 2');
    expect(await ask(register('registered'))).toBe('known 3');
    expect(await ask(version('read', 1))).toBe('known 1');
  });

  it('goes on after a second when the registry hangs, before its time limits are over', async () => {
    const { again } = await restarted();
    again.registry.fault = () => 'hung';
    const host = again.host();
    const known = [byId(1), register('registered'), version('read', 1)].map((each) =>
      new Task(again, host).start(each),
    );
    const unknown = new Task(again, host);
    unknown.begin(register('new'));
    await again.clock.advance(1_500);
    expect((await Promise.all(known)).map(wordsOf)).toEqual(['known 1', 'known 3', 'known 1']);
    expect(unknown.answer).toBeUndefined();
    await again.clock.advance(20_000);
    expect(unknown.answer).toBeUndefined();
    expect(again.gateState(':write')).not.toBe('open');
  });

  it('writes nothing without a proof for exactly this subject and schema', async () => {
    const { ask } = await restarted();
    expect(await ask(register('read'))).toBe('waiting write');
    expect(await ask(lookup('read'))).toBe('waiting read');
    expect(await ask(register('registered', avro('another')))).toBe('waiting write');
    expect(await ask(register('elsewhere', avro('registered')))).toBe('waiting write');
    expect(await ask(byId(4))).toBe('waiting read');
    expect(await ask(latest('read'))).toBe('waiting read');
  });

  it('knows the cluster by any of its nodes, and nothing of other clusters', async () => {
    const { ask } = await restarted({ 'schema.registry.url': `${NODE_B},${NODE_A}` });
    expect(await ask(byId(1))).toBe('known 1');
    const other = await restarted({ 'schema.registry.url': NODE_B });
    expect(await other.ask(byId(1))).toBe('waiting read');
  });
});

describe('SchemaStore', () => {
  const schema = (id: number) => ({
    clusterId: 'c',
    context: '',
    id,
    ...avro(`s${id}`),
    fingerprint: `f${id}`,
    sent: false,
    time: 5,
    epoch: '1',
  });

  it('keeps schemas, proofs, versions and bindings over a restart', async () => {
    const log = new MemoryCompactedLog();
    const store = await SchemaStore.open({ log, logger: silentLogger });
    const proof = {
      clusterId: 'c',
      subject: 's',
      text: 't',
      normalize: true,
      proof: 'looked-up',
      id: 1,
      time: 7,
      epoch: '2',
    } as const;
    store.remember(schema(1));
    store.prove(proof);
    store.rememberVersion({ clusterId: 'c', subject: 's', version: 3, id: 1 });
    store.bind(NODE_A, 'c');
    await store.flushed();
    const again = await SchemaStore.open({ log, logger: silentLogger });
    expect(again.schema('c', '', 1)).toEqual(schema(1));
    expect(again.schema('d', '', 1)).toBeUndefined();
    expect(again.schema('c', 'ctx', 1)).toBeUndefined();
    expect(again.proof('c', 's', 't', true)).toEqual(proof);
    expect(again.proof('c', 's', 't', false)).toBeUndefined();
    expect(again.version('c', 's', 3)?.id).toBe(1);
    expect(again.clusterAt(NODE_A)).toBe('c');
  });

  it('keeps what the second look has still to confirm over a restart, oldest first', async () => {
    const log = new MemoryCompactedLog();
    const store = await SchemaStore.open({ log, logger: silentLogger });
    const proof = (subject: string, time: number, clusterId = 'c') =>
      ({ clusterId, subject, text: 't', normalize: false, proof: 'registered', id: 1, time, epoch: '2' }) as const;
    for (const each of [proof('b', 8), proof('a', 7), proof('c', 9), proof('other', 1, 'd')]) store.prove(each);
    store.confirm(proof('b', 8), 68);
    // Acknowledged anew meanwhile: a look at the acknowledgement before says nothing of this one.
    store.confirm(proof('c', 5), 65);
    store.confirm(proof('unknown', 5), 65);
    await store.flushed();
    const again = await SchemaStore.open({ log, logger: silentLogger });
    expect(again.unconfirmed('c')).toEqual([proof('a', 7), proof('c', 9)]);
    expect(again.proof('c', 'b', 't', false)).toEqual({ ...proof('b', 8), confirmedAt: 68 });
    expect(again.proof('c', 'unknown', 't', false)).toBeUndefined();
  });

  it('stays bounded: what was written longest ago goes first', async () => {
    const log = new MemoryCompactedLog();
    const store = await SchemaStore.open({ log, logger: silentLogger, maxEntries: 3 });
    for (let id = 1; id <= 5; id++) store.remember(schema(id));
    await store.flushed();
    expect(store.size).toBe(3);
    expect(await log.load()).toHaveLength(3);
    expect(store.schema('c', '', 2)).toBeUndefined();
    expect(store.schema('c', '', 5)?.id).toBe(5);
  });

  it('goes on when its disk is full, says so once, and catches up', async () => {
    const memory = new MemoryCompactedLog();
    const full = { value: true };
    const log: CompactedLog = {
      load: () => memory.load(),
      close: () => memory.close(),
      append: (entries: readonly CompactedLogEntry[]) =>
        full.value ? Promise.reject(new Error('no space left on device')) : memory.append(entries),
    };
    const { logger, lines } = recordingLogger();
    const store = await SchemaStore.open({ log, logger });
    for (let id = 1; id <= 3; id++) {
      store.remember(schema(id));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(lines.map(({ level }) => level)).toEqual(['warn']);
    expect(store.schema('c', '', 2)?.id).toBe(2);
    await store.flushed();
    full.value = false;
    store.remember(schema(4));
    await store.flushed();
    expect(await memory.load()).toHaveLength(4);
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'info']);
  });

  it('does not use what it can not read', async () => {
    const log = new MemoryCompactedLog();
    const store = await SchemaStore.open({ log, logger: silentLogger });
    store.remember(schema(1));
    await store.flushed();
    const [entry] = await log.load();
    if (entry === undefined) throw new Error('nothing was stored');
    await log.append([
      { key: entry.key, value: '{"id": 1, "schema": 7}' },
      { key: 'x', value: 'no json' },
    ]);
    const again = await SchemaStore.open({ log, logger: silentLogger });
    expect(again.schema('c', '', 1)).toBeUndefined();
  });
});
