import { describe, expect, it } from 'vitest';
import { type CredentialHeaders, CredentialsUnavailable } from '../../../src/registry/credentials.ts';
import type { CallResult } from '../../../src/registry/endpoints.ts';
import { refusalOf } from '../../../src/registry/refusals.ts';
import { RegistryConfigError } from '../../../src/registry/registry-errors.ts';
import { byIdRequest, registerRequest, versionRequest } from '../../../src/registry/registry-requests.ts';
import { A, B, C, delayed, good, ScriptedNodes } from './scripted-nodes.ts';
import { error, type Reply } from './scripted-transport.ts';

const never = new AbortController().signal;
const read = byIdRequest(1);
const latest = versionRequest('s', -1);
const write = registerRequest('s', { schemaType: 'AVRO', schema: '"string"', references: [] }, false);

const absent: Reply = error(404, 40401, 'Subject not found');

describe('reads', () => {
  it('are spread evenly over nodes that answer alike, in turns', async () => {
    const nodes = new ScriptedNodes();
    expect(await nodes.counts(30)).toEqual({ [A]: 10, [B]: 10, [C]: 10 });
    for (let n = 0; n < 3; n++) await nodes.call();
    expect(new Set(nodes.asked())).toEqual(new Set([A, B, C]));
  });

  it('begin with the first URL, or with any', async () => {
    const nodes = new ScriptedNodes();
    await nodes.call();
    expect(nodes.asked()).toEqual([A]);
    const random = new ScriptedNodes({ randomize: true });
    await random.call();
    expect(random.asked()).toEqual([B]);
  });

  it('go to a slow node less often, and to it as often again once it is fast', async () => {
    const nodes = new ScriptedNodes();
    nodes.replies[A] = () => delayed(10);
    nodes.replies[B] = () => delayed(10);
    nodes.replies[C] = () => delayed(200);
    await nodes.counts(3);
    const slow = await nodes.counts(100);
    expect(slow[C]).toBeGreaterThan(0);
    expect(slow[C]).toBeLessThan(20);
    expect(Math.abs((slow[A] ?? 0) - (slow[B] ?? 0))).toBeLessThan(5);
    nodes.replies[C] = () => delayed(10);
    await nodes.clock.advance(120_000);
    await nodes.counts(100);
    const fast = await nodes.counts(90);
    expect(fast[C]).toBeGreaterThan(25);
  });

  it('go elsewhere while one node has requests under way, before any of them failed', async () => {
    const nodes = new ScriptedNodes();
    await nodes.counts(3);
    nodes.replies[A] = () => 'hung';
    const hanging = nodes.endpoints.call(read, never);
    await nodes.clock.advance(100);
    const counts = await nodes.counts(50);
    expect(counts[A]).toBeLessThan(5);
    await nodes.clock.advance(6000);
    expect((await hanging).verdict.class).toBe('ok');
  });

  it('reach a node that is not ready only when no other is there', async () => {
    const nodes = new ScriptedNodes();
    nodes.ready.set(A, false);
    expect(await nodes.counts(20)).toEqual({ [A]: 0, [B]: 10, [C]: 10 });
    nodes.replies[B] = () => 'refused';
    nodes.replies[C] = () => 'refused';
    expect((await nodes.call()).result.node).toBe(A);
    nodes.asked();
    expect(await nodes.counts(5)).toMatchObject({ [A]: 5 });
  });

  it('leave a node that can not serve alone for a second, or for as long as it asks', async () => {
    const nodes = new ScriptedNodes();
    nodes.replies[A] = () => ({ status: 503, body: '' });
    expect((await nodes.call()).result.node).not.toBe(A);
    expect(await nodes.counts(20)).toMatchObject({ [A]: 0 });
    nodes.replies[A] = () => ({ status: 429, body: '', headers: { 'retry-after': '30' } });
    await nodes.clock.advance(1000);
    await nodes.counts(3);
    await nodes.clock.advance(20_000);
    expect(await nodes.counts(20)).toMatchObject({ [A]: 0 });
    nodes.replies[A] = () => good;
    await nodes.clock.advance(11_000);
    expect((await nodes.counts(20))[A]).toBeGreaterThan(4);
  });
});

