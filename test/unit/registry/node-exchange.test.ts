import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { type Credentials, CredentialsUnavailable, StaticCredentials } from '../../../src/registry/credentials.ts';
import { TransportFailure } from '../../../src/registry/http-transport.ts';
import { RegistryNode } from '../../../src/registry/node-book.ts';
import {
  type ExchangeReport,
  NodeExchange,
  type NodeExchangeOptions,
  type RegistryRequest,
  retryAfterOf,
} from '../../../src/registry/node-exchange.ts';
import { RegistryConfigError } from '../../../src/registry/registry-errors.ts';
import { byIdRequest, registerRequest, subjectsRequest } from '../../../src/registry/registry-requests.ts';
import { error, ok, type Reply, ScriptedTransport } from './scripted-transport.ts';

const A = 'http://a:1';
const never = new AbortController().signal;
const read = byIdRequest(1);
const write = registerRequest('s', { schemaType: 'AVRO', schema: '"int"', references: [] }, false);
const good = ok({ schema: '"int"' });

class Exchanging {
  readonly clock = new ManualClock({ startMs: Date.UTC(2026, 0, 1) });
  readonly transport = new ScriptedTransport(this.clock);
  readonly node = new RegistryNode(A, this.clock);
  readonly reports: ExchangeReport[] = [];
  reply: () => Reply = () => good;
  private readonly exchange: NodeExchange;

  constructor(options: Partial<NodeExchangeOptions> = {}) {
    this.transport.nodes.set(A, () => this.reply());
    this.exchange = new NodeExchange({
      transport: this.transport,
      credentials: new StaticCredentials({}),
      clock: this.clock,
      requestTimeoutMs: 5000,
      headers: {},
      onExchange: (report) => this.reports.push(report),
      ...options,
    });
  }

  perform(request: RegistryRequest = read, signal: AbortSignal = never, fresh = false) {
    return this.exchange.perform(this.node, request, fresh, {}, signal);
  }

  /** The reason, of a reply or of what the transport throws. */
  async reason(reply: Reply | Error): Promise<string> {
    this.reply = () => {
      if (reply instanceof Error) throw reply;
      return reply;
    };
    return (await this.perform()).reason;
  }
}

describe('an answer like a wrong setting', () => {
  it('is waited for when a registry served with the settings before, which is not asked for anything else', async () => {
    let asked = 0;
    const servedBefore = (): Promise<boolean> => {
      asked += 1;
      return Promise.resolve(true);
    };
    const exchanging = new Exchanging({ servedBefore });
    for (const reply of [good, error(404, 40403, 'none'), error(503, 50301, 'starting')]) {
      exchanging.reply = () => reply;
      await exchanging.perform();
    }
    // What a node has to say of itself it may keep to others.
    exchanging.reply = () => error(403, 40301, 'Forbidden');
    expect((await exchanging.perform(subjectsRequest())).verdict).toEqual({ class: 'config' });
    expect(asked).toBe(0);
    const misleading = { class: 'park', outcomeUnknown: false, misleading: true };
    expect((await exchanging.perform()).verdict).toEqual(misleading);
    exchanging.reply = () => {
      throw new TransportFailure('CERT_HAS_EXPIRED', 'exchange', '');
    };
    expect((await exchanging.perform()).verdict).toEqual(misleading);
    const notKnown = new Exchanging({ servedBefore: () => Promise.resolve('unknown') });
    notKnown.reply = () => error(401, 40101, 'Unauthorized');
    expect((await notKnown.perform()).verdict).toEqual({ ...misleading, misleading: 'perhaps' });
    const first = new Exchanging({ servedBefore: () => Promise.resolve(false) });
    first.reply = () => error(401, 40101, 'Unauthorized');
    expect((await first.perform()).verdict).toEqual({ class: 'config' });
  });
});

