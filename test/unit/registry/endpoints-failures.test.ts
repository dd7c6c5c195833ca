import { describe, expect, it } from 'vitest';
import { CredentialsUnavailable } from '../../../src/registry/credentials.ts';
import type { CallResult, EndpointsOptions, RegistryRequest } from '../../../src/registry/endpoints.ts';
import { TransportFailure } from '../../../src/registry/http-transport.ts';
import { byIdRequest, registerRequest, subjectsRequest } from '../../../src/registry/registry-requests.ts';
import { A, B, C, delayed, good, ScriptedNodes } from './scripted-nodes.ts';
import { error, ok, type Reply } from './scripted-transport.ts';

const never = new AbortController().signal;
const read = byIdRequest(1);
const write = registerRequest('s', { schemaType: 'AVRO', schema: '"string"', references: [] }, false);
const denied = error(404, 40403, 'Schema not found');
const webPage: Reply = { status: 404, body: '<html>' };
const busy: Reply = { status: 503, body: '' };

const nodesThat = (replies: Partial<Record<string, Reply>>, options: Partial<EndpointsOptions> = {}) => {
  const nodes = new ScriptedNodes(options);
  set(nodes, replies);
  return nodes;
};
function set(nodes: ScriptedNodes, replies: Partial<Record<string, Reply>>): void {
  for (const [node, reply] of Object.entries(replies)) if (reply !== undefined) nodes.replies[node] = () => reply;
}
const wrong = (code: string) => (): Reply => {
  throw new TransportFailure(code, 'exchange', '');
};

describe('the answer of a call', () => {
  it('needs at least one URL', async () => {
    await expect(nodesThat({}, { nodes: [] }).call()).rejects.toThrow('needs at least one URL');
  });

  it('is one node’s “there is none” rather than the silence of others', async () => {
    const nodes = nodesThat({ [A]: denied, [B]: 'refused', [C]: 'refused' });
    expect((await nodes.call()).result).toMatchObject({ node: A, verdict: { class: 'refresh-and-retry' } });
  });

  it('is an outage rather than a wrong setting, and that of the last one of those that say the same', async () => {
    const nodes = nodesThat({ [A]: busy, [B]: webPage, [C]: webPage });
    expect((await nodes.call()).result).toMatchObject({ node: A, verdict: { class: 'park' } });
    const all = nodesThat({ [A]: webPage, [B]: webPage, [C]: webPage });
    expect((await all.call()).result.node).toBe(C);
  });

  it('is that nobody issued credentials, whatever a node said before', async () => {
    let asked = 0;
    const headers = () => {
      asked += 1;
      return asked === 1 ? {} : Promise.reject(new CredentialsUnavailable('away'));
    };
    const nodes = nodesThat({ [A]: denied }, { credentials: { headers, refresh: async () => {} } });
    expect((await nodes.call()).result).toMatchObject({ node: B, issuer: 'away', verdict: { class: 'park' } });
    // Not at every node once more, nor on another connection.
    expect(asked).toBe(2);
  });

  it('of a write that may have happened stays so, whichever node answered last', async () => {
    const nodes = nodesThat({ [A]: { status: 500, body: '' }, [B]: 'refused', [C]: 'refused' });
    expect((await nodes.call(write)).result.verdict).toEqual({ class: 'park', outcomeUnknown: true });
    const surely = nodesThat({ [A]: 'refused', [B]: 'refused', [C]: 'refused' });
    expect((await surely.call(write)).result.verdict).toEqual({ class: 'park', outcomeUnknown: false });
  });

  it('of a write that may have happened is a denial when a node denies', async () => {
    const nodes = nodesThat({ [A]: { status: 500, body: '' }, [B]: error(404, 40401, 'none'), [C]: 'refused' });
    const { result } = await nodes.call(write, { context: { seenBefore: true } });
    expect(result.verdict).toEqual({ class: 'refresh-and-retry' });
  });

  it('takes the place of a repetition when it shows what became of a write', async () => {
    const nodes = nodesThat({ [A]: { status: 500, body: '' }, [B]: ok({ id: 2 }) });
    nodes.primary = A;
    const [found, none] = [{ class: 'ok' } as const, { class: 'negative' } as const].map(
      (verdict): CallResult => ({ verdict, node: C, status: 200, errorCode: undefined, json: {}, reason: 'found' }),
    ) as [CallResult, CallResult];
    let asked = 0;
    const resolving = (result: CallResult) => ({
      resolveUnknown: async () => {
        asked += 1;
        return result;
      },
    });
    expect((await nodes.call(write, resolving(found))).result).toBe(found);
    expect([nodes.asked(), asked]).toEqual([[A], 1]);
    expect((await nodes.call(write, resolving(none))).result).toMatchObject({ node: B, json: { id: 2 } });
    // Nothing was sent to A, so there is nothing to find out.
    set(nodes, { [A]: 'refused', [B]: ok({ id: 3 }) });
    expect((await nodes.call(write, resolving(found))).result.json).toEqual({ id: 3 });
    expect(asked).toBe(2);
  });
});

