/** A node in another process. */
import { request as httpRequest } from 'node:http';
import type { RegistryAnswer } from './registry-answer.ts';
import { ConnectionLostError, type RegistryPeer } from './registry-node.ts';
import type { RegistryRequest } from './routes.ts';

/** Forwards over HTTP, each time on a connection of its own: a refused one is the peer's answer and not that of an old socket. */
export class HttpPeer implements RegistryPeer {
  private readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  answerForwarded(asked: RegistryRequest, signal: AbortSignal): Promise<RegistryAnswer> {
    const { method, path, body = '', contentType } = asked;
    return new Promise((resolve, reject) => {
      const fail = (): void => reject(signal.aborted ? signal.reason : new ConnectionLostError());
      const outgoing = httpRequest(
        `${this.url}${path}`,
        {
          method,
          agent: false,
          signal,
          headers: {
            'x-forward': 'true',
            'content-length': Buffer.byteLength(body),
            ...(contentType === undefined ? {} : { 'content-type': contentType }),
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', fail);
          incoming.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            resolve({ status: incoming.statusCode ?? 500, body: jsonOr(text) });
          });
        },
      );
      outgoing.on('error', fail);
      outgoing.end(body);
    });
  }
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