describe('what one node denies by subject', () => {
  it('is not believed while another one has not been heard', async () => {
    const nodes = new ScriptedNodes();
    for (const node of [A, B]) nodes.replies[node] = () => absent;
    nodes.replies[C] = () => error(500, 50001, 'down');
    expect((await nodes.call(latest)).result.verdict.class).toBe('refresh-and-retry');
    nodes.replies[C] = () => 'hung';
    expect((await nodes.call(latest)).result.verdict.class).toBe('refresh-and-retry');
    nodes.replies[C] = () => absent;
    await nodes.clock.advance(10_000);
    expect((await nodes.call(latest)).result.verdict.class).toBe('negative');
  });

  it('is believed of the primary', async () => {
    const nodes = new ScriptedNodes();
    nodes.primary = A;
    nodes.replies[A] = () => absent;
    nodes.replies[C] = () => 'refused';
    nodes.replies[B] = () => 'refused';
    expect((await nodes.call(latest)).result.verdict.class).toBe('negative');
  });

  it('is not believed of one that says it has not read its topic yet, were it the primary or the only one', async () => {
    const nodes = new ScriptedNodes();
    nodes.primary = A;
    for (const node of [A, B, C]) nodes.replies[node] = () => absent;
    for (const node of [A, B, C]) nodes.ready.set(node, false);
    expect((await nodes.call(latest)).result.verdict.class).toBe('refresh-and-retry');
    nodes.ready.set(B, true);
    nodes.ready.set(C, true);
    expect((await nodes.call(latest)).result.verdict.class).toBe('refresh-and-retry');
    nodes.ready.set(A, true);
    expect((await nodes.call(latest)).result.verdict.class).toBe('negative');
  });

  it('is not believed of one that replays, first back after all were dead', async () => {
    const nodes = new ScriptedNodes();
    for (const node of [A, B, C]) nodes.replies[node] = () => 'refused';
    await nodes.call();
    for (const node of [A, B, C]) nodes.replies[node] = () => absent;
    nodes.ready.set(A, false);
    expect((await nodes.call(latest)).result.verdict.class).toBe('refresh-and-retry');
  });

  it('is not believed of the first one back after all were dead', async () => {
    const nodes = new ScriptedNodes();
    for (const node of [A, B, C]) nodes.replies[node] = () => 'refused';
    await nodes.call();
    nodes.replies[A] = () => absent;
    nodes.replies[B] = () => delayed(50);
    expect((await nodes.call(latest)).result).toMatchObject({ node: B, verdict: { class: 'ok' } });
    for (const node of [A, B, C]) nodes.replies[node] = () => 'refused';
    await nodes.clock.advance(1000);
    await nodes.call();
    nodes.replies[A] = () => absent;
    expect((await nodes.call(latest)).result.verdict.class).toBe('refresh-and-retry');
  });
});

