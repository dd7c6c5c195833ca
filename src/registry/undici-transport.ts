/** {@link HttpTransport} over undici: pools that are kept for reads and for writes apart, and single-use connections. */
import { Agent, type Dispatcher, request as undiciRequest } from 'undici';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { isTlsFailure } from '../foundation/tls-failures.ts';
import { DispatcherPools, type OpenDispatcher } from './dispatcher-pools.ts';
import { type HttpRequest, type HttpResponse, type HttpTransport, TransportFailure } from './http-transport.ts';
import { openThroughProxy, ProxyUnreached } from './proxy-connections.ts';
import type { ProxySettings, TlsSettings } from './registry-settings.ts';
import { TlsFiles } from './tls-files.ts';
import type { TlsOptions } from './tls-stores.ts';

export interface UndiciTransportOptions {
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  /** Connections per node and channel. */
  readonly connections: number;
  readonly tls?: TlsSettings;
  readonly proxy?: ProxySettings | null;
  /** Learns of TLS files that were renewed, or can't be used. */
  readonly logger?: Logger;
  /** In place of connections over sockets: so many at most. */
  readonly open?: (connections: number, tls: TlsOptions) => Dispatcher;
}

/** A registry answers schemas, not downloads: more than this is somebody else's answer. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export class UndiciTransport implements HttpTransport {
  private readonly clock: Clock;
  private readonly files: TlsFiles;
  private pools: DispatcherPools;
  /** Some requests are still under way on them. */
  private readonly retired = new Set<DispatcherPools>();
  /** The last request was cut: what a server may do to whom it does not know, without a word of TLS. */
  private cut = false;
  private closed = false;

  /** Throws RegistryConfigError for TLS files that can't be read. */
  constructor(options: UndiciTransportOptions) {
    const { clock, connections, tls, logger, open = (count, own) => openSockets(options, own)(count) } = options;
    const poolsOf = (own: TlsOptions): DispatcherPools => new DispatcherPools((count) => open(count, own), connections);
    this.clock = clock;
    this.files = new TlsFiles({ tls, clock, logger, onRenewed: (own) => this.replace(() => poolsOf(own)) });
    this.pools = poolsOf(this.files.opened);
  }

  async request(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    if (this.cut) await this.files.readAgain();
    else void this.files.attend();
    const deadline = new AbortController();
    const timer = this.clock.setTimer(() => deadline.abort(), request.timeoutMs);
    const either = AbortSignal.any([signal, deadline.signal]);
    const { pools } = this;
    try {
      const response = await send(pools, request, either).catch(async (error: unknown) => {
        // No handshake, so nothing was carried out: a write, too, may be sent once more.
        if (isTlsFailure(codeOf(error)) && pools === this.pools) await this.files.readAgain();
        if (!isTlsFailure(codeOf(error)) || pools === this.pools) throw error;
        return send(this.pools, request, either);
      });
      this.cut = false;
      return response;
    } catch (error) {
      signal.throwIfAborted();
      const failure = failureOf(error, deadline.signal.aborted);
      this.cut = failure.phase === 'exchange';
      throw failure;
    } finally {
      timer.cancel();
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([this.pools, ...this.retired].map((pools) => pools.destroy()));
  }

  private replace(open: () => DispatcherPools): void {
    if (this.closed) return;
    const { pools } = this;
    this.pools = open();
    this.retired.add(pools);
    pools
      .retire()
      .catch(() => {})
      .finally(() => this.retired.delete(pools));
  }
}

async function send(pools: DispatcherPools, request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
  if (!request.fresh) return pools.use(request.channel, (dispatcher) => exchange(request, dispatcher, signal));
  const single = pools.open(1);
  try {
    return await exchange(request, single, signal);
  } finally {
    await single.destroy();
  }
}

function openSockets({ proxy = null, connectTimeoutMs }: UndiciTransportOptions, tls: TlsOptions): OpenDispatcher {
  const connect = { timeout: connectTimeoutMs, ...tls };
  const common: Agent.Options = {
    pipelining: 1,
    keepAliveTimeout: 10_000,
    // The whole exchange is bounded by one timer of our own.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  if (proxy === null) return (connections) => new Agent({ ...common, connect, connections });
  return openThroughProxy(proxy, connect, common);
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
  if (error instanceof ProxyUnreached) return new TransportFailure(code, 'connect', '', error.proxy);
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
