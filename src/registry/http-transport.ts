/**
 * One HTTP exchange with one registry node, as a port: unit tests script it, {@link UndiciTransport} does it over sockets.
 */

export interface HttpRequest {
  /** Base URL of the node, without credentials and without a slash at the end. */
  readonly node: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Begins with a slash; path and query, already encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Reads and writes use separate connections, so that a write that hangs at a dead primary blocks no read. */
  readonly channel: 'read' | 'write';
  /** On a connection of its own, made for this request and closed after it. */
  readonly fresh: boolean;
  /** ms until the whole answer must be there. */
  readonly timeoutMs: number;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Rejects with {@link TransportFailure} for what went wrong below HTTP, with the signal's reason when aborted. Any status
 * is an answer.
 */
export interface HttpTransport {
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
  close(): Promise<void>;
}

/** No answer, or not a whole one. `code` is Node's, OpenSSL's or undici's; the message names no credentials. */
export class TransportFailure extends Error {
  readonly code: string;
  /**
   * `connect`: the request was never sent. `exchange`: it may have reached the server. `timeout` is an exchange that was
   * given up.
   */
  readonly phase: 'connect' | 'exchange' | 'timeout';
  /** `host:port` of the proxy that there was no connection to: the node had no part in the failure. */
  readonly proxy: string | undefined;

  constructor(code: string, phase: TransportFailure['phase'], detail: string, proxy?: string) {
    super(detail === '' ? code : `${code}: ${detail}`);
    this.name = 'TransportFailure';
    this.code = code;
    this.phase = phase;
    this.proxy = proxy;
  }
}
