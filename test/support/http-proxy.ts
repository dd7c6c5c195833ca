import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** A proxy as companies run them: whole URLs for plain http, CONNECT for the rest. */
export class HttpProxy {
  /** `GET http://…` and `CONNECT host:port`, in order. */
  readonly seen: string[] = [];
  readonly authorizations: (string | undefined)[] = [];
  /** A status to answer in place of passing on. */
  refusal: number | undefined;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((request, response) => this.pass(request, response));

  private constructor() {
    this.server.on('connection', (socket) => this.keep(socket));
    this.server.on('connect', (request, client: Socket) => {
      this.note(request);
      if (this.refusal !== undefined) {
        client.end(`HTTP/1.1 ${this.refusal} Refused\r\ncontent-length: 0\r\n\r\n`);
        return;
      }
      const [host = '', port = ''] = (request.url ?? '').split(':');
      const upstream = connect(Number(port), host, () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.pipe(client).pipe(upstream);
      });
      this.keep(upstream);
      upstream.on('error', () => client.destroy());
      client.on('error', () => upstream.destroy());
    });
  }

  static async start(): Promise<HttpProxy> {
    const proxy = new HttpProxy();
    await new Promise<void>((resolve, reject) => {
      proxy.server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get settings(): Record<string, string> {
    return { 'proxy.host': '127.0.0.1', 'proxy.port': String((this.server.address() as AddressInfo).port) };
  }

  stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => {});
  }

  private note(request: IncomingMessage): void {
    this.seen.push(`${request.method} ${request.url}`);
    this.authorizations.push(request.headers['proxy-authorization']);
  }

  private pass(request: IncomingMessage, response: ServerResponse): void {
    this.note(request);
    if (this.refusal !== undefined) {
      response.writeHead(this.refusal).end('<html>the proxy refuses</html>');
      return;
    }
    const { 'proxy-authorization': _, ...headers } = request.headers;
    const upstream = httpRequest(request.url ?? '', { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    upstream.on('error', () => response.writeHead(502).end());
    request.pipe(upstream);
  }
}
