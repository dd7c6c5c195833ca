import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Clock, systemClock } from '../foundation/clock.ts';

/**
 * What the proxy does to the connections that run through it.
 *
 * - `pass`: hands everything on.
 * - `refuse`: resets every connection and stops listening, as if the process behind it were gone.
 * - `hang`: accepts and answers nothing, as a stopped process or a silent firewall does. What arrives meanwhile is held
 *   and handed on, in order, when the mode changes.
 * - `cut`: resets a connection once `afterBytes` (0 unless told) of answers were handed on since the mode was set or the
 *   connection made. With 0 the present connections are reset at once, new ones right after they are accepted.
 * - `slow`: waits `latencyMs` before it hands on what it read, and hands on at most `bytesPerSecond`, in each direction.
 * - `lose-answers`: hands requests on and throws their answers away: the work is done and nobody learns it. `when`
 *   chooses the requests (it sees each piece as it was read, so a request's start, as a rule); all unless told. From such
 *   a request on the connection's answers are lost; with `client: 'reset'`, the default, the client's side is reset at
 *   the first of them, with `'hang'` it stays open and silent. A client that pipelines loses the answers to the requests
 *   before, too.
 */
export type FaultMode =
  | { readonly kind: 'pass' }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'hang' }
  | { readonly kind: 'cut'; readonly afterBytes?: number }
  | { readonly kind: 'slow'; readonly bytesPerSecond?: number; readonly latencyMs?: number }
  | {
      readonly kind: 'lose-answers';
      readonly when?: (request: Uint8Array) => boolean;
      readonly client?: 'reset' | 'hang';
    };

/** Where a {@link FaultProxy} listens, and what it stands in front of. */
export interface FaultProxyOptions {
  /** Where connections are handed on to; asked anew for each. */
  readonly target: { readonly host: string; readonly port: number };
  /** Where to listen; 127.0.0.1 unless told. */
  readonly host?: string;
  /** A free port between 20000 and 30000 unless told. */
  readonly port?: number;
  /** What `slow` waits by; the machine's clock unless told. */
  readonly clock?: Clock;
}

/** Bytes of one direction that `slow` hands on at a time, as a share of a second. */
const SLOW_SLICE_SECONDS = 0.05;

/**
 * A TCP proxy in front of a broker, a registry or a target system, for tests of what happens when the network or the
 * other side fails. The fault is switched at run time and works on the connections that exist as well as on new ones.
 * It knows nothing of the protocol.
 */
export class FaultProxy {
  readonly host: string;
  private readonly target: { readonly host: string; readonly port: number };
  private readonly clock: Clock;
  private readonly connections = new Set<ProxiedConnection>();
  private readonly stopped = new AbortController();
  private server: Server | undefined;
  private listenPort: number | undefined;
  private currentMode: FaultMode = { kind: 'pass' };
  private accepted = 0;
  private lost = 0;

  constructor({ target, host = '127.0.0.1', port, clock = systemClock }: FaultProxyOptions) {
    this.target = target;
    this.host = host;
    this.listenPort = port;
    this.clock = clock;
  }

  /** Starts to listen. Rejects when the port is taken. An aborted `signal` stops the proxy. */
  async start(signal?: AbortSignal): Promise<this> {
    signal?.throwIfAborted();
    signal?.addEventListener('abort', () => void this.stop(), { once: true, signal: this.stopped.signal });
    if (this.listenPort === undefined) await this.listenSomewhere();
    else await this.listen(this.listenPort);
    return this;
  }

  /** The port it listens on; throws before `start` unless one was given. */
  get port(): number {
    if (this.listenPort === undefined) throw new Error('the proxy has no port before start()');
    return this.listenPort;
  }

  /** `host:port`. */
  get address(): string {
    return `${this.host}:${this.port}`;
  }

  get mode(): FaultMode {
    return this.currentMode;
  }

  /** Connections of clients that are open now. */
  get openConnections(): number {
    return this.connections.size;
  }

  /** Connections accepted since `start`. */
  get totalConnections(): number {
    return this.accepted;
  }