describe('another connection', () => {
  const tries = async (reply: Reply, options: Partial<EndpointsOptions> = {}) => {
    const nodes = nodesThat({ [A]: reply }, options);
    await nodes.call();
    return nodes.transport.requests.filter(({ node }) => node === A).map(({ fresh }) => fresh);
  };
  const one = { nodes: [A] };

  it.each<[Reply, readonly boolean[]]>([
    [good, [false]],
    [webPage, [false]],
    [denied, [false]],
    [busy, [false, true]],
    ['hung', [false, true]],
    ['reset', [false, true]],
    ['refused', [false]],
    [{ status: 429, body: '' }, [false]],
  ])('is tried with one URL where it may lead to another node: %j', async (reply, fresh) => {
    expect(await tries(reply, one)).toEqual(fresh);
  });

  it.each<[Reply, readonly boolean[]]>([
    [good, [false]],
    [busy, [false]],
    ['hung', [false]],
    ['reset', [false, true]],
    ['refused', [false]],
  ])('is tried with several only when one broke: %j', async (reply, fresh) => {
    expect(await tries(reply)).toEqual(fresh);
  });
});

describe('a node that is known to be dead', () => {
  it('is asked, though that takes time, when no living one answers', async () => {
    const nodes = nodesThat({ [A]: 'hung' });
    await nodes.call();
    set(nodes, { [A]: good, [B]: 'refused', [C]: 'refused' });
    expect((await nodes.call()).result).toMatchObject({ node: A, verdict: { class: 'ok' } });
  });

  it('is not asked when a living one denies, though that would take no time', async () => {
    const nodes = nodesThat({ [A]: 'refused' });
    await nodes.call();
    set(nodes, { [A]: good, [B]: denied, [C]: denied });
    nodes.asked();
    expect((await nodes.call()).result.verdict.class).toBe('refresh-and-retry');
    expect(nodes.asked().sort()).toEqual([B, C]);
  });

  it('costs no time if it refused at once, however late it was', async () => {
    const nodes = nodesThat({ [A]: 'refused' });
    await nodes.clock.advance(10_000);
    await nodes.call();
    set(nodes, { [A]: good, [B]: busy, [C]: busy });
    expect((await nodes.call()).result).toMatchObject({ node: A, verdict: { class: 'ok' } });
  });

  it('is not asked when it costs a time limit and a living one speaks of an outage', async () => {
    const nodes = nodesThat({ [A]: 'hung' });
    await nodes.call();
    set(nodes, { [A]: good, [B]: busy, [C]: busy });
    expect((await nodes.call()).result.verdict.class).toBe('park');
  });

  it('has its share at once when it answers again', async () => {
    const nodes = nodesThat({ [A]: 'refused' });
    await nodes.call();
    expect(nodes.endpoints.isAlive(A)).toBe(false);
    set(nodes, { [A]: good });
    await nodes.clock.advance(1000);
    expect(nodes.endpoints.isAlive(A)).toBe(true);
    expect(await nodes.counts(3)).toEqual({ [A]: 1, [B]: 1, [C]: 1 });
  });

  it('is none by a wrong setting, which no wait mends', async () => {
    const nodes = nodesThat({});
    for (const node of [A, B, C]) nodes.replies[node] = wrong('CERT_HAS_EXPIRED');
    expect((await nodes.call()).result.verdict.class).toBe('config');
    expect(nodes.changes).toEqual([]);
  });

  it('is asked no more when all is over', async () => {
    const nodes = nodesThat({ [A]: 'refused' });
    await nodes.call();
    nodes.endpoints.close();
    expect(nodes.clock.pendingTimers).toBe(0);
    set(nodes, { [B]: 'refused' });
    await nodes.call();
    expect(nodes.clock.pendingTimers).toBe(0);
  });

  it('is no URL that nobody knows', () => {
    expect(nodesThat({}).endpoints.isAlive('http://x')).toBe(false);
  });
});

