import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Dispatcher } from 'undici';
import { describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { type HttpRequest, TransportFailure } from '../../../src/registry/http-transport.ts';
import { type ProxySettings, parseRegistrySettings } from '../../../src/registry/registry-settings.ts';
import { UndiciTransport } from '../../../src/registry/undici-transport.ts';
import { Password } from '../../../src/sdk/config/index.ts';
import { tempDir } from '../../support/temp-dir.ts';

const never = new AbortController().signal;
const request: HttpRequest = {
  node: 'http://a:1',
  method: 'GET',
  path: '/x?y=1',
  headers: { accept: 'z' },
  channel: 'read',
  fresh: false,
  timeoutMs: 5000,
};

/** What a node does, below HTTP: an answer, an error, or nothing. */
type Doing =
  | { readonly status: number; readonly headers?: readonly string[]; readonly chunks: readonly Buffer[] }
  | { readonly error: unknown }
  | 'silence';

/** Connections to a node that does one thing; no socket is opened. */
class Connections extends Dispatcher {
  readonly limit: number;
  readonly ca: string | undefined;
  readonly asked: Dispatcher.DispatchOptions[] = [];
  destroyed = false;
  private readonly doing: () => Doing;

  constructor(limit: number, doing: () => Doing, ca?: string) {
    super();
    this.limit = limit;
    this.ca = ca;
    this.doing = doing;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.asked.push(options);
    const doing = this.doing();
    const fail = (error: unknown): void => handler.onError?.(error as Error);
    handler.onConnect?.((reason) => fail(reason));
    if (doing === 'silence') return true;
    if ('error' in doing) {
      fail(doing.error);
      return true;
    }
    const headers = (doing.headers ?? []).map((text) => Buffer.from(text));
    handler.onHeaders?.(doing.status, headers, () => {}, '');
    for (const chunk of doing.chunks) handler.onData?.(chunk);
    handler.onComplete?.([]);
    return true;
  }

  override destroy(): Promise<void> {
    this.destroyed = true;
    return Promise.resolve();
  }
}

class Setup {
  readonly clock = new ManualClock();
  readonly opened: Connections[] = [];
  doing: Doing = { status: 200, chunks: [] };
  readonly transport = new UndiciTransport({
    clock: this.clock,
    connectTimeoutMs: 100,
    connections: 7,
    open: (limit) => {
      const connections = new Connections(limit, () => this.doing);
      this.opened.push(connections);
      return connections;
    },
  });

  async failure(doing: Doing): Promise<TransportFailure> {
    this.doing = doing;
    const failed = await this.transport.request(request, never).then(
      () => 'an answer',
      (error: unknown) => error,
    );
    if (!(failed instanceof TransportFailure)) throw new Error('no failure of the transport', { cause: failed });
    return failed;
  }
}

describe('an exchange', () => {
  it('sends the request as it is, and gives the whole answer with its headers', async () => {
    const setup = new Setup();
    const headers = ['Content-Type', 'a/b', 'X-Two', '1', 'x-two', '2'];
    const text = Buffer.from('{"é":1}');
    // Cut within a letter of two bytes.
    setup.doing = { status: 409, headers, chunks: [text.subarray(0, 3), text.subarray(3)] };
    expect(await setup.transport.request({ ...request, method: 'POST', body: 'text' }, never)).toEqual({
      status: 409,
      headers: { 'content-type': 'a/b', 'x-two': '1, 2' },
      body: '{"é":1}',
    });
    expect(setup.opened[0]?.asked[0]).toMatchObject({
      origin: 'http://a:1',
      path: '/x?y=1',
      method: 'POST',
      headers: { accept: 'z' },
      body: 'text',
    });
  });

  it('goes over connections that are kept, for reads and writes apart', async () => {
    const { transport, opened } = new Setup();
    await transport.request(request, never);
    await transport.request(request, never);
    await transport.request({ ...request, channel: 'write' }, never);
    expect(opened.map(({ limit, asked }) => [limit, asked.length])).toEqual([
      [7, 2],
      [7, 1],
    ]);
    expect(opened[0]?.asked[0]?.body).toBeNull();
    expect(opened.some(({ destroyed }) => destroyed)).toBe(false);
    await transport.close();
    expect(opened.every(({ destroyed }) => destroyed)).toBe(true);
  });

  it('goes over a connection of its own when that is asked, which is closed whatever comes', async () => {
    const setup = new Setup();
    await setup.transport.request({ ...request, fresh: true }, never);
    setup.doing = { error: new Error('broken') };
    await expect(setup.transport.request({ ...request, fresh: true }, never)).rejects.toBeInstanceOf(TransportFailure);
    const [read, write, ...single] = setup.opened;
    expect([read?.asked, write?.asked]).toEqual([[], []]);
    expect(single.map(({ limit, asked, destroyed }) => [limit, asked.length, destroyed])).toEqual([
      [1, 1, true],
      [1, 1, true],
    ]);
  });

  it('ends at its time limit, and keeps no timer when it ends before', async () => {
    const setup = new Setup();
    await setup.transport.request(request, never);
    expect(setup.clock.pendingTimers).toBe(0);
    const failing = setup.failure('silence');
    await setup.clock.advance(4999);
    expect(setup.clock.pendingTimers).toBe(1);
    await setup.clock.advance(1);
    expect(await failing).toMatchObject({ code: 'TIMEOUT', phase: 'timeout', message: 'TIMEOUT' });
  });

  it('rejects with the reason of its signal', async () => {
    const setup = new Setup();
    setup.doing = 'silence';
    const life = new AbortController();
    const asked = setup.transport.request(request, life.signal).catch((error: unknown) => error);
    const reason = new Error('over');
    life.abort(reason);
    expect(await asked).toBe(reason);
    expect(setup.clock.pendingTimers).toBe(0);
  });

  it('refuses an answer that is no schema by its size', async () => {
    const half = Buffer.alloc(33 * 1024 * 1024);
    const setup = new Setup();
    expect(await setup.failure({ status: 200, chunks: [half, half] })).toMatchObject({
      code: 'BODY_TOO_LARGE',
      phase: 'exchange',
    });
  });
});

describe('a failure below HTTP', () => {
  const coded = (code: string, more: object = {}) => Object.assign(new Error('secret'), { code }, more);

  it.each([
    'ECONNREFUSED',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'EHOSTDOWN',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EADDRNOTAVAIL',
    'UND_ERR_CONNECT_TIMEOUT',
  ])('was before anything was sent: %s', async (code) => {
    expect(await new Setup().failure({ error: coded(code) })).toMatchObject({ code, phase: 'connect', message: code });
  });

  it.each(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'ERR_TLS_CERT_ALTNAME_INVALID'])(
    'may have been after something was sent: %s',
    async (code) => {
      expect(await new Setup().failure({ error: coded(code) })).toMatchObject({ code, phase: 'exchange' });
    },
  );

  const loop = new TypeError('loop');
  loop.cause = loop;
  it.each<[string, unknown, string]>([
    ['a cause comes before what wraps it', coded('UND_ERR_SOCKET', { cause: coded('ECONNRESET') }), 'ECONNRESET'],
    ['a cause without a code does not', coded('UND_ERR_SOCKET', { cause: new Error('x') }), 'UND_ERR_SOCKET'],
    ['a cause that is none does not', coded('UND_ERR_SOCKET', { cause: null }), 'UND_ERR_SOCKET'],
    ['a cause that is a text does not', coded('UND_ERR_SOCKET', { cause: 'x' }), 'UND_ERR_SOCKET'],
    ['the first of several addresses', new AggregateError([coded('ECONNREFUSED'), coded('X')]), 'ECONNREFUSED'],
    ['the cause of a cause', new Error('a', { cause: new Error('b', { cause: coded('ENOTFOUND') }) }), 'ENOTFOUND'],
    ['a code that is no text', Object.assign(new RangeError('x'), { code: 7 }), 'RangeError'],
    ['no code at all', new TypeError('x'), 'TypeError'],
    ['a circle', loop, 'TypeError'],
    ['no error', 'a text', 'UNKNOWN'],
  ])('is named by the code that tells most: %s', async (_, error, code) => {
    expect((await new Setup().failure({ error })).code).toBe(code);
  });

  it('is a refusal of the proxy, which has sent nothing on', async () => {
    const error = coded('UND_ERR_ABORTED', { message: 'Proxy response (407) !== 200 when HTTP Tunneling' });
    expect(await new Setup().failure({ error })).toMatchObject({ code: 'PROXY_407', phase: 'connect' });
    const other = coded('UND_ERR_ABORTED', { message: 'No Proxy response (407)' });
    expect((await new Setup().failure({ error: other })).code).toBe('UND_ERR_ABORTED');
  });
});

