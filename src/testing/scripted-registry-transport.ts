import type { HttpReply } from '../embedded-registry/http-listener.ts';
import type { RegistryRequest } from '../embedded-registry/routes.ts';
import type { Clock } from '../foundation/clock.ts';
import {
  type HttpRequest,
  type HttpResponse,
  type HttpTransport,
  TransportFailure,
} from '../registry/http-transport.ts';

export interface ScriptedTransportOptions {
  readonly clock: Clock;
  /** Of each request, before it arrives. */
  readonly latencyMs: number;
  readonly isListening: (url: string) => boolean;
  readonly serve: (url: string, request: RegistryRequest, signal: AbortSignal) => Promise<HttpReply>;
}

const textOf = (body: string | Uint8Array): string =>
  typeof body === 'string' ? body : Buffer.from(body).toString('latin1');

/** The registry client's HTTP port without sockets: everything happens in the clock's time, so virtual time will do. */
export class ScriptedTransport implements HttpTransport {
  private readonly options: ScriptedTransportOptions;

  constructor(options: ScriptedTransportOptions) {
    this.options = options;
  }

  async request(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    signal.throwIfAborted();
    const { clock } = this.options;
    const timeout = new AbortController();
    const timer = clock.setTimer(() => timeout.abort(), request.timeoutMs, { unref: true });
    try {
      return await this.exchange(request, AbortSignal.any([signal, timeout.signal]));
    } catch (error) {
      signal.throwIfAborted();
      if (timeout.signal.aborted) throw new TransportFailure('TIMEOUT', 'timeout', '');
      throw error;
    } finally {
      timer.cancel();
    }
  }

  private async exchange(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const { clock, latencyMs, isListening, serve } = this.options;
    if (latencyMs > 0) await clock.sleep(latencyMs, signal);
    if (!isListening(request.node)) throw new TransportFailure('ECONNREFUSED', 'connect', '');
    const contentType = request.headers['content-type'];
    const reply = await serve(
      request.node,
      {
        method: request.method,
        path: request.path,
        ...(request.body === undefined ? {} : { body: textOf(request.body) }),
        ...(contentType === undefined ? {} : { contentType }),
      },
      signal,
    );
    signal.throwIfAborted();
    if (reply.kind === 'cut') throw new TransportFailure('ECONNRESET', 'exchange', '');
    const { status, body, headers } = reply.answer;
    const isText = typeof body === 'string';
    return {
      status,
      headers: { 'content-type': isText ? 'text/plain' : 'application/json', ...headers },
      body: isText ? body : JSON.stringify(body),
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
