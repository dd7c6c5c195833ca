import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

/** A socket to a broker; `onConnect` is called when it can be written to, after the TLS handshake if there is one. */
export function openSocket({
  host,
  port,
  ssl,
  onConnect,
}: {
  readonly host: string;
  readonly port: number;
  readonly ssl: ConnectionOptions | null;
  readonly onConnect: () => void;
}): Socket {
  const connected = (): void => {
    // A connect to a closed port of the ephemeral range may meet itself; that socket would keep the broker from binding.
    if (socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress) {
      socket.destroy(new Error('the connection met itself, nobody listens there'));
    } else onConnect();
  };
  const socket: Socket =
    ssl === null
      ? connectTcp({ host, port }, connected)
      : connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl }, connected);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 60_000);
  return socket;
}
