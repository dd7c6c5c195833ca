import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A TCP connection on which a test writes HTTP by hand. */
export interface RawClient {
  readonly socket: Socket;
  /** All that came, byte by byte. */
  seen: string;
  isClosed: boolean;
}

/** Connections to a port of this machine; `close` ends all of them. */
export class RawClients {
  private readonly sockets: Socket[] = [];

  /** Resolves when it is connected, and `send` was handed to it. */
  async open(port: number, send = ''): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1');
    this.sockets.push(socket);
    const client: RawClient = { socket, seen: '', isClosed: false };
    socket.on('data', (bytes) => {
      client.seen += bytes.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      client.isClosed = true;
    });
    await once(socket, 'connect');
    if (send !== '') socket.write(send);
    return client;
  }

  close(): void {
    for (const socket of this.sockets.splice(0)) socket.destroy();
  }
}