  /** Connections that lost an answer under `lose-answers`. */
  get lostAnswers(): number {
    return this.lost;
  }

  /** Switches the fault. Resolves when it is in force: after `refuse` nobody listens, after any other mode it does. */
  async setMode(mode: FaultMode): Promise<void> {
    this.stopped.signal.throwIfAborted();
    this.currentMode = mode;
    if (mode.kind === 'refuse') await this.closeServer();
    else if (this.server === undefined) await this.listen(this.port);
    if (mode.kind === 'cut' && (mode.afterBytes ?? 0) === 0) this.cut();
    for (const connection of this.connections) connection.modeChanged();
  }

  /** Resets every open connection once, whatever the mode; returns how many there were. */
  cut(): number {
    const open = [...this.connections];
    for (const connection of open) connection.reset();
    return open.length;
  }

  /** Stops listening and resets every connection. It can't be started again. */
  async stop(): Promise<void> {
    this.stopped.abort(new Error('the proxy was stopped'));
    await this.closeServer();
  }

  private async listenSomewhere(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const port = randomInt(20_000, 30_000);
      try {
        await this.listen(port);
        this.listenPort = port;
        return;
      } catch (error) {
        if (attempt === 100 || !(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
      }
    }
  }

  private async listen(port: number): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.accept(socket));
    this.server = server;
    try {
      server.listen({ port, host: this.host, exclusive: true });
      await once(server, 'listening');
    } catch (error) {
      this.server = undefined;
      throw error;
    }
  }

  private async closeServer(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    // close() stops listening at once, but calls back when the last connection has ended.
    const closed = server?.listening ? new Promise<void>((resolve) => server.close(() => resolve())) : undefined;
    this.cut();
    await closed;
  }

  private accept(client: Socket): void {
    this.accepted++;
    const connection = new ProxiedConnection({
      client,
      target: this.target,
      clock: this.clock,
      mode: () => this.currentMode,
      onLostAnswer: () => this.lost++,
      onClose: () => this.connections.delete(connection),
    });
    this.connections.add(connection);
    connection.run();
  }
}

interface ProxiedConnectionOptions {
  readonly client: Socket;
  readonly target: { readonly host: string; readonly port: number };
  readonly clock: Clock;
  readonly mode: () => FaultMode;
  readonly onLostAnswer: () => void;
  readonly onClose: () => void;
}

/** One client's connection and its counterpart. Each direction is a loop that reads a piece, suffers the fault, and writes it. */
class ProxiedConnection {
  private readonly options: ProxiedConnectionOptions;
  private readonly client: Socket;
  private readonly closed = new AbortController();
  private upstream: Socket | undefined;
  private onModeChange: (() => void)[] = [];
  /** Under which mode `answeredBytes` and `losing` were gathered. */
  private countedMode: FaultMode | undefined;
  private answeredBytes = 0;
  private losing = false;

  constructor(options: ProxiedConnectionOptions) {
    this.options = options;
    this.client = options.client;
    this.client.on('error', () => this.reset());
    this.client.once('close', () => this.close());
  }

  run(): void {
    // Whatever breaks one direction ends the connection; the client sees a reset.
    this.open().catch(() => this.reset());
  }

  modeChanged(): void {
    const waiting = this.onModeChange;
    this.onModeChange = [];
    for (const wake of waiting) wake();
  }

  /** Ends both sides; the client gets a TCP reset. */
  reset(): void {
    resetNow(this.client);
    this.close();
  }

  private close(): void {
    if (this.closed.signal.aborted) return;
    this.closed.abort();
    this.modeChanged();
    this.options.onClose();
    if (this.losing) {
      // What was handed on must still be worked off: a reset would let the other side drop what it has not read yet.
      this.upstream?.end();
      this.upstream?.unref();
    } else {
      this.upstream?.destroy();
    }
    if (!this.client.destroyed) this.client.destroy();
  }