/** Where a connection was tried, at ports of this machine where nobody listens. */
async function tried(proxy: ProxySettings | null | undefined, node = 'http://127.0.0.1:1') {
  const seen: { at?: string; headers?: unknown } = {};
  const connecting = (message: unknown): void => {
    seen.at ??= (message as { connectParams: { host: string } }).connectParams.host;
  };
  const creating = (message: unknown): void => {
    seen.headers = (message as { request: { headers: unknown } }).request.headers;
  };
  subscribe('undici:client:beforeConnect', connecting);
  subscribe('undici:request:create', creating);
  const transport = new UndiciTransport({
    clock: new ManualClock(),
    connectTimeoutMs: 1000,
    connections: 1,
    ...(proxy === undefined ? {} : { proxy }),
  });
  try {
    const failed = await transport.request({ ...request, node }, never).catch((e: unknown) => e);
    return { ...seen, failed };
  } finally {
    unsubscribe('undici:client:beforeConnect', connecting);
    unsubscribe('undici:request:create', creating);
    await transport.close();
  }
}

describe('a connection', () => {
  it.each([undefined, null])('leads to the node without a proxy: %s', async (proxy) => {
    expect(await tried(proxy)).toMatchObject({
      at: '127.0.0.1:1',
      failed: new TransportFailure('ECONNREFUSED', 'connect', ''),
    });
  });

  it('leads to the proxy if there is one, which learns who we are only if it is told', async () => {
    const unknown = await tried({ url: 'http://127.0.0.1:2', userInfo: null });
    expect(unknown).toMatchObject({ at: '127.0.0.1:2', failed: { code: 'ECONNREFUSED', phase: 'connect' } });
    expect(JSON.stringify(unknown.headers)).not.toContain('proxy-authorization');
    const known = await tried({ url: 'http://127.0.0.1:2', userInfo: new Password('ann:pw') });
    expect(JSON.stringify(known.headers)).toContain(`Basic ${btoa('ann:pw')}`);
    expect(JSON.stringify(known.headers)).toContain('proxy-authorization');
  });

  it.each(['http://127.0.0.1:1', 'https://127.0.0.1:1'])(
    'that a proxy refuses is the proxy’s failure, not that of %s, and names no user',
    async (node) => {
      const { failed } = await tried({ url: 'http://127.0.0.1:2', userInfo: new Password('ann:pw') }, node);
      expect(failed).toMatchObject({ code: 'ECONNREFUSED', phase: 'connect', proxy: '127.0.0.1:2' });
      expect((await tried(null, node)).failed).toMatchObject({ code: 'ECONNREFUSED', proxy: undefined });
    },
  );
});

