import { describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import type { CompactedLog, CompactedLogEntry } from '../../../src/registry/compacted-log.ts';
import type { StoredContradiction } from '../../../src/registry/first-known.ts';
import { SchemaStore } from '../../../src/registry/schema-store.ts';
import {
  formatEntry,
  HEADER_KEY,
  nodeKey,
  proofKey,
  type StoredProof,
  type StoredSchema,
  schemaKey,
} from '../../../src/registry/stored-entries.ts';

const schema = (id: number, more: Partial<StoredSchema> = {}): StoredSchema => ({
  clusterId: 'c',
  context: '',
  id,
  schemaType: 'AVRO',
  schema: '"int"',
  references: [],
  fingerprint: `f${id}`,
  sent: false,
  time: 5,
  epoch: '1',
  ...more,
});
const proof = (subject: string, time: number, more: Partial<StoredProof> = {}): StoredProof => ({
  clusterId: 'c',
  subject,
  text: 't',
  normalize: false,
  proof: 'registered',
  id: 1,
  time,
  epoch: '2',
  ...more,
});
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A log whose every step a test decides on; what is appended waits until the test lets it through. */
class SlowLog implements CompactedLog {
  readonly batches: (readonly CompactedLogEntry[])[] = [];
  private readonly waiting: { readonly done: () => void; readonly fail: (error: Error) => void }[] = [];
  tell: (entries: readonly CompactedLogEntry[]) => void = () => {};
  content: CompactedLogEntry[] = [];
  loading: Promise<void> = Promise.resolve();
  closed = false;

  async load(): Promise<readonly CompactedLogEntry[]> {
    await this.loading;
    return this.content;
  }

  append(entries: readonly CompactedLogEntry[]): Promise<void> {
    this.batches.push(entries);
    return new Promise((done, fail) => this.waiting.push({ done, fail }));
  }

  follow(listener: (entries: readonly CompactedLogEntry[]) => void): void {
    this.tell = listener;
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  /** Ends the append that waits longest. */
  async end(error?: Error): Promise<void> {
    const append = this.waiting.shift();
    if (append === undefined) throw new Error('nothing is being written');
    if (error === undefined) append.done();
    else append.fail(error);
    await settled();
  }

  /** Ends all appends, those that begin meanwhile included. */
  async endAll(): Promise<void> {
    while (this.waiting.length > 0) await this.end();
  }

  /** Ids of schemas by batch; `-` is the header, a key what is no schema. */
  get written(): (readonly (number | string)[])[] {
    return this.batches.map((batch) =>
      batch.map(({ key }) =>
        key === HEADER_KEY ? '-' : key.startsWith('["schema"') ? Number(JSON.parse(key)[3]) : key,
      ),
    );
  }
}

async function open(content: readonly CompactedLogEntry[] = [{ key: HEADER_KEY, value: formatEntry({}) }]) {
  const log = new SlowLog();
  log.content = [...content];
  const { logger, lines } = recordingLogger();
  const store = await SchemaStore.open({ log, logger });
  const codes = () => lines.splice(0).map(({ level, fields }) => `${level} ${String(fields['code'])}`);
  return { log, store, codes };
}
const STORE = 'holdfast.registry.store';
const full = new Error('no space left on device');
const entry = (what: StoredSchema): CompactedLogEntry => ({
  key: schemaKey(what.clusterId, what.context, what.id),
  value: formatEntry(what),
});

describe('what a schema store writes', () => {
  it('begins with a header, unless there is one', async () => {
    const { log, store } = await open([]);
    store.remember(schema(1));
    await log.end();
    store.remember(schema(2));
    expect(log.written).toEqual([['-', 1], [2]]);
    const again = await open();
    again.store.remember(schema(1));
    expect(again.log.written).toEqual([[1]]);
    const newer = await open([{ key: HEADER_KEY, value: '{"v":2}' }]);
    newer.store.remember(schema(1));
    expect(newer.log.written).toEqual([[1]]);
    const other = await open([entry(schema(1))]);
    other.store.remember(schema(2));
    expect(other.log.written).toEqual([['-', 2]]);
  });

  it('goes one batch after the other, each with all that came meanwhile', async () => {
    const { log, store } = await open();
    for (const id of [1, 2, 3]) store.remember(schema(id));
    expect(log.written).toEqual([[1]]);
    await log.end();
    expect(log.written).toEqual([[1], [2, 3]]);
    await log.end();
    expect(log.batches).toHaveLength(2);
    store.remember(schema(4));
    expect(log.written.at(-1)).toEqual([4]);
  });

  it('is not what it knows already', async () => {
    const { log, store } = await open();
    const guid = {
      clusterId: 'c',
      guid: 'g',
      schemaType: 'AVRO',
      schema: '"int"',
      references: [],
      time: 1,
      epoch: 'e',
    } as const;
    const version = { clusterId: 'c', subject: 's', version: 1, id: 1 };
    for (let n = 0; n < 2; n++) {
      store.bind('http://a', 'c');
      store.rememberGuid(guid);
      store.rememberVersion(version);
    }
    store.rememberVersion({ ...version, id: 2 });
    await log.end();
    expect(log.batches.flat()).toHaveLength(4);
    expect(store.version('c', 's', 1)?.id).toBe(2);
    store.bind('http://a', 'd');
    expect(store.clusterAt('http://a')).toBe('d');
  });

  it('is waited for by who wants it to be durable', async () => {
    const { log, store } = await open();
    await store.flushed();
    store.remember(schema(1));
    store.remember(schema(2));
    let flushed = false;
    const waiting = store.flushed().then(() => {
      flushed = true;
    });
    await log.end();
    expect(flushed).toBe(false);
    await log.end();
    await waiting;
    expect(flushed).toBe(true);
    await store.flushed();
    expect(log.batches).toHaveLength(2);
  });

  it('is tried once more, and no more, when somebody waits for it and the disk is full', async () => {
    const { log, store, codes } = await open();
    store.remember(schema(1));
    await log.end(full);
    expect([log.written, codes()]).toEqual([[[1]], [`warn ${STORE}`]]);
    const waiting = store.flushed();
    await settled();
    expect(log.written).toEqual([[1], [1]]);
    await log.end(full);
    await waiting;
    expect([log.batches.length, codes()]).toEqual([2, []]);
    store.remember(schema(2));
    expect(log.written.at(-1)).toEqual([1, 2]);
    await log.end();
    expect(codes()).toEqual([`info ${STORE}`]);
    store.remember(schema(3));
    await log.end();
    expect(codes()).toEqual([]);
  });

  it('is bounded while nothing can be written: the latest stay', async () => {
    const { log, store } = await open();
    for (let id = 1; id <= 10_001; id++) store.remember(schema(id));
    await log.end(full);
    const waiting = store.flushed();
    await settled();
    const [first, last] = [log.written.at(-1)?.[0], log.written.at(-1)?.at(-1)];
    expect([log.batches.at(-1)?.length, first, last]).toEqual([10_000, 2, 10_001]);
    await log.end();
    await waiting;
  });
});

describe('a schema store that is closed', () => {
  it('writes the rest behind what is being written, and nothing after that', async () => {
    const { log, store, codes } = await open();
    for (const id of [1, 2, 3]) store.remember(schema(id));
    let closed = false;
    const closing = store.close().then(() => {
      closed = true;
    });
    expect(log.written).toEqual([[1], [2, 3]]);
    store.remember(schema(4));
    await settled();
    expect([log.closed, closed]).toEqual([true, false]);
    await log.end();
    expect(closed).toBe(false);
    await log.end();
    await closing;
    await store.flushed();
    expect([log.batches.length, codes()]).toEqual([2, []]);
    expect(store.schema('c', '', 4)?.id).toBe(4);
  });

  it('writes nothing when there is nothing', async () => {
    const { log, store } = await open();
    await store.close();
    expect(log.batches).toEqual([]);
  });

  it('says when the rest could not be written, unless that was said', async () => {
    const { log, store, codes } = await open();
    for (const id of [1, 2]) store.remember(schema(id));
    const closing = store.close();
    await log.end();
    await log.end(full);
    await closing;
    expect(codes()).toEqual([`warn ${STORE}`]);
    const again = await open();
    again.store.remember(schema(1));
    await again.log.end(full);
    again.codes();
    const closingAgain = again.store.close();
    await again.log.end(full);
    await closingAgain;
    expect(again.codes()).toEqual([]);
  });

  it('does not tell of a write that was under way, and tries it no more', async () => {
    const { log, store, codes } = await open();
    store.remember(schema(1));
    const closing = store.close();
    await log.end(full);
    await closing;
    await store.flushed();
    expect([log.batches.length, codes()]).toEqual([1, []]);
  });

  it('before it was read reads no more', async () => {
    const log = new SlowLog();
    let finish: () => void = () => {};
    log.loading = new Promise((resolve) => {
      finish = resolve;
    });
    log.content = [entry(schema(1))];
    const { store, loaded } = SchemaStore.begin({ log, logger: recordingLogger().logger });
    store.remember(schema(2));
    await store.close();
    finish();
    await loaded;
    expect([log.batches, store.size]).toEqual([[], 1]);
  });
});

describe('what a schema store reads', () => {
  it('is told when it can not be read, and forgotten if it was known', async () => {
    const { log, store, codes } = await open([{ key: 'x', value: 'no json' }]);
    expect(codes()).toEqual([`warn ${STORE}`]);
    store.remember(schema(1));
    log.tell([{ key: schemaKey('c', '', 1), value: 'no json' }]);
    expect([store.schema('c', '', 1), codes()]).toEqual([undefined, [`warn ${STORE}`]]);
  });

  it('of a newer version is told once, and replaces what was known', async () => {
    const { log, store, codes } = await open();
    store.remember(schema(1));
    for (const id of [1, 2]) log.tell([{ key: schemaKey('c', '', id), value: '{"v":2}' }]);
    expect([store.schema('c', '', 1), codes()]).toEqual([undefined, ['warn holdfast.registry.store-newer']]);
    // Known again, and not written, until somebody writes it in our format or removes it.
    await log.end();
    for (const id of [1, 2]) store.remember(schema(id));
    expect(log.written).toEqual([[1]]);
    log.tell([entry(schema(1)), { key: schemaKey('c', '', 2), value: null }]);
    for (const id of [1, 2]) store.remember(schema(id));
    await log.end();
    expect(log.written.slice(1).flat()).toEqual([1, 2]);
  });

  it('has what waits for a second look by age', async () => {
    const { store } = await open();
    for (const each of [proof('a', 9), proof('b', 7), proof('d', 8)]) store.prove(each);
    expect(store.unconfirmed('c').map(({ subject }) => subject)).toEqual(['b', 'd', 'a']);
  });

  it('keeps when a second look confirmed it first', async () => {
    const { store } = await open();
    store.prove(proof('a', 9));
    store.confirm(proof('a', 9, { id: 2 }), 60);
    expect(store.unconfirmed('c')).toHaveLength(1);
    for (const at of [70, 80]) store.confirm(proof('a', 9), at);
    expect(store.proof('c', 'a', 't', false)?.confirmedAt).toBe(70);
  });
});

describe('invariant 6: what others write', () => {
  const CHANGED = 'error holdfast.registry.content-changed';
  const OTHER = 'error holdfast.registry.other-cluster';

  // What was known, what comes, whether it is a contradiction.
  it.each<[Partial<StoredSchema>, Partial<StoredSchema>, boolean]>([
    [{}, { fingerprint: 'f1', time: 9 }, false],
    [{}, { fingerprint: 'g' }, true],
    [{ schemaType: 'PROTOBUF' }, { schemaType: 'PROTOBUF', fingerprint: 'g' }, true],
    [{ sent: true }, { sent: true, fingerprint: 'g' }, true],
    [{ sent: true }, { fingerprint: 'g' }, true],
    [{}, { sent: true, fingerprint: 'g' }, true],
    [{ sent: true }, {}, false],
    [{ sent: true, schemaType: 'JSON' }, { sent: true, schemaType: 'JSON', fingerprint: 'g' }, false],
    [{ sent: true, schemaType: 'PROTOBUF' }, { sent: true, schemaType: 'PROTOBUF', fingerprint: 'g' }, false],
  ])('does not change what an id means: %j, %j: %s', async (before, now, contradicts) => {
    const { log, store, codes } = await open();
    store.remember(schema(1, before));
    log.tell([entry(schema(1, { ...now, schema: '"other"' }))]);
    expect(codes()).toEqual(contradicts ? [CHANGED] : []);
    expect(store.schema('c', '', 1)?.schema).toBe(contradicts ? '"int"' : '"other"');
  });

  it('replaces a text that was sent by what the registry made of it, and not the other way round', async () => {
    const { log, store, codes } = await open();
    const schemaType = 'PROTOBUF';
    store.remember(schema(1, { schemaType, sent: true }));
    store.remember(schema(2, { schemaType }));
    const others = [
      schema(1, { schemaType, fingerprint: 'g' }),
      schema(2, { schemaType, sent: true, fingerprint: 'g' }),
    ];
    log.tell(others.map(entry));
    expect([store.schema('c', '', 1)?.fingerprint, store.schema('c', '', 2)?.fingerprint]).toEqual(['g', 'f2']);
    expect(codes()).toEqual([]);
  });

  it('does not lead a node to another cluster, unless it had no name', async () => {
    const { log, store, codes } = await open();
    const tell = (node: string, clusterId: unknown) =>
      log.tell([{ key: nodeKey(node), value: formatEntry({ clusterId }) }]);
    store.bind('http://a', 'sr=c');
    store.bind('http://b', 'unidentified:http://b');
    tell('http://a', 'sr=c');
    tell('http://b', 'sr=d');
    expect([store.clusterAt('http://b'), codes()]).toEqual(['sr=d', []]);
    tell('http://a', 'sr=d');
    expect([store.clusterAt('http://a'), codes()]).toEqual(['sr=c', [OTHER]]);
  });

  it.each([
    ['sr=c;kafka=k', 'the parts in another order'],
    ['unidentified:http://a', 'no name'],
    ['sr=d', 'another cluster'],
  ])('is not what the next run reads of a node: %s, %s', async (other) => {
    const { log, store } = await open();
    store.bind('http://a', 'kafka=k;sr=c');
    await log.end();
    const told = { key: nodeKey('http://a'), value: formatEntry({ clusterId: other }) };
    log.tell([told]);
    expect(store.clusterAt('http://a')).toBe('kafka=k;sr=c');
    const next = await open([{ key: HEADER_KEY, value: formatEntry({}) }, told, ...(log.batches[1] ?? [])]);
    expect(next.store.clusterAt('http://a')).toBe('kafka=k;sr=c');
  });

  it('is not what the next run reads of an id, but two workers do not write in turns for ever', async () => {
    const { log, store } = await open();
    store.remember(schema(1));
    await log.end();
    const other = entry(schema(1, { fingerprint: 'g' }));
    log.tell([other]);
    expect(log.batches.slice(1)).toEqual([[entry(schema(1))]]);
    await log.end();
    log.tell([other]);
    log.tell([other]);
    expect(log.batches).toHaveLength(2);
    // Of another id, or what all agree on, nothing was written.
    log.tell([entry(schema(2)), entry(schema(1, { time: 9 }))]);
    expect(log.batches).toHaveLength(2);
  });

  it('is restored within bounds', async () => {
    const { log, store } = await open();
    const ids = Array.from({ length: 10_005 }, (_, at) => at + 1);
    for (const id of ids) store.remember(schema(id));
    await log.end();
    await log.end();
    log.tell(ids.map((id) => entry(schema(id, { fingerprint: 'g' }))));
    await log.end();
    expect(log.batches.slice(2).flat()).toHaveLength(10_000);
    expect(store.schema('c', '', 10_005)).toEqual(schema(10_005));
  });

  it('may be anything of what is no schema and no node', async () => {
    const { log, store, codes } = await open();
    store.prove(proof('a', 9));
    log.tell([{ key: proofKey('c', 'a', 't', false), value: formatEntry(proof('a', 10, { id: 2, clusterId: 'd' })) }]);
    expect([store.proof('c', 'a', 't', false)?.id, codes()]).toEqual([2, []]);
  });

  it('is not believed of a key that stands for something else', async () => {
    const { log, store } = await open();
    store.remember(schema(1));
    log.tell([{ key: schemaKey('c', '', 1), value: formatEntry(proof('a', 1)) }]);
    expect(store.schema('c', '', 1)).toBeUndefined();
    log.tell([entry(schema(1))]);
    expect(store.schema('c', '', 1)).toEqual(schema(1));
  });
});

describe('a cluster that goes by another name', () => {
  const before = { clusterId: 'unidentified:u' };

  it('has all that was kept under the one before, which others may still call it by', async () => {
    const { store, codes } = await open();
    const text = { schemaType: 'AVRO', schema: '"int"', references: [], time: 5, epoch: '1' } as const;
    store.remember(schema(1, before));
    store.remember(schema(2, { ...before, context: 'x' }));
    store.remember(schema(3, { clusterId: 'another' }));
    store.prove(proof('a', 5, before));
    store.rememberVersion({ ...before, subject: 'a', version: 1, id: 1 });
    store.rememberGuid({ ...before, guid: 'g', ...text });
    store.bind('http://u', before.clusterId);
    expect(store.adopt(before.clusterId, 'c')).toEqual([]);
    expect(store.schema('c', '', 1)).toEqual(schema(1));
    expect(store.schema('c', 'x', 2)).toEqual(schema(2, { context: 'x' }));
    expect(store.schema('c', '', 3)).toBeUndefined();
    expect(store.proof('c', 'a', 't', false)).toEqual(proof('a', 5));
    expect(store.version('c', 'a', 1)).toEqual({ clusterId: 'c', subject: 'a', version: 1, id: 1 });
    expect(store.guid('c', 'g')).toEqual({ clusterId: 'c', guid: 'g', ...text });
    expect([store.clusterAt('http://u'), store.schema(before.clusterId, '', 1)?.id]).toEqual([before.clusterId, 1]);
    expect(codes()).toEqual([]);
    // Once more, for another client: nothing is new.
    const { size, bytes } = store;
    expect(store.adopt(before.clusterId, 'c')).toEqual([]);
    expect([store.size, store.bytes]).toEqual([size, bytes]);
  });

  it('invariant 6: means by an id what it meant under the name that it has now, and says what contradicts it', async () => {
    const { store, codes } = await open();
    const other = schema(1, { ...before, fingerprint: 'g' });
    store.remember(schema(1));
    store.remember(other);
    expect(store.adopt(before.clusterId, 'c')).toEqual([{ before: schema(1), now: { ...other, clusterId: 'c' } }]);
    expect([store.schema('c', '', 1), codes()]).toEqual([schema(1), ['error holdfast.registry.content-changed']]);
  });

  it('invariant 6: means by an id what it meant first, if that was under the name before', async () => {
    const { store, codes } = await open();
    const first = schema(1, { fingerprint: 'g', time: 4 });
    store.remember(schema(1));
    store.remember({ ...first, ...before });
    expect(store.adopt(before.clusterId, 'c')).toEqual([{ before: first, now: schema(1) }]);
    expect([store.schema('c', '', 1), codes()]).toEqual([first, ['error holdfast.registry.content-changed']]);
  });

  it('invariant 6: leaves what was overruled out of its log, and in memory for the clients that have yet to be told', async () => {
    const { log, store } = await open();
    const other = schema(1, { ...before, fingerprint: 'g' });
    for (const each of [schema(1), other, schema(2, before)]) store.remember(each);
    store.prove(proof('a', 5, before));
    const found = store.adopt(before.clusterId, 'c');
    expect(store.adopt(before.clusterId, 'c')).toEqual(found);
    expect([found.length, store.schema(before.clusterId, '', 1)]).toEqual([1, other]);
    await log.endAll();
    const last = new Map(log.batches.flat().map(({ key, value }) => [key, value]));
    expect([...last].filter(([, value]) => value === null).map(([key]) => key)).toEqual([
      schemaKey(before.clusterId, '', 1),
      proofKey(before.clusterId, 'a', 't', false),
    ]);
  });

  it('leaves all that it means by an id in its log when that was first under the name before', async () => {
    const { log, store } = await open();
    store.remember(schema(1));
    store.remember(schema(1, { ...before, fingerprint: 'g', time: 4 }));
    expect(store.adopt(before.clusterId, 'c')).toHaveLength(1);
    await log.endAll();
    expect(log.batches.flat().filter(({ value }) => value === null)).toEqual([]);
  });

  // What is kept under the name that it has now, what under the one before, and whether that takes its place.
  it.each<[Partial<StoredSchema>, Partial<StoredSchema>, boolean]>([
    [{}, { time: 9 }, false],
    [{}, { sent: true, time: 9 }, false],
    [{ sent: true }, { schema: ' "int"' }, true],
    [{ schemaType: 'PROTOBUF', sent: true }, { schemaType: 'PROTOBUF', fingerprint: 'g' }, true],
    [{ schemaType: 'PROTOBUF' }, { schemaType: 'PROTOBUF', sent: true, fingerprint: 'g' }, false],
  ])('has the text that the registry gave: %j, %j: %s', async (kept, brought, isReplaced) => {
    const { store } = await open();
    store.remember(schema(1, kept));
    store.remember(schema(1, { ...before, ...brought }));
    expect(store.adopt(before.clusterId, 'c')).toEqual([]);
    expect(store.schema('c', '', 1)).toEqual(schema(1, isReplaced ? brought : kept));
  });

  it.each<[Partial<StoredProof>, Partial<StoredProof>, boolean]>([
    [{ time: 5 }, { time: 9, id: 2 }, true],
    [{ time: 9 }, { time: 5, id: 2 }, false],
    [{ time: 5, confirmedAt: 9 }, { time: 8 }, false],
    [{ time: 8 }, { time: 5, contradictedAt: 9 }, true],
    [{ time: 5, contradictedAt: 9 }, { time: 8 }, false],
    [{ time: 5, contradictedAt: 6 }, { time: 8 }, true],
  ])('counts what was said last of a proof: %j, %j: %s', async (kept, brought, isReplaced) => {
    const { store } = await open();
    store.prove(proof('a', 0, kept));
    store.prove(proof('a', 0, { ...before, ...brought }));
    store.adopt(before.clusterId, 'c');
    expect(store.proof('c', 'a', 't', false)).toEqual(proof('a', 0, isReplaced ? brought : kept));
  });

  it('has the version that was read last', async () => {
    const { store } = await open();
    store.rememberVersion({ clusterId: 'c', subject: 'a', version: 1, id: 1 });
    store.rememberVersion({ ...before, subject: 'a', version: 1, id: 2 });
    store.adopt(before.clusterId, 'c');
    expect(store.version('c', 'a', 1)?.id).toBe(2);
  });
});

it('knows since when the registry vouched for a text that was sent, though it gave another form of it since', async () => {
  const { store } = await open();
  store.remember(schema(1, { sent: true }));
  store.remember(schema(1, { schema: ' "int"', time: 9, epoch: '2' }));
  expect(store.schema('c', '', 1)).toEqual(schema(1, { schema: ' "int"' }));
});

describe('invariant 6: what was learned while the log was read', () => {
  it('is told to whoever uses the store when it contradicts what was there', async () => {
    const log = new SlowLog();
    log.content = [entry(schema(1)), entry(schema(2))];
    const { store, loaded } = SchemaStore.begin({ log, logger: recordingLogger().logger });
    const told: (readonly StoredContradiction[])[] = [];
    store.onLoaded((found) => told.push(found));
    const other = schema(1, { fingerprint: 'g' });
    store.remember(other);
    store.remember(schema(2, { time: 9 }));
    await loaded;
    expect(told).toEqual([[{ before: schema(1), now: other }]]);
  });
});