describe('a request to a node', () => {
  it('says what it takes, and what it brings if it brings something', async () => {
    const exchanging = new Exchanging({ headers: { 'x-tenant': 'blue' } });
    await exchanging.perform();
    await exchanging.perform(write, never, true);
    const [asked, brought] = exchanging.transport.requests;
    const accept = 'application/vnd.schemaregistry.v1+json, application/json';
    expect(asked).toEqual({
      node: A,
      method: 'GET',
      path: '/schemas/ids/1',
      headers: { accept, 'x-tenant': 'blue' },
      channel: 'read',
      fresh: false,
      timeoutMs: 5000,
    });
    expect(brought).toEqual({
      node: A,
      method: 'POST',
      path: '/subjects/s/versions',
      headers: { accept, 'x-tenant': 'blue', 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: write.body,
      channel: 'write',
      fresh: true,
      timeoutMs: 5000,
    });
  });

  it('carries our credentials before any header of the same name', async () => {
    const credentials = new StaticCredentials({ fallback: 'Bearer t' });
    const exchanging = new Exchanging({ credentials, headers: { authorization: 'other' } });
    await exchanging.perform();
    expect(exchanging.transport.requests[0]?.headers['authorization']).toBe('Bearer t');
  });

  it('may end sooner than the limit of the client, and never later', async () => {
    const exchanging = new Exchanging();
    for (const timeoutMs of [1000, 9000]) await exchanging.perform({ ...read, timeoutMs });
    expect(exchanging.transport.requests.map(({ timeoutMs }) => timeoutMs)).toEqual([1000, 5000]);
  });

  it('goes when it is admitted', async () => {
    let admit: () => void = () => {};
    const admitted = new Promise<void>((resolve) => {
      admit = resolve;
    });
    const exchanging = new Exchanging({ admit: ({ channel }) => (channel === 'write' ? admitted : undefined) });
    await exchanging.perform();
    const waiting = exchanging.perform(write);
    await exchanging.clock.advance(100);
    expect(exchanging.transport.requests).toHaveLength(1);
    admit();
    await waiting;
    expect(exchanging.transport.requests).toHaveLength(2);
    // The wait was not the node's.
    expect(exchanging.reports.at(-1)?.ms).toBe(0);
  });
});

describe('an exchange', () => {
  it('is reported with its time, and counted at the node', async () => {
    const exchanging = new Exchanging();
    const passing = async (reply: Reply, ms: number) => {
      exchanging.reply = () => reply;
      const performed = exchanging.perform();
      await exchanging.clock.advance(ms);
      await performed;
    };
    await passing({ status: 200, body: { schema: '"int"' }, delayMs: 30 }, 30);
    await passing('hung', 5000);
    await passing({ status: 503, body: '', delayMs: 40 }, 40);
    const report = { node: A, operation: 'by-id' };
    expect(exchanging.reports).toEqual([
      { ...report, status: 200, ms: 30 },
      { ...report, status: null, ms: 5000 },
      { ...report, status: 503, ms: 40 },
    ]);
    const { requests, failures, latencyMs } = exchanging.node;
    expect([requests, failures, latencyMs]).toEqual([3, 2, 30]);
  });

  it('about the node itself is reported, and tells nothing of how it serves', async () => {
    const exchanging = new Exchanging();
    exchanging.reply = () => ok([]);
    expect((await exchanging.perform(subjectsRequest())).verdict.class).toBe('ok');
    expect([exchanging.reports.length, exchanging.node.requests]).toEqual([1, 0]);
  });

  it('that is given up rejects with the reason, and counts for nothing', async () => {
    const exchanging = new Exchanging();
    exchanging.reply = () => 'hung';
    const life = new AbortController();
    const performed = exchanging.perform(read, life.signal).catch((reason: unknown) => reason);
    await exchanging.clock.advance(10);
    life.abort(new Error('over'));
    expect(await performed).toEqual(new Error('over'));
    expect([exchanging.node.requests, exchanging.reports]).toEqual([0, []]);
    // None is under way any more.
    expect(exchanging.node.cost).toBe(5);
  });

  it('is judged by the shape of its answer', async () => {
    const exchanging = new Exchanging();
    exchanging.reply = () => ok({ schema: '"int"', error_code: 7 });
    expect(await exchanging.perform()).toMatchObject({
      verdict: { class: 'ok' },
      status: 200,
      errorCode: 7,
      json: { schema: '"int"' },
    });
    exchanging.reply = () => ok('<html>');
    expect(await exchanging.perform()).toMatchObject({ verdict: { class: 'park' }, errorCode: undefined });
    exchanging.reply = () => ({ status: 404, body: { schema: '"int"', error_code: 40403 } });
    expect((await exchanging.perform()).verdict.class).toBe('refresh-and-retry');
    exchanging.reply = () => ({ status: 404, body: { error_code: '40403' } });
    expect(await exchanging.perform()).toMatchObject({ errorCode: undefined });
    exchanging.reply = () => ({ status: 503, body: 'null', headers: { 'retry-after': '7' } });
    expect((await exchanging.perform()).verdict).toEqual({ class: 'park', outcomeUnknown: false, retryAfterMs: 7000 });
  });
});

describe('the reason of a failure', () => {
  it.each<[Reply | Error, string]>([
    ['refused', 'ECONNREFUSED at http://a:1'],
    [new TransportFailure('TIMEOUT', 'timeout', ''), 'no answer in time at http://a:1'],
    [new TransportFailure('PROXY_407', 'connect', ''), 'the proxy answers HTTP 407 at http://a:1'],
    [
      new TransportFailure('ENOTFOUND', 'connect', '', 'p:3128'),
      'the proxy p:3128 could not be reached (ENOTFOUND), nor http://a:1 through it: check proxy.host and proxy.port',
    ],
    [new RangeError('a mistake'), 'UNKNOWN at http://a:1'],
    [error(404, 40403, 'Schema not found'), 'HTTP 404/40403 at http://a:1: Schema not found'],
    [{ status: 502, body: '<html>secret</html>' }, 'HTTP 502 at http://a:1'],
    [{ status: 502, body: 'null' }, 'HTTP 502 at http://a:1'],
    [{ status: 422, body: { message: ['a', 7] } }, 'HTTP 422 at http://a:1: a; 7'],
    [{ status: 422, body: { message: { a: 1 } } }, 'HTTP 422 at http://a:1'],
    [{ status: 500, body: { message: 'two\n  lines\there' } }, 'HTTP 500 at http://a:1: two lines here'],
    [{ status: 500, body: { message: 'x'.repeat(400) } }, `HTTP 500 at http://a:1: ${'x'.repeat(300)}`],
    [ok({ error_code: 7, message: 'hello' }), 'HTTP 200 without what was asked for at http://a:1: hello'],
    [{ status: 300, body: '' }, 'HTTP 300 at http://a:1'],
  ])('is one line for people: %j', async (reply, words) => {
    expect(await new Exchanging().reason(reply)).toBe(words);
  });

  it('of a transport is the phase that it came to', async () => {
    const exchanging = new Exchanging();
    exchanging.reply = () => 'reset';
    expect(await exchanging.perform(write)).toEqual({
      verdict: { class: 'park', outcomeUnknown: true },
      node: A,
      status: undefined,
      errorCode: undefined,
      transport: 'exchange',
      json: undefined,
      reason: 'ECONNRESET at http://a:1',
    });
  });
});

describe('credentials', () => {
  const unauthorized = error(401, 40101, 'Unauthorized');
  const withCredentials = (credentials: Partial<Credentials>) => {
    const exchanging = new Exchanging({
      credentials: { headers: () => ({}), refresh: async () => {}, ...credentials },
    });
    exchanging.reply = () => unauthorized;
    return exchanging;
  };

  it('are renewed once when they are refused, with what was refused', async () => {
    let token = 1;
    const renewed: unknown[] = [];
    const exchanging = withCredentials({
      headers: () => ({ authorization: `${token}` }),
      refresh: async (rejected) => {
        renewed.push(rejected);
        token += 1;
      },
    });
    expect((await exchanging.perform()).verdict.class).toBe('config');
    expect(renewed).toEqual([{ authorization: '1' }]);
    expect(exchanging.transport.requests.map(({ headers }) => headers['authorization'])).toEqual(['1', '2']);
  });

  it('are not renewed for any other failure', async () => {
    const refresh = () => Promise.reject(new Error('not asked for'));
    const exchanging = withCredentials({ refresh });
    for (const reply of [good, 'refused', error(409, 409, 'x')] as const) {
      exchanging.reply = () => reply;
      await exchanging.perform();
    }
    expect(exchanging.transport.requests).toHaveLength(3);
  });

  it.each<[string, (failing: () => Promise<never>) => Partial<Credentials>]>([
    ['at first', (failing) => ({ headers: failing })],
    ['when they are renewed', (failing) => ({ refresh: failing })],
  ])(
    'that nobody issues park, those that are refused are a wrong setting, anything else is a mistake: %s',
    async (_, of) => {
      const away = withCredentials(of(() => Promise.reject(new CredentialsUnavailable('away', 7000))));
      expect(await away.perform(write)).toEqual({
        verdict: { class: 'park', outcomeUnknown: false, retryAfterMs: 7000 },
        issuer: 'away',
        node: A,
        status: undefined,
        errorCode: undefined,
        json: undefined,
        reason: 'away',
      });
      const soon = withCredentials(of(() => Promise.reject(new CredentialsUnavailable('away'))));
      expect((await soon.perform()).verdict).toEqual({ class: 'park', outcomeUnknown: false });
      const refused = new RegistryConfigError('refused');
      expect(await withCredentials(of(() => Promise.reject(refused))).perform()).toMatchObject({
        verdict: { class: 'config' },
        issuer: refused,
        reason: 'refused',
      });
      await expect(withCredentials(of(() => Promise.reject(new Error('ours')))).perform()).rejects.toThrow('ours');
    },
  );

  it('that are given up reject with the reason', async () => {
    const life = new AbortController();
    const giveUp = () => {
      life.abort(new Error('over'));
      return Promise.reject(new CredentialsUnavailable('away'));
    };
    await expect(withCredentials({ headers: giveUp }).perform(read, life.signal)).rejects.toThrow('over');
    const later = new AbortController();
    const refresh = () => {
      later.abort(new Error('later'));
      return Promise.reject(new CredentialsUnavailable('away'));
    };
    await expect(withCredentials({ refresh }).perform(read, later.signal)).rejects.toThrow('later');
  });
});

describe('Retry-After', () => {
  const clock = new ManualClock({ startMs: Date.UTC(2026, 0, 1) });
  it.each<[string | undefined, number | undefined]>([
    [undefined, undefined],
    ['0', 0],
    [' 12 ', 12_000],
    ['600', 600_000],
    ['86400', 600_000],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
  ])('is seconds or a date, ten minutes at most: %s', (value, ms) => {
    expect(retryAfterOf(value, clock)).toBe(ms);
  });
});