const PEM = readFileSync(fileURLToPath(new URL('../../fixtures/tls/client.pem', import.meta.url)), 'utf8');
/** Authorities as a file may hold them: the same certificate, with another remark before it. */
const authority = (name: string): string => `${name}\n${PEM}`;
/** What a look at the disk leads to, for which no request waits. */
async function happened(has: () => boolean): Promise<void> {
  for (let n = 0; n < 5000 && !has(); n++) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(has()).toBe(true);
}
const untrusted: Doing = { error: Object.assign(new Error('secret'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' }) };
const answer: Doing = { status: 200, chunks: [] };

/** A node whose certificate a trust store has to know, which is a file. */
class TrustingSetup {
  readonly clock = new ManualClock();
  readonly log = recordingLogger();
  readonly file = join(tempDir('trust'), 'ca.pem');
  readonly opened: Connections[] = [];
  /** What the node does to whom trusts this authority. */
  doing: (trusted: string | undefined) => Doing = (trusted) => (trusted === 'one' ? answer : untrusted);
  readonly transport: UndiciTransport;

  constructor() {
    writeFileSync(this.file, authority('one'));
    this.transport = new UndiciTransport({
      clock: this.clock,
      logger: this.log.logger,
      connectTimeoutMs: 100,
      connections: 7,
      tls: parseRegistrySettings({
        'schema.registry.url': 'https://a',
        'schema.registry.ssl.truststore.location': this.file,
      }).tls,
      open: (limit, { ca }) => {
        const trusted = ca?.split('\n')[0];
        const connections = new Connections(limit, () => this.doing(trusted), trusted);
        this.opened.push(connections);
        return connections;
      },
    });
  }

  /** The authority is another one from now on, at the node and in the file. */
  renew(): void {
    this.doing = (trusted) => (trusted === 'two' ? answer : untrusted);
    writeFileSync(this.file, authority('two'));
  }

  ask(over: Partial<HttpRequest> = {}): Promise<number | string> {
    return this.transport.request({ ...request, ...over }, never).then(
      ({ status }) => status,
      (error: TransportFailure) => error.code,
    );
  }

  get kept() {
    return this.opened.map(({ ca, asked, destroyed }) => ({ ca, asked: asked.length, destroyed }));
  }
}

describe('a trust store that is renewed', () => {
  it.each<[string, Partial<HttpRequest>]>([
    ['a read', {}],
    ['a write', { channel: 'write' }],
    ['a request on a connection of its own', { fresh: true }],
  ])('serves %s that failed for the one before', async (_, over) => {
    const setup = new TrustingSetup();
    expect(await setup.ask(over)).toBe(200);
    setup.renew();
    expect(await setup.ask(over)).toBe(200);
    expect(await setup.ask(over)).toBe(200);
    const old = setup.opened.filter(({ ca }) => ca === 'one');
    expect(old.reduce((sum, { asked }) => sum + asked.length, 0)).toBe(2);
    expect(old.filter(({ destroyed }) => !destroyed)).toEqual([]);
    expect(setup.clock.pendingTimers).toBe(0);
  });

  it('is found without a failure, too, some seconds later', async () => {
    const setup = new TrustingSetup();
    setup.doing = () => answer;
    writeFileSync(setup.file, authority('two'));
    await setup.clock.advance(5000);
    expect(await setup.ask()).toBe(200);
    await happened(() => setup.opened.length === 4);
    expect(await setup.ask()).toBe(200);
    expect(setup.kept).toEqual([
      { ca: 'one', asked: 1, destroyed: true },
      { ca: 'one', asked: 0, destroyed: true },
      { ca: 'two', asked: 1, destroyed: false },
      { ca: 'two', asked: 0, destroyed: false },
    ]);
  });

  it('leaves what is under way on the connections that it has', async () => {
    const setup = new TrustingSetup();
    setup.doing = () => 'silence';
    const slow = [setup.ask({ timeoutMs: 9000 }), setup.ask({ timeoutMs: 9500, channel: 'write' })];
    setup.renew();
    expect(await setup.ask()).toBe(200);
    expect(setup.kept.map(({ destroyed }) => destroyed)).toEqual([false, false, false, false]);
    await setup.clock.advance(9000);
    expect(await slow[0]).toBe('TIMEOUT');
    expect(setup.kept.map(({ destroyed }) => destroyed)).toEqual([false, false, false, false]);
    await setup.clock.advance(500);
    expect(await slow[1]).toBe('TIMEOUT');
    await setup.clock.advance(0);
    expect(setup.kept.map(({ destroyed }) => destroyed)).toEqual([true, true, false, false]);
  });

  it('is asked with once, and its failure is told', async () => {
    const setup = new TrustingSetup();
    setup.renew();
    setup.doing = () => untrusted;
    expect(await setup.ask()).toBe('SELF_SIGNED_CERT_IN_CHAIN');
    expect(setup.kept.map(({ asked }) => asked)).toEqual([1, 0, 1, 0]);
  });

  it('sends nothing twice that failed for another reason', async () => {
    const setup = new TrustingSetup();
    setup.renew();
    setup.doing = () => ({ error: Object.assign(new Error('x'), { code: 'ECONNRESET' }) });
    expect(await setup.ask({ channel: 'write' })).toBe('ECONNRESET');
    expect(setup.kept.map(({ asked }) => asked)).toEqual([0, 1]);
  });

  it('is looked for before the next request when a server cuts connections without a word of TLS', async () => {
    const setup = new TrustingSetup();
    const cut: Doing = { error: Object.assign(new Error('x'), { code: 'ECONNRESET' }) };
    setup.doing = (trusted) => (trusted === 'two' ? answer : cut);
    expect(await setup.ask()).toBe('ECONNRESET');
    writeFileSync(setup.file, authority('two'));
    expect(await setup.ask()).toBe(200);
    expect(setup.kept.map(({ asked }) => asked)).toEqual([1, 0, 1, 0]);
    // And that is over: what changes is found by the look at intervals again.
    writeFileSync(setup.file, authority('six'));
    await setup.clock.advance(1000);
    expect(await setup.ask()).toBe(200);
    expect(setup.opened.at(-1)?.ca).toBe('two');
  });

  it('that is as it was, or can not be used, sends nothing twice, and leaves the connections as they are', async () => {
    const setup = new TrustingSetup();
    setup.doing = () => untrusted;
    expect(await setup.ask()).toBe('SELF_SIGNED_CERT_IN_CHAIN');
    writeFileSync(setup.file, authority('two').slice(0, 300));
    await setup.clock.advance(1000);
    expect(await setup.ask()).toBe('SELF_SIGNED_CERT_IN_CHAIN');
    expect(setup.log.lines).toMatchObject([{ level: 'warn', fields: { code: 'holdfast.registry.tls-files' } }]);
    setup.doing = () => answer;
    expect(await setup.ask()).toBe(200);
    expect(setup.kept).toEqual([
      { ca: 'one', asked: 3, destroyed: false },
      { ca: 'one', asked: 0, destroyed: false },
    ]);
  });

  it('opens nothing any more when the transport is closed, which ends the connections of before as well', async () => {
    const setup = new TrustingSetup();
    setup.doing = () => 'silence';
    const hung = setup.ask({ timeoutMs: 9000 });
    setup.renew();
    expect(await setup.ask()).toBe(200);
    writeFileSync(setup.file, authority('six'));
    await setup.clock.advance(5000);
    const last = setup.ask();
    await setup.transport.close();
    expect(setup.kept.map(({ ca, destroyed }) => [ca, destroyed])).toEqual([
      ['one', true],
      ['one', true],
      ['two', true],
      ['two', true],
    ]);
    await last;
    // The file was read after all.
    await happened(() => setup.log.lines.length === 2);
    await setup.clock.advance(4000);
    expect(await hung).toBe('TIMEOUT');
    expect(setup.opened).toHaveLength(4);
  });
});
