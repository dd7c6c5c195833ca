/** Invariant 3 over a restart: what looks like a wrong setting is waited for when a registry served with the same settings before. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { type CompactedLogEntry, MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import { type HttpRequest, TransportFailure } from '../../../src/registry/http-transport.ts';
import { parseRegistrySettings } from '../../../src/registry/registry-settings.ts';
import { SchemaStore } from '../../../src/registry/schema-store.ts';
import { ServedSettings } from '../../../src/registry/served-settings.ts';
import { isServedKey } from '../../../src/registry/stored-entries.ts';
import { LateLog } from './late-log.ts';
import { error, ok, type Reply } from './scripted-transport.ts';
import { byId, NODE_A, NODE_B, Task, WorkerOfRegistries, wordsOf } from './worker-of-registries.ts';

/** Says what is kept, and how often it was written. */
class WatchedLog extends MemoryCompactedLog {
  readonly written: CompactedLogEntry[] = [];

  override append(entries: readonly CompactedLogEntry[]): Promise<void> {
    this.written.push(...entries.filter(({ key }) => isServedKey(key)));
    return super.append(entries);
  }
}

type Config = Readonly<Record<string, string>>;
const BASIC = { 'basic.auth.credentials.source': 'USER_INFO' };
const ANN = { ...BASIC, 'basic.auth.user.info': 'ann:right-password' };
const oauth = (secret: string): Config => ({
  'bearer.auth.credentials.source': 'OAUTHBEARER',
  'bearer.auth.issuer.endpoint.url': 'https://idp/token',
  'bearer.auth.client.id': 'worker',
  'bearer.auth.client.secret': secret,
});

let log = new WatchedLog();
beforeEach(() => {
  log = new WatchedLog();
});

const openStore = () => SchemaStore.open({ log, logger: recordingLogger().logger });

async function settingsOf(config: Config, nodes = NODE_A, store?: SchemaStore): Promise<ServedSettings> {
  const settings = parseRegistrySettings({ 'schema.registry.url': nodes, ...config });
  return new ServedSettings({ settings, store: store ?? (await openStore()), logger: recordingLogger().logger });
}

/** A registry served with these settings in an earlier run, at these nodes. */
async function served(config: Config, ...nodes: string[]): Promise<void> {
  const store = await openStore();
  const settings = await settingsOf(config, nodes.join(','), store);
  const before = log.written.length;
  for (const node of nodes) settings.serves(node);
  await eventually(() => expect(log.written.length).toBeGreaterThanOrEqual(before + nodes.length));
  await store.close();
}

/** The slow hash takes real time, while virtual time goes on. */
function eventually(check: () => unknown, worker?: WorkerOfRegistries): Promise<void> {
  const look = async (): Promise<void> => {
    await worker?.clock.advance(1000);
    await check();
  };
  return vi.waitFor(look, { timeout: 10_000, interval: 20 });
}

const expired = (): never => {
  throw new TransportFailure('CERT_HAS_EXPIRED', 'exchange', '');
};

