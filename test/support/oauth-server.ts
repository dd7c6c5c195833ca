import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** An OAuth server for client credentials: numbers its tokens, and does what it is told to do instead. */
export class OAuthServer {
  readonly asked: { readonly authorization: string | undefined; readonly form: Record<string, string> }[] = [];
  /** Seconds. */
  lifeSeconds = 3600;
  /** In place of a token. */
  reply: { readonly status: number; readonly body: string } | undefined;
  private readonly tls: { readonly key: string; readonly cert: string } | undefined;
  private readonly server: ReturnType<typeof createServer>;
  private readonly serve: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString('utf8')));
      this.asked.push({ authorization: request.headers.authorization, form });
      const { status, body } = this.reply ?? {
        status: 200,
        body: JSON.stringify({ access_token: this.token, token_type: 'Bearer', expires_in: this.lifeSeconds }),
      };
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
  };

  private constructor(tls?: { readonly key: string; readonly cert: string }) {
    this.tls = tls;
    this.server = tls === undefined ? createServer(this.serve) : createTlsServer(tls, this.serve);
  }

  /** With TLS if it is given a key and a certificate. */
  static async start(port = 0, tls?: { readonly key: string; readonly cert: string }): Promise<OAuthServer> {
    const server = new OAuthServer(tls);
    await server.listen(port);
    return server;
  }

  /** The latest token. */
  get token(): string {
    return `t0k3n-${this.asked.length}-of-the-server`;
  }

  get url(): string {
    return `${this.tls === undefined ? 'http' : 'https'}://127.0.0.1:${(this.server.address() as AddressInfo).port}/oauth2/token`;
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
