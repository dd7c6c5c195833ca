/**
 * Bounds how many connections a server has open, so that whoever opens thousands takes neither memory nor file handles from the worker. A new
 * one is let in, and the one that has been quiet for longest goes: of those on which no request is being answered, whether they never sent
 * one, are at it still, or keep the connection for later.
 */
import type { Socket } from 'node:net';
import type { Logger } from '../foundation/logger.ts';

const MAX_CONNECTIONS = 1_000;

export class OpenConnections {
  private readonly limit: number;
  private readonly logger: Logger;
  /** On which nothing is being answered, by their clients' addresses; the longest quiet first. */
  private readonly quiet = new Map<string, Socket>();
  /** With how many requests are under way: several if a client does not wait for answers. */
  private readonly busy = new Map<string, { readonly socket: Socket; requests: number }>();
  private isTold = false;

  constructor(options: { readonly logger: Logger; readonly limit?: number | undefined }) {
    this.logger = options.logger;
    this.limit = options.limit ?? MAX_CONNECTIONS;
  }

  /** @param socket as it was accepted, below TLS: a client may never begin it */
  opened(socket: Socket): void {
    const client = clientOf(socket);
    socket.once('close', () => {
      this.quiet.delete(client);
      this.busy.delete(client);
      if (this.size <= this.limit / 2) this.isTold = false;
    });
    this.quiet.set(client, socket);
    if (this.size <= this.limit) return;
    if (!this.isTold) {
      this.isTold = true;
      this.logger.warn('The REST API has as many connections as it takes. The longest quiet ones are closed.', {
        limit: this.limit,
      });
    }
    // If all others are being answered, it is the new one.
    for (const [longest, quiet] of this.quiet) {
      this.quiet.delete(longest);
      quiet.destroy();
      return;
    }
  }

  /** @returns to be called when the request is answered, or given up */
  requested(socket: Socket): () => void {
    const client = clientOf(socket);
    const quiet = this.quiet.get(client);
    if (quiet !== undefined) {
      this.quiet.delete(client);
      this.busy.set(client, { socket: quiet, requests: 0 });
    }
    const busy = this.busy.get(client);
    if (busy === undefined) return () => {};
    busy.requests++;
    return () => {
      if (--busy.requests > 0 || this.busy.get(client) !== busy) return;
      this.busy.delete(client);
      if (!busy.socket.destroyed) this.quiet.set(client, busy.socket);
    };
  }

  private get size(): number {
    return this.quiet.size + this.busy.size;
  }
}

/** The same above and below TLS. */
function clientOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localPort}`;
}