describe('a dead node', () => {
  it.each(['refused', 'hung'] as const)(
    'costs one failure at most, is asked in the background, and comes back: %s',
    async (fault) => {
      const nodes = new ScriptedNodes();
      nodes.replies[A] = () => fault;
      const first = await nodes.call();
      expect(first.result.verdict.class).toBe('ok');
      expect(first.ms).toBe(fault === 'hung' ? 5000 : 0);
      expect(nodes.changes).toEqual([`${A} dead`]);
      for (let n = 0; n < 50; n++) expect((await nodes.call()).ms).toBe(0);
      expect(nodes.transport.requests.filter(({ node }) => node === A).length).toBe(1);
      nodes.asked();
      await nodes.clock.advance(60_000);
      const probes = nodes.transport.requests.splice(0);
      expect(probes.every(({ node, path, fresh }) => node === A && path === '/' && fresh)).toBe(true);
      expect(probes.length).toBeGreaterThan(4);
      expect(probes.length).toBeLessThan(25);
      nodes.replies[A] = () => good;
      await nodes.clock.advance(20_000);
      expect(nodes.changes).toEqual([`${A} dead`, `${A} alive`]);
      expect((await nodes.counts(30))[A]).toBeGreaterThan(5);
      expect(nodes.clock.pendingTimers).toBe(0);
    },
  );

  it('is not waited for when a living one denies what is asked', async () => {
    const nodes = new ScriptedNodes();
    nodes.replies[C] = () => 'hung';
    for (let n = 0; n < 3; n++) await nodes.call();
    for (const node of [A, B]) nodes.replies[node] = () => error(404, 40403, 'Schema not found');
    const { result, ms } = await nodes.call();
    expect([result.verdict.class, ms]).toEqual(['refresh-and-retry', 0]);
    let each: CallResult[] = [];
    nodes.endpoints.callEach(read, never).then(
      (results) => {
        each = results;
      },
      () => {},
    );
    await nodes.clock.advance(0);
    expect(each.map(({ status }) => status)).toEqual([404, 404, undefined]);
    expect(each[2]?.reason).toBe(`no answer in time at ${C}`);
  });

  it('is tried before an outage is called one, unless that takes time', async () => {
    const nodes = new ScriptedNodes();
    nodes.replies[A] = () => 'refused';
    await nodes.call();
    for (const node of [B, C]) nodes.replies[node] = () => error(500, 50001, 'down');
    nodes.replies[A] = () => good;
    expect((await nodes.call()).result).toMatchObject({ node: A, verdict: { class: 'ok' } });
  });

  it('is raced for when all are dead, so that the one that is back is found at once', async () => {
    const nodes = new ScriptedNodes();
    for (const node of [A, B, C]) nodes.replies[node] = () => 'hung';
    expect((await nodes.call()).result.verdict.class).toBe('park');
    nodes.replies[C] = () => good;
    const { result, ms } = await nodes.call();
    expect([result.node, result.verdict.class, ms]).toEqual([C, 'ok', 0]);
  });

  it('is none for one broken connection', async () => {
    const nodes = new ScriptedNodes();
    let broken = 1;
    nodes.replies[A] = () => (broken-- > 0 ? 'reset' : good);
    expect((await nodes.call()).result.node).toBe(A);
    expect(nodes.changes).toEqual([]);
    expect(nodes.transport.requests.map(({ node, fresh }) => [node, fresh])).toEqual([
      [A, false],
      [A, true],
    ]);
  });
});

describe('writes', () => {
  it('begin with the primary, then with who took the last one', async () => {
    const nodes = new ScriptedNodes();
    nodes.primary = B;
    await nodes.call(write);
    expect(nodes.asked()).toEqual([B]);
    nodes.primary = null;
    await nodes.call(write);
    expect(nodes.asked()).toEqual([B]);
    nodes.replies[B] = () => 'refused';
    await nodes.call(write);
    const [, next] = nodes.asked();
    await nodes.call(write);
    expect(nodes.asked()).toEqual([next]);
  });

  it('do not wait for a primary that is known to be dead', async () => {
    const nodes = new ScriptedNodes();
    nodes.primary = B;
    nodes.replies[B] = () => 'hung';
    expect((await nodes.call(write)).ms).toBe(5000);
    expect((await nodes.call(write)).ms).toBe(0);
  });

  it('use another channel than reads', async () => {
    const nodes = new ScriptedNodes();
    await nodes.call();
    await nodes.call(write);
    expect(nodes.transport.requests.map(({ channel }) => channel)).toEqual(['read', 'write']);
  });
});

