import { describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { ClusterIdentity } from '../../../src/registry/cluster-identity.ts';
import { MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import type { FailureClass } from '../../../src/registry/failure-classes.ts';
import { TransportFailure } from '../../../src/registry/http-transport.ts';
import type { CallResult, RegistryRequest } from '../../../src/registry/node-exchange.ts';
import { NodeIdentification } from '../../../src/registry/node-identification.ts';
import { REGISTRY_UNIDENTIFIED } from '../../../src/registry/registry-errors.ts';
import { SchemaStore } from '../../../src/registry/schema-store.ts';
import { byId, NODE_A, NODE_B, Task, WorkerOfRegistries, wordsOf } from './worker-of-registries.ts';

const failsToTell = (worker: WorkerOfRegistries): void => {
  worker.registry.fault = ({ path }) => (path === '/v1/metadata/id' ? { status: 502, body: '<html>' } : undefined);
};
const told = (worker: WorkerOfRegistries) =>
  worker.log.lines.filter(({ fields }) => fields['code'] === REGISTRY_UNIDENTIFIED);

it('a gateway that fails only the question for the cluster is used all the same, and told of once', async () => {
  const worker = new WorkerOfRegistries();
  const host = worker.host();
  const id = worker.registry.put('s', { schema: '"string"' });
  failsToTell(worker);
  const task = new Task(worker, host);
  task.begin(byId(id));
  await worker.clock.advance(10_000);
  expect(wordsOf(task.answer)).toBe(`known ${id}`);
  worker.registry.fault = () => 'refused';
  const later = new Task(worker, host);
  later.begin(byId(2));
  await worker.clock.advance(5000);
  worker.registry.put('t', { schema: '"int"' });
  failsToTell(worker);
  await worker.clock.advance(10_000);
  expect(wordsOf(later.answer)).toBe('known 2');
  expect(told(worker)).toHaveLength(1);
});

it('a registry that fails everything is away, and so is one that named its cluster before', async () => {
  const worker = await WorkerOfRegistries.open(new MemoryCompactedLog());
  const host = worker.host();
  const id = worker.registry.put('s', { schema: '"string"' });
  const all = new Task(worker, host);
  worker.registry.fault = () => ({ status: 502, body: '<html>' });
  all.begin(byId(id));
  await worker.clock.advance(10_000);
  expect(wordsOf(all.answer)).toBe('none');
  worker.registry.fault = () => undefined;
  await worker.clock.advance(10_000);
  expect(wordsOf(all.answer)).toBe(`known ${id}`);
  worker.registry.put('t', { schema: '"int"' });
  worker.registry.fault = () => 'refused';
  const later = new Task(worker, host);
  later.begin(byId(2));
  await worker.clock.advance(5000);
  failsToTell(worker);
  await worker.clock.advance(30_000);
  expect(wordsOf(later.answer)).toBe('none');
  expect(told(worker)).toEqual([]);
});

it('one that refuses the other question tells nothing', async () => {
  const worker = new WorkerOfRegistries();
  const id = worker.registry.put('s', { schema: '"string"' });
  worker.registry.fault = ({ path }) => {
    if (path === '/v1/metadata/id') return { status: 502, body: '<html>' };
    return path === '/subjects' ? { status: 403, body: '<html>' } : undefined;
  };
  const task = new Task(worker, worker.host());
  task.begin(byId(id));
  await worker.clock.advance(20_000);
  expect(wordsOf(task.answer)).toBe('none');
});

it('a node whose certificate does not fit is asked who it is once that is mended', async () => {
  const worker = await WorkerOfRegistries.open(new MemoryCompactedLog());
  const host = worker.host();
  const id = worker.registry.put('s', { schema: '"string"' });
  worker.registry.fault = () => {
    throw new TransportFailure('CERT_HAS_EXPIRED', 'exchange', '');
  };
  const before = new Task(worker, host);
  expect(wordsOf(await before.start(byId(id)))).toMatch(/^refused/);
  worker.registry.fault = () => undefined;
  await worker.clock.advance(60_000);
  expect(wordsOf(await new Task(worker, host).start(byId(id)))).toBe(`known ${id}`);
  expect(worker.store?.clusterAt(NODE_A)).toContain('kafka-1');
});

describe('a node that is asked who it belongs to', () => {
  const answer = (status: number | undefined, verdict: FailureClass, json?: unknown): CallResult => ({
    verdict,
    node: NODE_A,
    status,
    errorCode: undefined,
    json,
    reason: `HTTP ${status}`,
  });
  const away: FailureClass = { class: 'park', outcomeUnknown: false };
  const cluster = (id: string) => answer(200, { class: 'ok' }, { scope: { clusters: { 'kafka-cluster': id } } });
  const fails = answer(502, away);
  const silent = answer(undefined, away);
  const serves = answer(200, { class: 'ok' }, []);

  function setUp(store: SchemaStore | null = null) {
    const identity = new ClusterIdentity({ nodes: [NODE_A, NODE_B], store });
    const log = recordingLogger();
    let met = 0;
    const identification = new NodeIdentification({ identity, logger: log.logger, onMet: () => (met += 1) });
    const asked: string[] = [];
    /** Asked `times` times: what the questions came to, in words, and how often it was met by that. */
    const ask = async (toCluster: CallResult, toSubjects = serves, times = 1, node = NODE_A) => {
      const before = met;
      for (let i = 0; i < times; i++) {
        await identification.verify(node, async ({ path }: RegistryRequest) => {
          asked.push(path);
          return path === '/subjects' ? toSubjects : toCluster;
        });
      }
      return { asked: asked.splice(0), met: met - before };
    };
    return { identity, identification, log, ask };
  }
  const CLUSTER = '/v1/metadata/id';

  it('is met when it tells, and when it has nothing to tell', async () => {
    const { identity, ask } = setUp();
    expect(await ask(answer(404, { class: 'config' }))).toEqual({ asked: [CLUSTER], met: 1 });
    expect(identity.told()).toBeNull();
    expect(await ask(answer(200, { class: 'ok' }, {}))).toEqual({ asked: [CLUSTER], met: 1 });
    expect(identity.told()).toBeNull();
    expect(await ask(cluster('k'))).toEqual({ asked: [CLUSTER], met: 1 });
    expect(identity.told()).toContain('k');
  });

  it('is not met by an answer that says nothing of it', async () => {
    const { ask } = setUp();
    const noCertificate = answer(undefined, { class: 'config' });
    for (const result of [fails, silent, noCertificate, answer(499, away)]) {
      expect(await ask(result)).toEqual({ asked: [CLUSTER], met: 0 });
    }
  });

  it.each([401, 403, 405])(
    'is met, without a name, when it refuses to tell by %i: it is used all the same',
    async (status) => {
      const store = await SchemaStore.open({ log: new MemoryCompactedLog(), logger: recordingLogger().logger });
      const { identity, ask } = setUp(store);
      expect(await ask(answer(status, { class: 'config' }))).toEqual({ asked: [CLUSTER], met: 1 });
      expect([identity.told(), store.clusterAt(NODE_A)]).toEqual([null, `unidentified:${NODE_A}`]);
    },
  );

  it('is asked for something else at the third failure in a row, and met if it serves that', async () => {
    const { log, ask } = setUp();
    expect(await ask(fails, serves, 2)).toEqual({ asked: [CLUSTER, CLUSTER], met: 0 });
    expect(await ask(fails)).toEqual({ asked: [CLUSTER, '/subjects'], met: 1 });
    expect(await ask(fails)).toEqual({ asked: [CLUSTER, '/subjects'], met: 1 });
    const told = { code: REGISTRY_UNIDENTIFIED, node: NODE_A, reason: 'HTTP 502' };
    expect(log.lines.map(({ level, fields }) => [level, fields])).toEqual([['warn', told]]);
  });

  it('has its failures counted by itself, and anew after an answer', async () => {
    const { ask } = setUp();
    await ask(fails, serves, 2);
    expect(await ask(fails, serves, 1, NODE_B)).toEqual({ asked: [CLUSTER], met: 0 });
    await ask(answer(200, { class: 'ok' }, {}));
    expect(await ask(fails, serves, 2)).toEqual({ asked: [CLUSTER, CLUSTER], met: 0 });
    expect(await ask(fails)).toEqual({ asked: [CLUSTER, '/subjects'], met: 1 });
  });

  it('that gives no answer is away however often', async () => {
    const { log, ask } = setUp();
    expect(await ask(silent, serves, 5)).toEqual({ asked: Array(5).fill(CLUSTER), met: 0 });
    expect(await ask(fails, fails, 3)).toEqual({ asked: [CLUSTER, CLUSTER, CLUSTER, '/subjects'], met: 0 });
    expect(log.lines).toEqual([]);
    expect(await ask(answer(500, away))).toEqual({ asked: [CLUSTER, '/subjects'], met: 1 });
  });

  it('leaves its failure as the last word when it refuses the other question', async () => {
    const { ask } = setUp();
    await ask(fails, serves, 2);
    const refused = answer(403, { class: 'config' });
    expect(await ask(fails, refused)).toEqual({ asked: [CLUSTER, '/subjects', CLUSTER], met: 0 });
  });

  it('is met by what it tells after it refused the other question', async () => {
    const { identity, identification, ask } = setUp();
    await ask(fails, serves, 2);
    const answers = [fails, answer(403, { class: 'config' }), cluster('k')];
    await identification.verify(NODE_A, async () => answers.shift() ?? silent);
    expect(identity.told()).toContain('k');
  });

  it('is asked on when it named its cluster before, in this run or an earlier one', async () => {
    const { ask } = setUp();
    await ask(cluster('k'));
    expect(await ask(fails, serves, 4)).toEqual({ asked: Array(4).fill(CLUSTER), met: 0 });
    const store = await SchemaStore.open({ log: new MemoryCompactedLog(), logger: recordingLogger().logger });
    await setUp(store).ask(cluster('k'));
    const later = setUp(store);
    expect(await later.ask(fails, serves, 4)).toEqual({ asked: Array(4).fill(CLUSTER), met: 0 });
    // The other one never did.
    expect((await later.ask(fails, serves, 3, NODE_B)).met).toBe(1);
  });
});
