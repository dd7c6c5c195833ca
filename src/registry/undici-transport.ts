/** {@link HttpTransport} over undici: pools that are kept for reads and for writes apart, and single-use connections. */
import { Agent, type Dispatcher, ProxyAgent, request as undiciRequest } from 'undici';
import type { Clock } from '../foundation/clock.ts';
import { type HttpRequest, type HttpResponse, type HttpTransport, TransportFailure } from './http-transport.ts';
import type { ProxySettings, TlsSettings } from './registry-settings.ts';
import { tlsOptionsOf } from './tls-stores.ts';

export interface UndiciTransportOptions {
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  /** Connections per node and channel. */
  readonly connections: number;
  readonly tls?: TlsSettings;
  readonly proxy?: ProxySettings | null;
  /** In place of connections over sockets: so many at most. */
  readonly open?: (connections: number) => Dispatcher;
}

/** A registry answers schemas, not downloads: more than this is somebody else's answer. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export class UndiciTransport implements HttpTransport {
  private readonly pools: Readonly<Record<'read' | 'write', Dispatcher>>;
  private readonly open: (connections: number) => Dispatcher;
  private readonly clock: Clock;

  /** Throws RegistryConfigError for TLS files that can't be read. */
  constructor(options: UndiciTransportOptions) {
    const { clock, connections } = options;
    this.clock = clock;
    this.open = options.open ?? openSockets(options);
    this.pools = { read: this.open(connections), write: this.open(connections) };
  }

  async request(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const single = request.fresh ? this.open(1) : undefined;
    const deadline = new AbortController();
    const timer = this.clock.setTimer(() => deadline.abort(), request.timeoutMs);
    try {
      return await exchange(request, single ?? this.pools[request.channel], AbortSignal.any([signal, deadline.signal]));
    } catch (error) {
      signal.throwIfAborted();
      throw failureOf(error, deadline.signal.aborted);
    } finally {
      timer.cancel();
      await single?.destroy();
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.pools.read.destroy(), this.pools.write.destroy()]);
  }
}

function openSockets({
  proxy = null,
  connectTimeoutMs,
  tls,
}: UndiciTransportOptions): (connections: number) => Dispatcher {
  const connect = { timeout: connectTimeoutMs, ...tlsOptionsOf(tls) };
  const common: Agent.Options = {
    pipelining: 1,
    keepAliveTimeout: 10_000,
    // The whole exchange is bounded by one timer of our own.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  if (proxy === null) return (connections) => new Agent({ ...common, connect, connections });
  const { url, userInfo } = proxy;
  return (connections) =>
    new ProxyAgent({
      ...common,
      uri: url,
      connections,
      requestTls: connect,
      proxyTls: { timeout: connectTimeoutMs },
      // Plain http is asked for by its whole URL, as every proxy understands it; https goes through a tunnel.
      proxyTunnel: false,
      ...(userInfo === null ? {} : { token: `Basic ${Buffer.from(userInfo.value(), 'utf8').toString('base64')}` }),
    });
}

async function exchange(request: HttpRequest, dispatcher: Dispatcher, signal: AbortSignal): Promise<HttpResponse> {
  const response = await undiciRequest(request.node + request.path, {
    method: request.method,
    headers: { ...request.headers },
    body: request.body ?? null,
    dispatcher,
    signal,
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new TransportFailure('BODY_TOO_LARGE', 'exchange', '');
    chunks.push(chunk);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return { status: response.statusCode, headers, body: Buffer.concat(chunks).toString('utf8') };
}

const CONNECT_CODES = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The message carries the code only: undici's own may repeat what was sent. */
function failureOf(error: unknown, timedOut: boolean): TransportFailure {
  if (error instanceof TransportFailure) return error;
  if (timedOut) return new TransportFailure('TIMEOUT', 'timeout', '');
  const refused = proxyStatusOf(error);
  if (refused !== undefined) return new TransportFailure(`PROXY_${refused}`, 'connect', '');
  const code = codeOf(error);
  return new TransportFailure(code, CONNECT_CODES.has(code) ? 'connect' : 'exchange', '');
}

/** What a proxy answered in place of opening a tunnel; undici has it in the message only. */
function proxyStatusOf(error: unknown): string | undefined {
  return error instanceof Error ? /^Proxy response \((\d+)\)/.exec(error.message)?.[1] : undefined;
}

/** An AggregateError of several addresses tells of its first; undici wraps some errors as a cause. */
function codeOf(error: unknown): string {
  for (let at: unknown = error, depth = 0; depth < 4 && typeof at === 'object' && at !== null; depth++) {
    const { code, errors, cause } = at as { code?: unknown; errors?: unknown; cause?: unknown };
    const inner = Array.isArray(errors) ? errors[0] : cause;
    const innerCode = typeof inner === 'object' && inner !== null ? (inner as { code?: unknown }).code : undefined;
    if (typeof innerCode === 'string') return innerCode;
    if (typeof code === 'string') return code;
    at = inner;
  }
  return error instanceof Error ? error.name : 'UNKNOWN';
}