describe('after a restart of the worker with unchanged settings', () => {
  const troubles: readonly (readonly [string, () => Reply])[] = [
    ['401', () => error(401, 40101, 'Unauthorized')],
    ['403', () => error(403, 40301, 'Forbidden')],
    ['an expired certificate', expired],
  ];

  async function servedOnce(config: Config): Promise<void> {
    const before = await WorkerOfRegistries.open(log);
    before.registry.put('old', { schema: '"string"' });
    const task = new Task(before, before.host(), config);
    expect(wordsOf(await task.start(byId(1)))).toBe('known 1');
    await eventually(() => expect(log.written).toHaveLength(1));
  }

  it.each(troubles)('its tasks wait for what served before, and go on: %s', async (_, trouble) => {
    await servedOnce(ANN);
    const after = await WorkerOfRegistries.open(log);
    after.registry.put('old', { schema: '"string"' });
    after.registry.put('newer', { schema: '"long"' });
    after.registry.fault = trouble;
    const task = new Task(after, after.host(), ANN);
    const knows = new Task(after, after.host(), ANN);
    task.begin(byId(2));
    knows.begin(byId(1));
    await eventually(() => expect(wordsOf(task.view.peek(byId(2)))).toBe('waiting read'), after);
    await after.clock.advance(120_000);
    expect(wordsOf(task.view.peek(byId(2)))).toBe('waiting read');
    expect(wordsOf(knows.answer)).toBe('known 1');
    expect(after.gates.snapshots()[0]?.reason).toMatch(/It looks like wrong .*before: look at/);
    after.registry.fault = () => undefined;
    await eventually(() => expect(wordsOf(task.answer)).toBe('known 2'), after);
  });

  it.each(troubles)('they fail at once with a changed password: %s', async (_, trouble) => {
    await servedOnce(ANN);
    const after = await WorkerOfRegistries.open(log);
    after.registry.fault = trouble;
    const changed = { ...BASIC, 'basic.auth.user.info': 'ann:wrong-password' };
    const task = new Task(after, after.host(), changed);
    expect(wordsOf(await task.start(byId(2)))).toMatch(/^refused holdfast.registry.(authorization|url)$/);
    expect(log.written).toHaveLength(1);
  });

  it('an OAuth server that answers like a wrong setting is waited for, and one that refuses a changed secret is not', async () => {
    const open = async (idp: (request: HttpRequest) => Reply): Promise<WorkerOfRegistries> => {
      const worker = await WorkerOfRegistries.open(log);
      worker.registry.put('old', { schema: '"string"' });
      worker.registry.put('newer', { schema: '"long"' });
      worker.transport.nodes.set('https://idp', idp);
      return worker;
    };
    const before = await open(() => ok({ access_token: 'a-token', expires_in: 60 }));
    await new Task(before, before.host(), oauth('right')).start(byId(1));
    await eventually(() => expect(log.written).toHaveLength(1));
    for (const trouble of [() => error(403, 1, 'default backend'), expired]) {
      const after = await open(trouble);
      const task = new Task(after, after.host(), oauth('right'));
      task.begin(byId(2));
      await eventually(() => expect(wordsOf(task.view.peek(byId(2)))).toBe('waiting read'), after);
      const changed = await new Task(after, after.host(), oauth('wrong')).start(byId(2));
      expect(wordsOf(changed)).toMatch(/^refused/);
    }
    const refuses = await open(() => ({ status: 401, body: { error: 'invalid_client' } }));
    expect(wordsOf(await new Task(refuses, refuses.host(), oauth('right')).start(byId(2)))).toMatch(/^refused/);
  });

  describe('while the store is still being read', () => {
    /** A task whose question is answered with this trouble. */
    async function waiting(trouble: () => Reply, config: Config = ANN) {
      const late = new LateLog();
      const { store, loaded } = SchemaStore.begin({ log: late, logger: recordingLogger().logger });
      loaded.catch(() => {});
      const worker = new WorkerOfRegistries({ store });
      worker.registry.put('old', { schema: '"string"' });
      worker.registry.put('newer', { schema: '"long"' });
      worker.registry.fault = trouble;
      const task = new Task(worker, worker.host(), config);
      task.begin(byId(2));
      for (let n = 0; n < 60; n++) await worker.clock.advance(1000);
      expect(wordsOf(task.view.peek(byId(2)))).toBe('waiting read');
      const { reason } = worker.gates.snapshots()[0] ?? {};
      expect(reason).toMatch(/whether a registry served with it before is known when the schema store has been read/);
      return { late, worker, task };
    }

    const all = [...troubles, ['404 of a proxy', (): Reply => ({ status: 404, body: 'default backend' })]] as const;
    it.each(all)(
      'its tasks wait, and go on with what served before when the trouble is over: %s',
      async (_, trouble) => {
        await servedOnce(ANN);
        const { late, worker, task } = await waiting(trouble);
        late.read(await log.load());
        for (let n = 0; n < 60; n++) await worker.clock.advance(1000);
        const reason = (): string | undefined => worker.gates.snapshots()[0]?.reason;
        await eventually(() => expect(reason()).toMatch(/It looks like .*before: look at/), worker);
        expect(wordsOf(task.answer)).toBe('none');
        worker.registry.fault = () => undefined;
        await eventually(() => expect(wordsOf(task.answer)).toBe('known 2'), worker);
      },
    );

    it.each(all)('they fail when it turns out that nothing served before: %s', async (_, trouble) => {
      const { late, worker, task } = await waiting(trouble);
      late.read([]);
      await eventually(() => expect(wordsOf(task.answer)).toMatch(/^refused/), worker);
    });

    it('they fail when it can not be read after all', async () => {
      await servedOnce(ANN);
      const { late, worker, task } = await waiting(() => error(401, 40101, 'Unauthorized'));
      late.fail(new Error('the topic is not for us'));
      await eventually(() => expect(wordsOf(task.answer)).toBe('refused holdfast.registry.authorization'), worker);
    });

    it('they fail for what an OAuth server says in its own words', async () => {
      const { store } = SchemaStore.begin({ log: new LateLog(), logger: recordingLogger().logger });
      const worker = new WorkerOfRegistries({ store });
      const said = { now: { status: 403, body: 'default backend' } };
      worker.transport.nodes.set('https://idp', () => said.now);
      const task = new Task(worker, worker.host(), oauth('right'));
      task.begin(byId(2));
      await worker.clock.advance(60_000);
      expect(wordsOf(task.answer)).toBe('none');
      said.now = { status: 401, body: JSON.stringify({ error: 'invalid_client' }) };
      await worker.clock.advance(60_000);
      expect(wordsOf(task.answer)).toMatch(/^refused/);
    });
  });
});

