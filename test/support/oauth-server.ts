import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An OAuth server for client credentials: numbers its tokens, and does what it is told to do instead. */
export class OAuthServer {
  readonly asked: { readonly authorization: string | undefined; readonly form: Record<string, string> }[] = [];
  /** Seconds. */
  lifeSeconds = 3600;
  /** In place of a token. */
  reply: { readonly status: number; readonly body: string } | undefined;
  private readonly server = createServer((request, response) => {
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
  });

  static async start(port = 0): Promise<OAuthServer> {
    const server = new OAuthServer();
    await server.listen(port);
    return server;
  }

  /** The latest token. */
  get token(): string {
    return `t0k3n-${this.asked.length}-of-the-server`;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/oauth2/token`;
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
