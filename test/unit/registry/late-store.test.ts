/** Invariant 6 over restarts: a store that could be read only after the worker had begun, and one that holds what was contradicted. */
import { describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { type CompactedLogEntry, MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import { contentFingerprint, textFingerprint } from '../../../src/registry/fingerprint.ts';
import { SchemaStore } from '../../../src/registry/schema-store.ts';
import { formatEntry, nodeKey, proofKey, schemaKey } from '../../../src/registry/stored-entries.ts';
import { LateLog } from './late-log.ts';
import { error } from './scripted-transport.ts';
import { avro, byId, NODE_A, NODE_B, register, Task, WorkerOfRegistries, wordsOf } from './worker-of-registries.ts';

const CLUSTER = 'kafka-cluster=kafka-1;schema-registry-cluster=sr';
const binding = { key: nodeKey(NODE_A), value: formatEntry({ clusterId: CLUSTER }) };
const stored = (id: number, name: string): CompactedLogEntry => {
  const schema = { clusterId: CLUSTER, context: '', id, ...avro(name), fingerprint: contentFingerprint(avro(name)) };
  return { key: schemaKey(CLUSTER, '', id), value: formatEntry({ ...schema, sent: false, time: 1, epoch: 'e' }) };
};

function began(nodes: readonly string[] = [NODE_A]) {
  const log = new LateLog();
  const { logger, lines } = recordingLogger();
  const { store, loaded } = SchemaStore.begin({ log, logger });
  const read = async (...entries: CompactedLogEntry[]): Promise<void> => {
    log.read(entries);
    await loaded;
    await worker.clock.advance(1000);
  };
  const worker = new WorkerOfRegistries({ store, nodes });
  /** The registry is away, and a worker starts with what is left. */
  const restarted = async (list = nodes): Promise<{ worker: WorkerOfRegistries; task: Task }> => {
    await store.flushed();
    const again = await WorkerOfRegistries.open(await log.copy(), { nodes: list });
    again.registry.fault = () => 'refused';
    return { worker: again, task: new Task(again, again.host(), { 'schema.registry.url': list.join(',') }) };
  };
  return { worker, read, store, lines, restarted };
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

it.each([401, 403, 405])('stops who uses such an id though the name of the cluster is hidden by %i', async (status) => {
  const { worker, read, store } = began();
  const code = status === 405 ? 405 : status * 100 + 1;
  worker.registry.fault = ({ path }) => (path === '/v1/metadata/id' ? error(status, code, 'no') : undefined);
  worker.registry.put('a', { schema: avro('Now').schema }, 1);
  const task = new Task(worker, worker.host());
  expect(wordsOf(await task.start(byId(1)))).toBe('known 1');
  await read(binding, stored(1, 'Before'));
  expect(worker.notices).toMatchObject([{ kind: 'contradicted', id: 1 }]);
  expect(wordsOf(task.view.peek(byId(1)))).toBe('refused holdfast.registry.content-changed');
  expect(store.schema(CLUSTER, '', 1)?.schema).toBe(avro('Before').schema);
});

it('asks every node at once who it is: another cluster than before stops everything', async () => {
  const { worker, read } = began();
  worker.registry.clusterId = 'kafka-OTHER';
  worker.registry.put('a', { schema: avro('Other').schema }, 1);
  await new Task(worker, worker.host()).start(byId(1));
  await read(binding, stored(1, 'Before'));
  expect(worker.notices).toMatchObject([{ kind: 'distrusted' }]);
});

it('stops everything at once for another cluster than before, though none of its nodes answers', async () => {
  const { worker, read, store } = began();
  worker.registry.clusterId = 'kafka-OTHER';
  worker.registry.put('a', { schema: avro('Other').schema }, 1);
  const task = new Task(worker, worker.host());
  await task.start(byId(1));
  worker.registry.fault = () => 'refused';
  await read(binding, stored(1, 'Before'));
  await worker.clock.advance(60_000);
  expect(worker.notices).toMatchObject([{ kind: 'distrusted' }]);
  expect(wordsOf(task.view.peek(byId(1)))).toBe('refused holdfast.registry.other-cluster');
  // It is back, and does not tell any more who it is.
  Object.assign(worker.registry, { clusterId: undefined, fault: () => undefined });
  await worker.clock.advance(60_000);
  expect(wordsOf(await new Task(worker, worker.host()).start(byId(2)))).toBe('refused holdfast.registry.other-cluster');
  expect(store.clusterAt(NODE_A)).toBe(CLUSTER);
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

describe('a cluster that tells only later who it is', () => {
  it('is known in the next run by what it gave before it told', async () => {
    const log = new MemoryCompactedLog();
    const worker = await WorkerOfRegistries.open(log);
    const { clusterId } = worker.registry;
    worker.registry.clusterId = undefined;
    worker.registry.put('a', { schema: avro('a').schema }, 1);
    const task = new Task(worker, worker.host());
    expect(wordsOf(await task.start(byId(1)))).toBe('known 1');
    expect(wordsOf(await task.start(register('orders')))).toBe('known 2');
    // It is asked again who it is once it was away.
    worker.registry.fault = () => 'refused';
    task.begin(byId(3));
    await worker.clock.advance(5000);
    Object.assign(worker.registry, { clusterId, fault: () => undefined });
    worker.registry.put('c', { schema: avro('c').schema }, 3);
    await worker.clock.advance(20_000);
    expect([wordsOf(task.answer), worker.store?.clusterAt(NODE_A)]).toEqual(['known 3', CLUSTER]);
    await worker.store?.flushed();
    const after = await WorkerOfRegistries.open(log);
    after.registry.fault = () => 'refused';
    const next = new Task(after, after.host());
    const asked = [byId(1), register('orders'), byId(3)];
    for (const question of asked) next.begin(question);
    await after.clock.advance(20_000);
    expect(asked.map((question) => wordsOf(next.view.peek(question)))).toEqual(['known 1', 'known 2', 'known 3']);
  });

  it('invariant 6: is stopped when the store knows an id that it gave before by other content', async () => {
    const log = new MemoryCompactedLog();
    await log.append([stored(1, 'Before')]);
    const worker = await WorkerOfRegistries.open(log);
    const { clusterId } = worker.registry;
    worker.registry.clusterId = undefined;
    worker.registry.put('a', { schema: avro('Now').schema }, 1);
    const task = new Task(worker, worker.host());
    await task.start(byId(1));
    worker.registry.fault = () => 'refused';
    task.begin(byId(3));
    await worker.clock.advance(5000);
    Object.assign(worker.registry, { clusterId, fault: () => undefined });
    await worker.clock.advance(20_000);
    expect(worker.notices).toMatchObject([{ kind: 'contradicted', id: 1 }]);
  });
});

describe('invariant 6: an id that no longer is in memory', () => {
  const config = { 'registry.cache.size': '100', 'max.schemas.per.subject': '1' };
  const ids = Array.from({ length: 150 }, (_, at) => at + 1);
  const CHANGED = 'refused holdfast.registry.content-changed';

  /** More of them than there is room for. */
  async function readAll(worker: WorkerOfRegistries, settings: Record<string, string> = config): Promise<Task> {
    for (const id of ids) worker.registry.put(`s${id}`, { schema: avro(`S${id}`).schema }, id);
    const task = new Task(worker, worker.host(), settings);
    for (const id of ids) expect(wordsOf(await task.start(byId(id)))).toBe(`known ${id}`);
    return task;
  }
  /** It goes away, and is back with a name and other content of id 1. */
  async function comeBack(worker: WorkerOfRegistries, task: Task, clusterId: string | undefined): Promise<void> {
    worker.registry.fault = () => 'refused';
    task.begin(byId(200));
    await worker.clock.advance(5000);
    Object.assign(worker.registry, { clusterId, fault: () => undefined });
    worker.registry.put('x', { schema: avro('X').schema }, 200);
    worker.registry.schemas.set(1, { schema: avro('Changed').schema });
    await worker.clock.advance(20_000);
    expect(worker.store?.clusterAt(NODE_A)).toBe(CLUSTER);
  }

  it('is compared though the cluster has told its name since', async () => {
    const worker = await WorkerOfRegistries.open(new MemoryCompactedLog());
    const { clusterId } = worker.registry;
    worker.registry.clusterId = undefined;
    const task = await readAll(worker);
    await comeBack(worker, task, clusterId);
    expect(wordsOf(await new Task(worker, worker.host(), config).start(byId(1)))).toBe(CHANGED);
  });

  it('is compared by another client, too, though the cluster has told its name only to the first', async () => {
    const worker = await WorkerOfRegistries.open(new MemoryCompactedLog());
    const { clusterId } = worker.registry;
    worker.registry.clusterId = undefined;
    const task = await readAll(worker);
    const headers = { ...config, 'request.header.a': 'b' };
    await readAll(worker, headers);
    expect(worker.coordinator.snapshots()).toHaveLength(2);
    await comeBack(worker, task, clusterId);
    expect(wordsOf(await new Task(worker, worker.host(), headers).start(byId(1)))).toBe(CHANGED);
  });

  it('is compared though the cluster has told its name only after a restart', async () => {
    const log = new MemoryCompactedLog();
    const worker = await WorkerOfRegistries.open(log);
    worker.registry.clusterId = undefined;
    await readAll(worker);
    await worker.store?.flushed();
    const next = await WorkerOfRegistries.open(log);
    next.registry.put('s1', { schema: avro('Changed').schema }, 1);
    expect(wordsOf(await new Task(next, next.host(), config).start(byId(1)))).toBe(CHANGED);
  });

  it.each([
    ['by the same name', CLUSTER],
    ['by another name', CLUSTER.split(';').reverse().join(';')],
    ['by the name of its URL', undefined],
  ])('stops its users when the store that is read late contradicts it, and knows the cluster %s', async (_, name) => {
    const { worker, read } = began();
    if (name === undefined) worker.registry.clusterId = undefined;
    const task = await readAll(worker);
    const clusterId = name ?? CLUSTER;
    const schema = {
      clusterId,
      context: '',
      id: 1,
      ...avro('Before'),
      fingerprint: contentFingerprint(avro('Before')),
    };
    await read(
      { key: nodeKey(NODE_A), value: formatEntry({ clusterId }) },
      { key: schemaKey(clusterId, '', 1), value: formatEntry({ ...schema, sent: false, time: 1, epoch: 'e' }) },
    );
    expect(worker.notices).toMatchObject([{ kind: 'contradicted', id: 1 }]);
    expect(wordsOf(task.view.peek(byId(1)))).toBe(CHANGED);
    expect(worker.store?.schema(clusterId, '', 150)?.schema).toBe(avro('S150').schema);
  });
});

describe('a cluster that was named by itself while the store was read', () => {
  const named = (clusterId: string, node = NODE_A): CompactedLogEntry => ({
    key: nodeKey(node),
    value: formatEntry({ clusterId }),
  });
  const storedAs = (clusterId: string, id: number, name: string): CompactedLogEntry => {
    const schema = { clusterId, context: '', id, ...avro(name), fingerprint: contentFingerprint(avro(name)) };
    return { key: schemaKey(clusterId, '', id), value: formatEntry({ ...schema, sent: false, time: 1, epoch: 'e' }) };
  };
  type Case = readonly [name: string, told: string | undefined, stored: string, list: readonly string[], node: string];
  const cases: readonly Case[] = [
    ['it told nothing, and did before', undefined, CLUSTER, [NODE_A], NODE_A],
    ['it tells more than before', 'kafka-1', 'schema-registry-cluster=sr', [NODE_A], NODE_A],
    ['it tells the parts in another order', 'kafka-1', CLUSTER.split(';').reverse().join(';'), [NODE_A], NODE_A],
    ['only another URL of the list is known', 'kafka-1', 'schema-registry-cluster=sr', [NODE_A, NODE_B], NODE_B],
    ['it never told, and was known by another URL', undefined, 'unidentified:http://0', [NODE_A], NODE_A],
  ];

  it.each(cases)('goes on under the name that the store has, and loses nothing: %s', async (...each) => {
    const [, told, before, list, node] = each;
    const { worker, read, store, restarted } = began(list);
    worker.registry.clusterId = told;
    worker.registry.put('old', { schema: avro('Old').schema }, 1);
    worker.registry.put('now', { schema: avro('Now').schema }, 2);
    const settings = { 'schema.registry.url': list.join(',') };
    const task = new Task(worker, worker.host(), settings);
    expect(wordsOf(await task.start(byId(2)))).toBe('known 2');
    expect(wordsOf(await task.start(register('orders')))).toBe('known 3');
    await read(named(before, node), storedAs(before, 1, 'Old'));
    expect(worker.notices).toEqual([]);
    expect(worker.store?.clusterAt(NODE_A)).toBe(before);
    // The registry goes away: what the store knew is found, in this run and in the next one.
    const { fault } = worker.registry;
    worker.registry.fault = () => 'refused';
    task.begin(byId(1));
    await worker.clock.advance(20_000);
    expect(wordsOf(task.view.peek(byId(1)))).toBe('known 1');
    worker.registry.fault = fault;
    await worker.clock.advance(20_000);
    expect(wordsOf(await task.start(register('later')))).toBe('known 4');
    expect(store.proof(before, 'later', textFingerprint(avro('later')), false)?.id).toBe(4);
    const next = await restarted();
    for (const question of [byId(1), byId(2), register('orders'), register('later')]) next.task.begin(question);
    await next.worker.clock.advance(20_000);
    expect(
      [byId(1), byId(2), register('orders'), register('later')].map((asked) => wordsOf(next.task.view.peek(asked))),
    ).toEqual(['known 1', 'known 2', 'known 3', 'known 4']);
  });

  it('is told under its new name when it had none before', async () => {
    const { worker, read, restarted } = began();
    worker.registry.put('now', { schema: avro('Now').schema }, 2);
    await new Task(worker, worker.host()).start(byId(2));
    await read(named(`unidentified:${NODE_A}`), storedAs(`unidentified:${NODE_A}`, 1, 'Old'));
    expect(worker.store?.clusterAt(NODE_A)).toBe(CLUSTER);
    const next = await restarted();
    next.task.begin(byId(2));
    await next.worker.clock.advance(20_000);
    expect(wordsOf(next.task.view.peek(byId(2)))).toBe('known 2');
  });

  it('invariant 6: is stopped when an id meant something else while it had no name, and goes on meaning that', async () => {
    const { worker, read, store } = began();
    worker.registry.put('now', { schema: avro('Now').schema }, 1);
    const task = new Task(worker, worker.host());
    await task.start(byId(1));
    await read(named(`unidentified:${NODE_A}`), storedAs(`unidentified:${NODE_A}`, 1, 'Old'));
    expect(worker.notices).toMatchObject([{ kind: 'contradicted', id: 1 }]);
    expect(wordsOf(task.view.peek(byId(1)))).toBe('refused holdfast.registry.content-changed');
    expect([store.clusterAt(NODE_A), store.schema(CLUSTER, '', 1)?.schema]).toEqual([CLUSTER, avro('Old').schema]);
    // Nothing was mended: a task that is restarted finds it again.
    await worker.clock.advance(5000);
    const again = new Task(worker, worker.host());
    expect(wordsOf(await again.start(byId(1)))).toBe('refused holdfast.registry.content-changed');
  });

  it('is no contradiction to the store that calls it otherwise', async () => {
    const { worker, read, lines } = began();
    worker.registry.clusterId = undefined;
    await new Task(worker, worker.host()).start(register('orders'));
    await read(named(CLUSTER));
    expect(lines).toEqual([]);
  });

  it('is stopped at once when the store knows another URL of the list as another cluster’s, though that is away', async () => {
    const list = [NODE_A, NODE_B];
    const { worker, read, store } = began(list);
    worker.transport.nodes.set(NODE_B, () => 'refused');
    worker.registry.put('now', { schema: avro('Now').schema }, 2);
    const settings = { 'schema.registry.url': list.join(',') };
    await new Task(worker, worker.host(), settings).start(byId(2));
    const other = 'kafka-cluster=kafka-OTHER;schema-registry-cluster=sr';
    await read(named(other, NODE_B), storedAs(other, 2, 'Other'));
    expect(worker.notices).toMatchObject([{ kind: 'distrusted' }]);
    expect(store.schema(other, '', 2)?.schema).toBe(avro('Other').schema);
    // Nothing was mended: a task that is restarted finds it again.
    await worker.clock.advance(5000);
    const again = new Task(worker, worker.host(), settings);
    expect(wordsOf(await again.start(byId(3)))).toBe('refused holdfast.registry.other-cluster');
  });

  it('has its open second looks of earlier runs taken up', async () => {
    const { worker, read } = began();
    worker.registry.put('a', { schema: avro('a').schema }, 1);
    worker.registry.put('b', { schema: avro('b').schema }, 2);
    await new Task(worker, worker.host()).start(byId(1));
    const open = { clusterId: CLUSTER, subject: 'b', text: textFingerprint(avro('b')), normalize: false };
    const proof = { ...open, proof: 'registered', id: 2, time: 1, epoch: 'e' };
    await read(binding, stored(2, 'b'), {
      key: proofKey(CLUSTER, 'b', open.text, false),
      value: formatEntry(proof),
    });
    await worker.clock.advance(120_000);
    expect(worker.store?.unconfirmed(CLUSTER)).toEqual([]);
  });
});