describe('with every node dead', () => {
  const outage = async () => {
    const nodes = nodesThat({ [A]: 'refused', [B]: 'refused', [C]: 'refused' });
    await nodes.call();
    nodes.asked();
    return nodes;
  };

  it('all are asked at once, and the first that serves counts', async () => {
    const nodes = await outage();
    set(nodes, { [A]: busy, [B]: delayed(50), [C]: delayed(20) });
    const { result, ms } = await nodes.call();
    expect([result.node, result.verdict.class, ms]).toEqual([C, 'ok', 20]);
    expect(nodes.transport.requests.map(({ node, fresh }) => [node, fresh])).toEqual([
      [A, true],
      [B, true],
      [C, true],
    ]);
  });

  it('the most telling of what they say counts when none serves', async () => {
    const nodes = await outage();
    set(nodes, { [A]: webPage, [B]: denied });
    expect((await nodes.call()).result).toMatchObject({ node: B, verdict: { class: 'refresh-and-retry' } });
  });

  it('a write goes to one after the other', async () => {
    const nodes = await outage();
    set(nodes, { [A]: 'hung', [B]: 'hung', [C]: 'hung' });
    expect((await nodes.call(write)).ms).toBe(15_000);
    expect(nodes.asked().sort()).toEqual([A, B, C]);
  });

  it('each is asked when each is meant', async () => {
    const nodes = await outage();
    set(nodes, { [A]: good, [B]: denied });
    const each = await nodes.endpoints.callEach(read, never);
    expect(each.map(({ verdict }) => verdict.class)).toEqual(['ok', 'refresh-and-retry', 'park']);
  });
});

describe('asking each node', () => {
  it('lets the last failure of a dead one stand for it', async () => {
    const nodes = nodesThat({ [A]: 'refused' });
    await nodes.call();
    nodes.asked();
    const [first] = await nodes.endpoints.callEach(read, never);
    expect(first).toEqual({
      verdict: { class: 'park', outcomeUnknown: false },
      node: A,
      status: undefined,
      transport: 'connect',
      errorCode: undefined,
      json: undefined,
      reason: `ECONNREFUSED at ${A}`,
    });
    expect(nodes.asked()).toEqual([B, C]);
  });
});

describe('asking one node', () => {
  it('is tried on another connection when the first broke, and only then', async () => {
    const nodes = nodesThat({});
    const tried = () => nodes.transport.requests.splice(0).map(({ fresh }) => fresh);
    let broken = 1;
    nodes.replies[A] = () => (broken-- > 0 ? 'reset' : good);
    expect((await nodes.endpoints.callAt(A, read, never)).verdict.class).toBe('ok');
    expect([tried(), nodes.changes]).toEqual([[false, true], []]);
    await nodes.endpoints.callAt(A, read, never);
    await nodes.endpoints.callAt(A, read, never, { fresh: true });
    expect(tried()).toEqual([false, true]);
    set(nodes, { [A]: 'refused' });
    await nodes.endpoints.callAt(A, read, never);
    expect(tried()).toEqual([false]);
  });

  it.each([false, true])('finds it dead when new connections break as well: %s', async (fresh) => {
    const nodes = nodesThat({ [A]: 'reset' });
    expect((await nodes.endpoints.callAt(A, read, never, { fresh })).verdict.class).toBe('park');
    expect(nodes.transport.requests.map((request) => request.fresh)).toEqual(fresh ? [true] : [false, true]);
    expect(nodes.changes).toEqual([`${A} dead`]);
  });

  it('judges its answer by what is known', async () => {
    const nodes = nodesThat({ [A]: error(404, 40401, 'none') });
    const context = { seenBefore: true };
    expect((await nodes.endpoints.callAt(A, write, never)).verdict.class).toBe('negative');
    expect((await nodes.endpoints.callAt(A, write, never, { context })).verdict.class).toBe('refresh-and-retry');
  });

  it('about itself holds no answer against it, and takes any for life', async () => {
    const nodes = nodesThat({ [A]: 'refused' });
    const ask = () => nodes.endpoints.ask(A, subjectsRequest(), never);
    expect((await ask()).verdict.class).toBe('park');
    expect(nodes.changes).toEqual([]);
    await nodes.call();
    expect((await ask()).verdict.class).toBe('park');
    expect(nodes.changes).toEqual([`${A} dead`]);
    set(nodes, { [A]: busy });
    await ask();
    expect(nodes.changes).toEqual([`${A} dead`, `${A} alive`]);
    expect(nodes.clock.pendingTimers).toBe(0);
  });

  it('is possible with the URLs of the registry only', async () => {
    const { endpoints } = nodesThat({});
    for (const asked of [endpoints.ask('http://x', read, never), endpoints.callAt('http://x', read, never)]) {
      await expect(asked).rejects.toBeInstanceOf(RangeError);
    }
  });
});