describe('settings with which a registry served', () => {
  it('are told to the store once, however often they serve, and not again by the next run', async () => {
    for (let run = 0; run < 2; run++) {
      const settings = await settingsOf(ANN);
      for (let n = 0; n < 3; n++) settings.serves(NODE_A);
      await eventually(() => expect(log.written).toHaveLength(1));
      expect(await settings.haveServed()).toBe(true);
    }
    expect(log.written).toHaveLength(1);
  });

  it('are the same at any of the nodes, whatever else is in the list', async () => {
    await served(ANN, NODE_A, NODE_B);
    for (const list of [NODE_A, `http://new:8081,${NODE_B}`]) {
      expect(await (await settingsOf(ANN, list)).haveServed()).toBe(true);
    }
    expect(await (await settingsOf(ANN, 'http://new:8081')).haveServed()).toBe(false);
  });

  it('have one salt, also at a node that is added later', async () => {
    await served(ANN, NODE_A);
    const settings = await settingsOf(ANN, `${NODE_A},${NODE_B}`);
    settings.serves(NODE_B);
    settings.serves(NODE_A);
    await eventually(() => expect(log.written).toHaveLength(2));
    const [first, second] = log.written.map(({ value }) => JSON.parse(value ?? '') as { salt: string; mark: string });
    expect(second).toMatchObject({ node: NODE_B, salt: first?.salt, mark: first?.mark });
  });

  it('are per node what that node is sent', async () => {
    await served(ANN, NODE_A);
    // The user of another URL of the list is none of this one's settings.
    const own = await settingsOf({}, 'http://ann:right-password@a:8081,http://bob:other@b:8081');
    expect(await own.haveServed()).toBe(true);
    expect(await (await settingsOf({}, 'http://ann:other@a:8081,http://bob:other@b:8081')).haveServed()).toBe(false);
  });

  const TLS = {
    'schema.registry.ssl.keystore.location': '/etc/key.pem',
    'schema.registry.ssl.truststore.location': '/etc/ca.pem',
    'request.header.x-tenant': 'one',
    'proxy.host': 'proxy',
    'proxy.port': '3128',
  };
  it.each<[string, Config]>([
    ['another key file', { ...TLS, 'schema.registry.ssl.keystore.location': '/etc/other.pem' }],
    ['other authorities', { ...TLS, 'schema.registry.ssl.truststore.location': '/etc/other.pem' }],
    ['another key password', { ...TLS, 'schema.registry.ssl.key.password': 'other' }],
    ['another header', { ...TLS, 'request.header.x-tenant': 'two' }],
    ['another proxy', { ...TLS, 'proxy.port': '3129' }],
    ['another user', { ...TLS, ...ANN }],
  ])('are others with %s', async (_, changed) => {
    await served(TLS, NODE_A);
    expect(await (await settingsOf(changed)).haveServed()).toBe(false);
    // Files count by their names: what is in them is renewed. Waiting, pacing and caching is nothing that an answer depends on.
    expect(await (await settingsOf({ ...TLS, 'registry.max.in.flight': '3' })).haveServed()).toBe(true);
  });

  it('replace the ones of the same user before: the right one of two passwords is the last that served', async () => {
    await served(ANN, NODE_A);
    const next = { ...BASIC, 'basic.auth.user.info': 'ann:next-password' };
    await served(next, NODE_A);
    expect(await (await settingsOf(ANN)).haveServed()).toBe(false);
    expect(await (await settingsOf(next)).haveServed()).toBe(true);
    expect(new Set(log.written.map(({ key }) => key)).size).toBe(1);
  });

  it('invariant 8: leave the same sixteen bits of a password, whatever else is set with it, at whichever node', async () => {
    const tls = { ...ANN, 'schema.registry.ssl.truststore.location': '/etc/ca.pem' };
    const proxy = { ...tls, 'proxy.host': 'proxy', 'proxy.port': '3128' };
    for (const [n, config] of [ANN, tls, proxy, { ...proxy, 'request.header.x-tenant': 'one' }].entries()) {
      await served(config, NODE_A, NODE_B);
      expect(log.written).toHaveLength(2 * n + 2);
    }
    const kept = log.written.map(({ value }) => JSON.parse(value ?? '') as { salt: string; mark: string });
    expect(new Set(kept.map(({ salt }) => salt)).size).toBe(1);
    expect(new Set(kept.map(({ mark }) => mark.slice(0, 4))).size).toBe(1);
    // The header is told, too, and by bits of its own.
    expect(kept.map(({ mark }) => mark.length)).toEqual([4, 4, 4, 4, 4, 4, 8, 8]);
  });

  it('invariant 8: leave no second salt in a store that is read late, and are told to it then', async () => {
    await served(ANN, NODE_A, NODE_B);
    const before = await log.load();
    const late = new LateLog();
    const { store, loaded } = SchemaStore.begin({ log: late, logger: recordingLogger().logger });
    const settings = await settingsOf(ANN, `${NODE_A},http://new:8081`, store);
    settings.serves(NODE_A);
    settings.serves('http://new:8081');
    // As long as the hash takes, if it were made.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(store.size).toBe(0);
    late.read(before);
    await loaded;
    const kept = async (): Promise<{ salt: string; mark: string }[]> => {
      await store.flushed();
      const entries = (await (await late.copy()).load()).filter(({ key }) => isServedKey(key));
      return entries.map(({ value }) => JSON.parse(value ?? '') as { salt: string; mark: string });
    };
    await eventually(() => expect(store.size).toBe(3));
    expect(new Set((await kept()).map(({ salt, mark }) => salt + mark)).size).toBe(1);
  });

  it('are known for the rest of the run when the store can not be read', async () => {
    const late = new LateLog();
    const { store, loaded } = SchemaStore.begin({ log: late, logger: recordingLogger().logger });
    (await settingsOf(ANN, NODE_A, store)).serves(NODE_A);
    late.fail(new Error('the topic is not for us'));
    await expect(loaded).rejects.toThrow();
    await eventually(() => expect(store.size).toBe(1));
    expect(await (await settingsOf(ANN, NODE_A, store)).haveServed()).toBe(true);
  });

  it('invariant 8: of several salts that workers brought at the same time, one is left when both have served again', async () => {
    const stores = [await openStore(), await openStore()];
    for (const [n, store] of stores.entries()) {
      (await settingsOf(ANN, [NODE_A, NODE_B][n], store)).serves([NODE_A, NODE_B][n] ?? '');
      await eventually(() => expect(log.written).toHaveLength(n + 1));
    }
    const salts = async (): Promise<string[]> => {
      const kept = (await log.load()).filter(({ key }) => isServedKey(key));
      return kept.map(({ value }) => (JSON.parse(value ?? '') as { salt: string }).salt);
    };
    const two = await salts();
    expect(new Set(two).size).toBe(2);
    const settings = await settingsOf(ANN, `${NODE_A},${NODE_B}`);
    for (const node of [NODE_A, NODE_B]) settings.serves(node);
    const [smallest] = [...two].sort();
    await eventually(async () => expect(await salts()).toEqual([smallest, smallest]));
  });

  it('invariant 8: leave sixteen bits under a random salt in the store, and nothing to guess a password with', async () => {
    const marks = new Set<string>();
    for (let n = 0; n < 2; n++) {
      log = new WatchedLog();
      await served(ANN, NODE_A);
      const [{ key, value } = { key: '', value: '' }] = log.written;
      expect(`${key}${value}`).not.toMatch(/ann|right|pass/);
      const { salt, mark } = JSON.parse(value ?? '') as { salt: string; mark: string };
      expect([salt, mark]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), expect.stringMatching(/^[0-9a-f]{4}$/)]);
      marks.add(salt);
    }
    expect(marks.size).toBe(2);
  });

  it('are forgotten without a store, and are no work then', async () => {
    const settings = parseRegistrySettings({ 'schema.registry.url': NODE_A, ...ANN });
    const none = new ServedSettings({ settings, store: null, logger: recordingLogger().logger });
    none.serves(NODE_A);
    expect(await none.haveServed()).toBe(false);
  });

  it('stay in a store that is full, and are bounded in number: the oldest go first', async () => {
    const store = await SchemaStore.open({ log, logger: recordingLogger().logger, maxEntries: 3 });
    const at = (n: number) => ({ node: `http://n${n}`, open: 'o', salt: 's', mark: 'm' });
    for (let n = 0; n < 1002; n++) store.served.remember(at(n));
    store.bind(NODE_A, 'c');
    await store.flushed();
    const again = await openStore();
    expect([1, 2, 1001].map((n) => again.served.at(`http://n${n}`, 'o')?.mark)).toEqual([undefined, 'm', 'm']);
    expect(again.size).toBe(1001);
  });
});
