/** The HTTP and HTTPS listeners of one {@link RestSite}. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { InjectOptions } from 'fastify';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { ConfigError } from '../sdk/errors/kinds.ts';
import { AccessLog } from './access-log.ts';
import { type Listener, REST_LISTENER } from './listener.ts';
import { OpenConnections } from './open-connections.ts';
import { RestSite, type RestSiteOptions } from './rest-site.ts';
import { httpsOptions, isRefused, type ServerTls } from './server-tls.ts';
import { answerUnreadable } from './unreadable-request.ts';

const IDLE_TIMEOUT_MS = 90_000;
/** How long requests in flight have to end when the server closes, ms. RestServer of Kafka Connect 4.1.1. */
const GRACE_MS = 60_000;

export interface RestServerOptions extends RestSiteOptions {
  /** For https listeners. */
  readonly tls?: ServerTls | null;
  /** Of all listeners together. */
  readonly maxConnections?: number | undefined;
}

export class RestServer {
  private readonly site: RestSite;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly tls: ServerTls | null;
  private readonly accessLog: AccessLog;
  private readonly servers: Server[] = [];
  private readonly connections: OpenConnections;
  private readonly inFlight = new Set<ServerResponse>();
  private readonly ends: (() => void)[] = [];
  private isClosing = false;
  private onQuiet = (): void => {};

  constructor(options: RestServerOptions) {
    this.site = new RestSite(options);
    this.clock = options.clock;
    this.logger = options.logger;
    this.tls = options.tls ?? null;
    this.accessLog = new AccessLog(options);
    this.connections = new OpenConnections({ logger: options.logger, limit: options.maxConnections });
  }

  /** Resolves with the port of each. @throws ConfigError `holdfast.rest.listener`; what listens already is closed by `close`. */
  async listen(listeners: readonly Listener[]): Promise<readonly number[]> {
    await this.site.ready();
    const ports: number[] = [];
    for (const listener of listeners) ports.push(await this.open(listener));
    return ports;
  }

  /** From here on its resources are there. */
  initialised(): void {
    this.site.initialised();
  }

  /** Takes no new connection and ends the streams. What is asked on open connections is still answered, as their last request. */
  drain(): void {
    if (this.isClosing) return;
    this.isClosing = true;
    this.site.endStreams();
    for (const server of this.servers) {
      server.close();
      server.closeIdleConnections();
    }
  }

  /** Waits for requests in flight, `graceMs` at the longest. */
  async close(graceMs = GRACE_MS): Promise<void> {
    this.drain();
    for (const end of this.ends.splice(0)) end();
    await this.quiet(graceMs);
    const closed = this.servers.splice(0).map(async (server) => {
      const gone = new Promise<void>((resolve) => server.once('close', resolve));
      const isOpen = server.listening || (await connectionsOf(server)) > 0;
      server.closeAllConnections();
      if (isOpen) await gone;
    });
    await Promise.all(closed);
    await this.site.close();
  }

  /** For tests: a request without a socket. */
  inject(request: InjectOptions): ReturnType<RestSite['inject']> {
    return this.site.inject(request);
  }

  private quiet(graceMs: number): Promise<void> {
    if (this.inFlight.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.clock.setTimer(resolve, graceMs);
      this.onQuiet = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    this.accessLog.watch(request, response);
    this.inFlight.add(response);
    let answered = (): void => {};
    const isWhole = (): void => {
      answered = this.connections.requested(request.socket);
    };
    // A connection on which a body never comes to its end is not one that is being answered.
    if (hasBody(request)) request.once('end', isWhole);
    else isWhole();
    response.once('close', () => {
      request.off('end', isWhole);
      answered();
      this.inFlight.delete(response);
      if (this.inFlight.size === 0) this.onQuiet();
    });
    if (this.isClosing) response.setHeader('connection', 'close');
    this.site.handle(request, response);
  }

  private async open(listener: Listener): Promise<number> {
    const server = this.serverFor(listener);
    server.keepAliveTimeout = IDLE_TIMEOUT_MS;
    server.on('connection', (socket: Socket) => this.connections.opened(socket));
    server.on('clientError', (error, socket) => {
      const isAnswered = [...this.inFlight].some((each) => each.socket === socket && each.headersSent);
      answerUnreadable(error, socket, isAnswered);
    });
    try {
      await listening(server, { port: listener.port, host: listener.host === '' ? '::' : listener.host });
    } catch (cause) {
      // A machine without IPv6 has no `::`.
      if ((cause as NodeJS.ErrnoException).code === 'EAFNOSUPPORT' && listener.host === '') {
        return this.open({ ...listener, host: '0.0.0.0' });
      }
      throw new ConfigError(
        `The REST API can't listen on ${listener.host}:${listener.port}: ${(cause as Error).message}. Free the port, or name another one in listeners (of the demo: with --port).`,
        { code: REST_LISTENER, cause },
      );
    }
    this.servers.push(server);
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : listener.port;
  }

  private serverFor(listener: Listener): Server {
    const serve = (request: IncomingMessage, response: ServerResponse): void => this.serve(request, response);
    if (listener.scheme === 'http') return createServer(serve);
    const { tls } = this;
    if (tls === null) {
      throw new ConfigError(
        `The https listener on port ${listener.port} has no certificate. Set listeners.https.ssl.keystore.location, or ssl.keystore.location for the clients too.`,
        { code: REST_LISTENER },
      );
    }
    const server: TlsServer = createTlsServer(httpsOptions(tls), serve);
    server.on('secureConnection', (socket) => {
      if (isRefused(tls, socket)) socket.destroy();
    });
    server.on('tlsClientError', (error, socket) => {
      this.logger.debug('A client did not get through the TLS handshake.', { err: error });
      socket.destroy();
    });
    this.ends.push(
      tls.watch(() => {
        server.setSecureContext(httpsOptions(tls));
        this.logger.info('The certificate of the REST API was read anew.', { port: listener.port });
      }),
    );
    return server as Server;
  }
}

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve) => server.getConnections((error, count) => resolve(error === null ? count : 0)));
}

function listening(server: Server, options: { readonly port: number; readonly host: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
