import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { freePort } from './ports.ts';

/** What something on the way to a service may answer in its place. */
export interface StrayAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const html = '<html><body><h1>Error 50005</h1></body></html>';

/** What proxies and load balancers answer when the service behind them can't; the last is a page of somebody else's. */
export const STRAY_ANSWERS: readonly StrayAnswer[] = [
  { status: 500, body: 'Internal Server Error' },
  { status: 500, body: html, headers: { 'content-type': 'text/html' } },
  { status: 502, body: html.replace('Error 50005', '502 Bad Gateway'), headers: { 'content-type': 'text/html' } },
  { status: 503, body: '', headers: { 'retry-after': '2' } },
  { status: 429, body: '', headers: { 'retry-after': '1' } },
  { status: 200, body: html, headers: { 'content-type': 'text/html' } },
];

/** A reverse proxy in front of one HTTP service. It hands on every request, or answers in the place of the service. */
export class HttpFaultProxy {
  readonly port: number;
  /** Answers every request while it is there. */
  stray: StrayAnswer | undefined;
  private count = 0;
  private readonly targetPort: number;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((request, response) => this.serve(request, response));

  private constructor(port: number, targetPort: number) {
    this.port = port;
    this.targetPort = targetPort;
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  static async start(targetPort: number): Promise<HttpFaultProxy> {
    const proxy = new HttpFaultProxy(await freePort(), targetPort);
    proxy.server.listen(proxy.port, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  /** Requests that got a stray answer so far. */
  get strayAnswers(): number {
    return this.count;
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    if (this.stray !== undefined) {
      this.count++;
      const { status, body, headers } = this.stray;
      request.resume();
      response.writeHead(status, headers).end(body);
      return;
    }
    const target = { host: '127.0.0.1', port: this.targetPort, path: request.url, method: request.method };
    const upstream = httpRequest({ ...target, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    upstream.on('error', () => response.destroy());
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  }
}

/** Has the proxies answer in each way of `STRAY_ANSWERS` in turn; rejects when one of the ways met no request. */
export async function goAstray(
  proxies: readonly HttpFaultProxy[],
  { each }: { readonly each: () => Promise<void> },
): Promise<void> {
  const hits = (): number => proxies.reduce((sum, { strayAnswers }) => sum + strayAnswers, 0);
  try {
    for (const stray of STRAY_ANSWERS) {
      const before = hits();
      for (const proxy of proxies) proxy.stray = stray;
      await each();
      if (hits() === before) throw new Error(`no request met ${stray.status} ${stray.body}`);
    }
  } finally {
    for (const proxy of proxies) proxy.stray = undefined;
  }
}
