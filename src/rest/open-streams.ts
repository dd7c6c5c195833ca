/** The answers that go on: sent piece by piece, ended with the server, and cut off when their client reads too slowly. */
import type { ServerResponse } from 'node:http';
import type { RestResponse, RestStream } from './resource.ts';

/** What a client may leave unread. */
const MAX_UNREAD_BYTES = 1024 * 1024;

export class OpenStreams {
  private readonly open = new Set<ServerResponse>();

  start(response: ServerResponse, { status, headers }: RestResponse, stream: RestStream): void {
    if (response.destroyed) return;
    // `no-transform` and the header of nginx: a proxy that collects the pieces would hold them back for good.
    response.writeHead(status, {
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      ...headers,
      'content-type': stream.type,
    });
    response.flushHeaders();
    this.open.add(response);
    let over = (): void => {};
    response.on('error', () => {});
    response.once('close', () => {
      this.open.delete(response);
      over();
    });
    over = stream.open({
      send: (text) => {
        if (!this.open.has(response) || response.destroyed) return;
        response.write(text);
        if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
      },
    });
  }

  /** With the end that tells a client that this was all. */
  endAll(): void {
    for (const response of this.open) response.end();
  }
}