describe('who a node is', () => {
  const who: RegistryRequest = { ...subjectsRequest(), path: '/who' };
  /** Asks each node who it is; refuses those that say "stranger". */
  const verified = () => {
    const asked: string[] = [];
    const nodes = new ScriptedNodes({
      verify: async (node, get) => {
        asked.push(node);
        const answer = await get(who);
        if (answer.json !== undefined && JSON.stringify(answer.json) === '["stranger"]') throw new Error('a stranger');
      },
    });
    const replies: Record<string, Reply> = {};
    for (const node of [A, B, C]) {
      nodes.transport.nodes.set(node, ({ path }) => {
        if (path === who.path) return replies[node] ?? ok(['friend']);
        return path.includes('/versions') ? ok({ id: 1 }) : good;
      });
    }
    return { nodes, asked, replies };
  };

  it('is asked once, before its first answer is used, and again when told', async () => {
    const { nodes, asked } = verified();
    for (let n = 0; n < 6; n++) await nodes.call();
    expect(asked).toEqual([A, B, C]);
    expect(nodes.transport.take().slice(0, 2)).toEqual([`GET ${A} /who`, `GET ${A} /schemas/ids/1`]);
    nodes.endpoints.reverify();
    for (let n = 0; n < 6; n++) await nodes.call();
    expect(asked).toHaveLength(6);
  });

  it('is asked once by all who want to know at the same time', async () => {
    const { nodes, asked } = verified();
    await Promise.all([1, 2, 3].map(() => nodes.endpoints.callAt(A, read, never)));
    expect(asked).toEqual([A]);
  });

  it('is asked until it says so; the request itself is not sent before, so nothing has happened', async () => {
    const { nodes, asked, replies } = verified();
    replies[A] = busy;
    for (let n = 0; n < 2; n++) {
      const { verdict } = await nodes.endpoints.callAt(A, write, never);
      expect(verdict).toEqual({ class: 'park', outcomeUnknown: false });
    }
    expect(asked).toEqual([A, A]);
    expect(nodes.transport.take()).toEqual([`GET ${A} /who`, `GET ${A} /who`]);
    delete replies[A];
    expect((await nodes.endpoints.callAt(A, write, never)).verdict.class).toBe('ok');
  });

  it('ends the call when it is a stranger', async () => {
    const { nodes, replies } = verified();
    replies[A] = ok(['stranger']);
    await expect(nodes.call()).rejects.toThrow('a stranger');
    expect(nodes.transport.take()).toEqual([`GET ${A} /who`]);
  });

  it('is unknown when nobody issues credentials', async () => {
    const headers = () => Promise.reject(new CredentialsUnavailable('away'));
    const nodes = new ScriptedNodes({
      credentials: { headers, refresh: async () => {} },
      verify: async (_, get) => {
        await get(who);
      },
    });
    expect((await nodes.call()).result).toMatchObject({ issuer: 'away' });
  });
});
