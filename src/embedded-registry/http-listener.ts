/** One node's port. Closing it resets every connection, as a killed process would. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { RegistryAnswer } from './registry-answer.ts';
import type { RegistryRequest } from './routes.ts';

/** `cut`: the connection is reset without an answer. */
export type HttpReply = { readonly kind: 'answer'; readonly answer: RegistryAnswer } | { readonly kind: 'cut' };

export interface HttpListenerOptions {
  readonly host: string;
  /** 0: any free one; kept when the listener opens again. */
  readonly port: number;
  /** The signal is aborted when the client goes away. A rejection cuts the connection. */
  readonly handle: (request: RegistryRequest, signal: AbortSignal) => Promise<HttpReply>;
}

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';
/** Far above any schema: a body is bounded in memory all the same. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

export class HttpListener {
  private readonly options: HttpListenerOptions;
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private boundPort: number;

  constructor(options: HttpListenerOptions) {
    this.options = options;
    this.boundPort = options.port;
  }

  get port(): number {
    return this.boundPort;
  }

  get isOpen(): boolean {
    return this.server !== undefined;
  }

  /** Rejects with Node's error when the port is taken. */
  async open(): Promise<void> {
    if (this.server !== undefined) return;
    const server = createServer({ keepAlive: true }, (request, response) => {
      this.serve(request, response).catch(() => request.socket.destroy());
    });
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    this.server = server;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host: this.options.host, port: this.boundPort, exclusive: true }, resolve);
      });
    } catch (error) {
      this.server = undefined;
      throw error;
    }
    this.boundPort = (server.address() as AddressInfo).port;
  }

  /** Resolves when the port is free. */
  async close(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.sockets) socket.resetAndDestroy();
    await closed;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => gone.abort(new Error('the client is gone')));
    const body = await readBody(request);
    const contentType = request.headers['content-type'];
    const reply = await this.options.handle(
      {
        method: request.method ?? 'GET',
        path: request.url ?? '/',
        ...(body === '' ? {} : { body }),
        ...(contentType === undefined ? {} : { contentType }),
        ...(request.headers['x-forward'] === 'true' ? { isForwarded: true } : {}),
      },
      gone.signal,
    );
    if (reply.kind === 'cut') {
      request.socket.resetAndDestroy();
      return;
    }
    const { status, body: content, headers } = reply.answer;
    const isText = typeof content === 'string';
    const text = isText ? content : JSON.stringify(content);
    response.writeHead(status, {
      'content-type': isText ? 'text/plain; charset=utf-8' : acceptedType(request),
      'content-length': Buffer.byteLength(text),
      ...headers,
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  }
}

function acceptedType(request: IncomingMessage): string {
  const accept = request.headers.accept ?? '';
  return accept.includes('schemaregistry') || !accept.includes('application/json') ? MEDIA_TYPE : 'application/json';
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error('the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
