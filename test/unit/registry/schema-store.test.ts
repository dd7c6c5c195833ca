import { describe, expect, it } from 'vitest';
import { recordingLogger, silentLogger } from '../../../src/foundation/logger.ts';
import { type CompactedLog, type CompactedLogEntry, MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import { SchemaStore } from '../../../src/registry/schema-store.ts';
import {
  formatEntry,
  HEADER_KEY,
  proofKey,
  type StoredSchema,
  schemaKey,
} from '../../../src/registry/stored-entries.ts';
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

  it('marks what was contradicted, over a restart, until it is acknowledged or confirmed anew', async () => {
    const log = new MemoryCompactedLog();
    const store = await SchemaStore.open({ log, logger: silentLogger });
    const proof = (subject: string, id: number) =>
      ({ clusterId: 'c', subject, text: 't', normalize: false, proof: 'registered', id, time: 1, epoch: '2' }) as const;
    for (const each of [proof('a', 1), proof('b', 1), proof('c', 2), proof(':.x:a', 1)]) store.prove(each);
    store.confirm(proof('b', 1), 5);
    store.contradict('c', '', 1, 7);
    store.contradict('c', '', 1, 9);
    await store.flushed();
    const again = await SchemaStore.open({ log, logger: silentLogger });
    const marked = (): (number | undefined)[] =>
      ['a', 'b', 'c', ':.x:a'].map((subject) => again.proof('c', subject, 't', false)?.contradictedAt);
    expect(marked()).toEqual([7, 7, undefined, undefined]);
    // It is still to be looked at, so that it is found again if nobody has mended it.
    expect(again.unconfirmed('c').map(({ subject }) => subject)).toContain('a');
    again.confirm(proof('a', 1), 20);
    again.prove(proof('b', 1));
    expect(marked()).toEqual([undefined, undefined, undefined, undefined]);
    expect(again.proof('c', 'a', 't', false)?.confirmedAt).toBe(20);
  });

  it('stays bounded: what was written longest ago goes first', async () => {
    const log = new MemoryCompactedLog();
    const store = await SchemaStore.open({ log, logger: silentLogger, maxEntries: 3 });
    for (let id = 1; id <= 5; id++) store.remember(schema(id));
    await store.flushed();
    expect(store.size).toBe(3);
    expect((await log.load()).map(({ key }) => key)).toEqual([
      HEADER_KEY,
      ...[3, 4, 5].map((id) => schemaKey('c', '', id)),
    ]);
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
    expect(await memory.load()).toHaveLength(5);
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'info']);
  });

  it('does not use what it can not read', async () => {
    const log = new MemoryCompactedLog();
    const store = await SchemaStore.open({ log, logger: silentLogger });
    store.remember(schema(1));
    await store.flushed();
    const entry = (await log.load()).find(({ key }) => key === schemaKey('c', '', 1));
    if (entry === undefined) throw new Error('nothing was stored');
    await log.append([
      { key: entry.key, value: '{"id": 1, "schema": 7}' },
      { key: 'x', value: 'no json' },
    ]);
    const again = await SchemaStore.open({ log, logger: silentLogger });
    expect(again.schema('c', '', 1)).toBeUndefined();
  });

  const proofOf = (id: number, subject = `s${id}`) =>
    ({ clusterId: 'c', subject, text: 't', normalize: false, proof: 'registered', id, time: 7, epoch: '2' }) as const;

  it('stays within its bytes, and drops with a schema what is of no use without it', async () => {
    const log = new MemoryCompactedLog();
    const long = (id: number) => ({ ...schema(id), schema: JSON.stringify('x'.repeat(1000)) });
    const store = await SchemaStore.open({ log, logger: silentLogger, maxBytes: 4000 });
    store.bind(NODE_A, 'c');
    for (let id = 1; id <= 5; id++) {
      store.remember(long(id));
      store.prove(proofOf(id));
      store.rememberVersion({ clusterId: 'c', subject: `s${id}`, version: 1, id });
      // The first is in use, so it is not the first to go.
      expect(store.schema('c', '', 1)?.id).toBe(1);
    }
    await store.flushed();
    expect(store.bytes).toBeLessThanOrEqual(4000);
    const again = await SchemaStore.open({ log, logger: silentLogger });
    for (const each of [store, again]) {
      const kept = [1, 2, 3, 4, 5].filter((id) => each.schema('c', '', id) !== undefined);
      expect(kept).toContain(1);
      expect(kept).not.toContain(2);
      for (const id of [1, 2, 3, 4, 5].filter((id) => !kept.includes(id))) {
        expect(each.version('c', `s${id}`, 1)).toBeUndefined();
        expect(each.proof('c', `s${id}`, 't', false)).toBeUndefined();
      }
      expect(each.proof('c', 's5', 't', false)?.id).toBe(5);
      expect(each.clusterAt(NODE_A)).toBe('c');
    }
  });

  it('keeps no proof of a schema that had to go', async () => {
    const log = new MemoryCompactedLog();
    const store = await SchemaStore.open({ log, logger: silentLogger, maxEntries: 3 });
    store.remember(schema(1));
    store.prove(proofOf(1));
    store.remember(schema(2));
    expect(store.size).toBe(3);
    store.remember(schema(3));
    await store.flushed();
    expect(store.size).toBe(2);
    expect((await log.load()).map(({ key }) => key)).toEqual([
      HEADER_KEY,
      schemaKey('c', '', 2),
      schemaKey('c', '', 3),
    ]);
  });

  it('drops what is too much when it is opened with lower limits', async () => {
    const log = new MemoryCompactedLog();
    const store = await SchemaStore.open({ log, logger: silentLogger });
    for (let id = 1; id <= 5; id++) store.remember(schema(id));
    await store.flushed();
    const again = await SchemaStore.open({ log, logger: silentLogger, maxEntries: 2 });
    expect(again.size).toBe(2);
    await again.flushed();
    expect(await log.load()).toHaveLength(3);
  });

  it('reads entries of before they had a format version', async () => {
    const log = new MemoryCompactedLog();
    await log.append([{ key: schemaKey('c', '', 1), value: JSON.stringify(schema(1)) }]);
    const store = await SchemaStore.open({ log, logger: silentLogger });
    expect(store.schema('c', '', 1)).toEqual(schema(1));
  });

  it('leaves what a newer version wrote as it is, and says so once', async () => {
    const log = new MemoryCompactedLog();
    const newer = [HEADER_KEY, schemaKey('c', '', 1), proofKey('c', 's2', 't', false)].map((key) => ({
      key,
      value: '{"v":2,"form":"other"}',
    }));
    await log.append([...newer, { key: schemaKey('c', '', 2), value: formatEntry(schema(2)) }]);
    const { logger, lines } = recordingLogger();
    const store = await SchemaStore.open({ log, logger, maxEntries: 2 });
    expect(lines.map(({ fields }) => fields['code'])).toEqual(['holdfast.registry.store-newer']);
    expect(store.schema('c', '', 1)).toBeUndefined();
    expect(store.schema('c', '', 2)).toEqual(schema(2));
    // What is learned of it anew counts in memory, until it has to make room there.
    store.remember(schema(1));
    store.prove(proofOf(2));
    expect(store.proof('c', 's2', 't', false)).toEqual(proofOf(2));
    for (let id = 3; id <= 6; id++) store.remember(schema(id));
    await store.flushed();
    const kept = new Map((await log.load()).map(({ key, value }) => [key, value]));
    for (const { key, value } of newer) expect(kept.get(key)).toBe(value);
  });

  it('is of use while it loads, and what it learned meanwhile is written after', async () => {
    const { log, finish } = slowLog();
    await log.append([
      { key: schemaKey('c', '', 1), value: formatEntry(schema(1)) },
      { key: schemaKey('c', '', 2), value: formatEntry(schema(2)) },
    ]);
    const { logger, lines } = recordingLogger();
    const { store, loaded } = SchemaStore.begin({ log, logger });
    store.remember({ ...schema(2), schema: ' "int"', time: 9, epoch: 'later' });
    store.remember(schema(3));
    store.bind(NODE_A, 'c');
    expect(store.schema('c', '', 1)).toBeUndefined();
    expect(store.schema('c', '', 3)?.id).toBe(3);
    finish();
    await loaded;
    await store.flushed();
    expect(lines).toEqual([]);
    const again = await SchemaStore.open({ log: log.inner, logger: silentLogger });
    expect(again.schema('c', '', 1)).toEqual(schema(1));
    // It was vouched for as early as before.
    expect(again.schema('c', '', 2)).toEqual({ ...schema(2), schema: ' "int"' });
    expect(again.schema('c', '', 3)).toEqual(schema(3));
    expect(again.clusterAt(NODE_A)).toBe('c');
  });

  it('invariant 6: keeps the first of what contradicts when it loads late, and says so', async () => {
    const { log, finish } = slowLog();
    const read: StoredSchema = { ...schema(2), schemaType: 'PROTOBUF' };
    const sent = { ...read, sent: true, fingerprint: 'sent' };
    await log.append([
      { key: schemaKey('c', '', 1), value: formatEntry(schema(1)) },
      { key: schemaKey('c', '', 2), value: formatEntry(sent) },
      { key: JSON.stringify(['node', NODE_A]), value: formatEntry({ clusterId: 'c' }) },
      { key: JSON.stringify(['node', NODE_B]), value: formatEntry({ clusterId: 'unidentified:x' }) },
    ]);
    const { logger, lines } = recordingLogger();
    const { store, loaded } = SchemaStore.begin({ log, logger });
    store.remember({ ...schema(1), fingerprint: 'other' });
    store.remember(read);
    store.bind(NODE_A, 'd');
    store.bind(NODE_B, 'd');
    finish();
    await loaded;
    expect(lines.map(({ fields }) => fields['code']).sort()).toEqual([
      'holdfast.registry.content-changed',
      'holdfast.registry.other-cluster',
    ]);
    expect(store.schema('c', '', 1)?.fingerprint).toBe('f1');
    expect(store.schema('c', '', 2)?.sent).toBe(false);
    expect(store.clusterAt(NODE_A)).toBe('c');
    expect(store.clusterAt(NODE_B)).toBe('d');
  });

  it('takes over what other workers write into the same log, but no contradiction', async () => {
    let tell: (entries: readonly CompactedLogEntry[]) => void = () => {};
    const memory = new MemoryCompactedLog();
    const log: CompactedLog = {
      load: () => memory.load(),
      append: (entries) => memory.append(entries),
      close: () => memory.close(),
      follow: (listener) => {
        tell = listener;
      },
    };
    const { logger, lines } = recordingLogger();
    const store = await SchemaStore.open({ log, logger });
    for (const id of [1, 2, 3]) store.remember(schema(id));
    await store.flushed();
    const before = await memory.load();
    tell([
      { key: schemaKey('c', '', 1), value: formatEntry({ ...schema(1), fingerprint: 'other' }) },
      { key: schemaKey('c', '', 2), value: null },
      { key: schemaKey('c', '', 3), value: formatEntry({ ...schema(3), time: 9 }) },
      { key: schemaKey('c', '', 4), value: formatEntry(schema(4)) },
    ]);
    expect(lines.map(({ level }) => level)).toEqual(['error']);
    expect(store.schema('c', '', 1)?.fingerprint).toBe('f1');
    expect(store.schema('c', '', 2)).toBeUndefined();
    expect(store.schema('c', '', 3)?.time).toBe(9);
    expect(store.schema('c', '', 4)).toEqual(schema(4));
    await store.flushed();
    // Only what is kept against the others is written, again.
    const [first, ...others] = before.filter(({ key }) => key.startsWith('["schema"'));
    expect((await memory.load()).filter(({ key }) => key.startsWith('["schema"'))).toEqual([...others, first]);
  });

  it('goes on in memory only when its log can not be read', async () => {
    const memory = new MemoryCompactedLog();
    const log: CompactedLog = {
      load: () => Promise.reject(new Error('not authorized')),
      append: (entries) => memory.append(entries),
      close: () => memory.close(),
    };
    const { store, loaded } = SchemaStore.begin({ log, logger: silentLogger });
    await expect(loaded).rejects.toThrow('not authorized');
    store.remember(schema(1));
    expect(store.schema('c', '', 1)).toEqual(schema(1));
    await store.close();
    expect(await memory.load()).toEqual([]);
  });

  it('makes what is pending durable when it is closed, also behind a write that hangs', async () => {
    const memory = new MemoryCompactedLog();
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const log: CompactedLog = {
      load: () => memory.load(),
      append: async (entries) => {
        await held;
        await memory.append(entries);
      },
      close: async () => release(),
    };
    const store = await SchemaStore.open({ log, logger: silentLogger });
    store.remember(schema(1));
    store.remember(schema(2));
    store.remember(schema(3));
    await store.close();
    expect((await memory.load()).map(({ key }) => key)).toEqual([
      HEADER_KEY,
      ...[1, 2, 3].map((id) => schemaKey('c', '', id)),
    ]);
  });
});

/** A log whose reading takes until `finish`. */
function slowLog() {
  const inner = new MemoryCompactedLog();
  let finish: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const log = {
    inner,
    load: () => held.then(() => inner.load()),
    append: (entries: readonly CompactedLogEntry[]) => inner.append(entries),
    close: () => inner.close(),
  };
  return { log, finish: () => finish() };
}

describe('the highest id', () => {
  const schemaOf = (id: number): StoredSchema => ({
    clusterId: 'c',
    context: '',
    id,
    schemaType: 'AVRO',
    schema: '"string"',
    references: [],
    fingerprint: 'f',
    sent: false,
    time: 1,
    epoch: 'e',
  });

  it('counts for each cluster and context apart', async () => {
    const store = await SchemaStore.open({ log: new MemoryCompactedLog(), logger: silentLogger });
    expect(store.highestId('c', '')).toBeUndefined();
    for (const id of [3, 9, 4]) store.remember(schemaOf(id));
    store.remember({ ...schemaOf(50), context: 'other' });
    store.remember({ ...schemaOf(70), clusterId: 'd' });
    expect(store.highestId('c', '')).toBe(9);
    expect(store.highestId('c', 'other')).toBe(50);
    expect(store.highestId('d', '')).toBe(70);
  });
});