  private async open(): Promise<void> {
    await this.endOfHang();
    if (this.closed.signal.aborted) return;
    const mode = this.options.mode();
    if (mode.kind === 'cut' && (mode.afterBytes ?? 0) === 0) {
      this.reset();
      return;
    }
    const upstream = connect({ ...this.options.target, allowHalfOpen: true, noDelay: true });
    this.upstream = upstream;
    upstream.on('error', () => this.reset());
    await once(upstream, 'connect');
    await Promise.all([
      this.pump(this.client, upstream, (piece) => this.request(piece)),
      this.pump(upstream, this.client, (piece) => this.answer(piece)),
    ]);
  }

  private async pump(from: Socket, to: Socket, pass: (piece: Buffer) => Buffer | undefined): Promise<void> {
    for await (const piece of from) {
      if (!Buffer.isBuffer(piece)) continue;
      await this.endOfHang();
      // Not left early, which would destroy the socket: after a lost answer the rest is read and thrown away.
      if (this.closed.signal.aborted) continue;
      const allowed = pass(piece);
      if (allowed === undefined) continue;
      await this.write(to, allowed);
      if (!this.closed.signal.aborted) this.cutWhenDue();
    }
    await this.endOfHang();
    to.end();
  }

  private request(piece: Buffer): Buffer {
    const mode = this.options.mode();
    this.startCounting(mode);
    if (mode.kind === 'lose-answers' && (mode.when?.(piece) ?? true)) this.losing = true;
    return piece;
  }

  private answer(piece: Buffer): Buffer | undefined {
    const mode = this.options.mode();
    this.startCounting(mode);
    if (mode.kind === 'lose-answers' && this.losing) {
      this.options.onLostAnswer();
      if (mode.client !== 'hang') this.reset();
      return undefined;
    }
    this.answeredBytes += piece.length;
    if (mode.kind !== 'cut') return piece;
    const excess = this.answeredBytes - (mode.afterBytes ?? 0);
    return excess > 0 ? piece.subarray(0, Math.max(0, piece.length - excess)) : piece;
  }

  private startCounting(mode: FaultMode): void {
    if (this.countedMode === mode) return;
    this.countedMode = mode;
    this.answeredBytes = 0;
    this.losing = false;
  }

  private cutWhenDue(): void {
    const mode = this.options.mode();
    if (mode.kind !== 'cut' || this.countedMode !== mode || this.answeredBytes < (mode.afterBytes ?? 0)) return;
    // What the socket still buffers is handed to the kernel first, so that the bytes before the cut do arrive.
    this.client.write('', () => this.reset());
  }

  private async write(to: Socket, bytes: Buffer): Promise<void> {
    const { signal } = this.closed;
    const mode = this.options.mode();
    const sliceBytes =
      mode.kind === 'slow' && mode.bytesPerSecond !== undefined
        ? Math.max(1, Math.floor(mode.bytesPerSecond * SLOW_SLICE_SECONDS))
        : bytes.length;
    if (mode.kind === 'slow' && mode.latencyMs !== undefined) await this.options.clock.sleep(mode.latencyMs, signal);
    for (let at = 0; at < bytes.length; at += sliceBytes) {
      const slice = bytes.subarray(at, at + sliceBytes);
      // A mode that is no longer in force slows nothing down.
      if (mode.kind === 'slow' && mode.bytesPerSecond !== undefined && this.options.mode() === mode) {
        await this.options.clock.sleep((slice.length / mode.bytesPerSecond) * 1000, signal);
      }
      if (signal.aborted) return;
      if (!to.write(slice)) await once(to, 'drain', { signal });
    }
  }

  private async endOfHang(): Promise<void> {
    while (this.options.mode().kind === 'hang' && !this.closed.signal.aborted) {
      await new Promise<void>((wake) => this.onModeChange.push(wake));
    }
  }
}

/**
 * Node's resetAndDestroy() shuts the socket down before it resets it, so that the peer may see an orderly end. With this
 * flag, the one that it sets itself, destroy() sends the reset alone.
 */
function resetNow(socket: Socket): void {
  if ('resetAndClosing' in socket && !socket.destroyed) {
    socket.resetAndClosing = true;
    socket.destroy();
  } else {
    socket.resetAndDestroy();
  }
}