describe('one URL', () => {
  it('may be a load balancer: another connection may lead to another node', async () => {
    const nodes = new ScriptedNodes({ nodes: [A] });
    let calls = 0;
    nodes.replies[A] = () => (calls++ === 0 ? { status: 502, body: '<html>' } : good);
    expect((await nodes.call()).result.verdict.class).toBe('ok');
    expect(nodes.transport.requests.map(({ fresh }) => fresh)).toEqual([false, true]);
  });

  it('may lead to a replica that lags: what is denied is asked for once more on another connection', async () => {
    const nodes = new ScriptedNodes({ nodes: [A] });
    let calls = 0;
    nodes.replies[A] = () => (calls++ === 0 ? absent : good);
    expect((await nodes.call(latest)).result.verdict.class).toBe('ok');
    expect(nodes.transport.requests.map(({ fresh }) => fresh)).toEqual([false, true]);
    nodes.replies[A] = () => absent;
    expect((await nodes.call(latest)).result.verdict.class).toBe('negative');
  });
});

describe('what is seen of a node', () => {
  it('is one report per exchange, and a state per node', async () => {
    const nodes = new ScriptedNodes();
    nodes.replies[A] = () => delayed(40);
    nodes.replies[B] = () => 'refused';
    nodes.replies[C] = () => error(500, 50001, 'down');
    for (let n = 0; n < 3; n++) await nodes.call();
    expect(nodes.reports[0]).toEqual({ node: A, operation: 'by-id', status: 200, ms: 40 });
    expect(nodes.reports.find(({ node }) => node === B)).toMatchObject({ status: null });
    expect(nodes.reports.find(({ node }) => node === C)).toMatchObject({ status: 500 });
    expect(nodes.endpoints.health()).toMatchObject([
      { url: A, alive: true, reason: '', latencyMs: 40, failures: 0 },
      { url: B, alive: false, reason: `ECONNREFUSED at ${B}`, latencyMs: null, requests: 1, failures: 1 },
      { url: C, alive: true, reason: `HTTP 500/50001 at ${C}: down`, failures: 1 },
    ]);
    expect(nodes.endpoints.health()[1]?.since).toBeGreaterThan(nodes.endpoints.health()[0]?.since ?? 0);
  });
});

describe('credentials that have to be fetched', () => {
  const issuing = (headers: () => CredentialHeaders | Promise<CredentialHeaders>, refresh = async () => {}) =>
    new ScriptedNodes({ credentials: { headers, refresh } });

  it('park without blaming a node when nobody issues them', async () => {
    const nodes = issuing(() => Promise.reject(new CredentialsUnavailable('the token endpoint is away', 7000)));
    const { result } = await nodes.call(write);
    expect(result).toMatchObject({
      verdict: { class: 'park', outcomeUnknown: false, retryAfterMs: 7000 },
      issuer: 'away',
    });
    expect(nodes.asked()).toEqual([]);
    expect(nodes.changes).toEqual([]);
  });

  it('fail as a matter of configuration when they are refused', async () => {
    const refused = new RegistryConfigError('the client is refused');
    const nodes = issuing(() => Promise.reject(refused));
    const { result } = await nodes.call();
    expect(result.verdict.class).toBe('config');
    expect(refusalOf(result)).toBe(refused);
    expect(nodes.asked()).toEqual([]);
  });

  it('are renewed once after a 401, and sent again to the same node', async () => {
    let token = 'old';
    const seen: string[] = [];
    const nodes = issuing(
      () => ({ authorization: token }),
      async () => {
        token = 'new';
      },
    );
    nodes.transport.nodes.set(A, ({ headers }) => {
      seen.push(headers['authorization'] ?? '');
      return headers['authorization'] === 'new' ? good : error(401, 40101, 'Unauthorized');
    });
    expect((await nodes.call()).result).toMatchObject({ node: A, verdict: { class: 'ok' } });
    expect(seen).toEqual(['old', 'new']);
  });
});
