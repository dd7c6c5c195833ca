import { createRequire } from 'node:module';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { ConfigError, type EnvironmentError } from '../../sdk/errors/index.ts';
import { AUTHENTICATION_FAILED, UNSUPPORTED_VERSION, unavailable } from './kafka-errors.ts';
import { type Api, type ApiVersionRanges, apiVersions, commonVersion, SASL_AUTHENTICATE_KEY } from './protocol/api.ts';
import { ErrorCode } from './protocol/error-code.ts';
import { WireReader, WireWriter } from './protocol/wire.ts';
import { kafkaJsSasl } from './sasl/kafkajs-sasl.ts';
import type { SaslSettings } from './sasl/sasl-settings.ts';
import type { TokenSource } from './sasl/token-source.ts';

/*
 * The only file that knows kafkajs's internals (2.2.4, pinned exactly): its connection (framing, correlation of answers) and its SASL
 * authenticators. Requests are encoded, timed out and retried here and above, because kafkajs copies every request twice, polls
 * for timeouts ten times a second and connection, and sets timers with negative delays (tulios/kafkajs#1751).
 */

interface InFlightEntry {
  readonly apiKey: number;
  readonly apiName: string;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly resolve: (answer: { readonly payload: Buffer }) => void;
  readonly reject: (error: Error) => void;
}

interface KafkaJsConnection {
  socket?: Socket;
  readonly requestQueue: {
    scheduleCheckPendingRequests: () => void;
    push(request: {
      readonly entry: InFlightEntry;
      readonly expectResponse: boolean;
      readonly requestTimeout: null;
      readonly sendRequest: () => void;
    }): void;
  };
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  isConnected(): boolean;
  isAuthenticated(): boolean;
  authenticate(): Promise<void>;
  setVersions(versions: Record<number, { minVersion: number; maxVersion: number }>): void;
  setSupportAuthenticationProtocol(supported: boolean): void;
  nextCorrelationId(): number;
  rejectRequests(error: Error): void;
}

type KafkaJsConnectionClass = new (options: Record<string, unknown>) => KafkaJsConnection;

const require = createRequire(import.meta.url);

export interface ConnectionSettings {
  readonly clientId: string;
  /** null: PLAINTEXT or SASL_PLAINTEXT. */
  readonly tls: ConnectionOptions | null;
  readonly sasl: SaslSettings | null;
  /** With `oauthbearer`. */
  readonly tokens?: TokenSource;
  /** Time limit of connecting, of the TLS handshake and of authenticating, together. */
  readonly setupTimeoutMs: number;
}

export interface ConnectionOptionsOfOne {
  readonly host: string;
  readonly port: number;
  readonly settings: ConnectionSettings;
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * One authenticated connection to one broker. Many requests may be in flight; the broker answers them in order. A request
 * without an answer in time closes the connection, because what follows on it would wait as well.
 */
export class KafkaConnection {
  readonly address: string;
  private readonly connection: KafkaJsConnection;
  private readonly socket: Socket;
  private readonly settings: ConnectionSettings;
  private readonly clock: Clock;
  private ranges: ApiVersionRanges = new Map();
  private introduced = false;
  private closed = false;

  private constructor(options: ConnectionOptionsOfOne, connection: KafkaJsConnection, socket: Socket) {
    this.address = addressOf(options);
    this.connection = connection;
    this.socket = socket;
    this.settings = options.settings;
    this.clock = options.clock;
    socket.once('close', () => this.close(unavailable(`The connection to Kafka at ${this.address} was closed.`)));
  }

  /**
   * Connects, asks for versions and authenticates. Rejects with ConfigError when one side does not trust or accept the other,
   * with EnvironmentError for all else.
   */
  static async open(options: ConnectionOptionsOfOne, signal: AbortSignal): Promise<KafkaConnection> {
    signal.throwIfAborted();
    const { settings, clock } = options;
    const address = addressOf(options);
    let opening: Socket | undefined;
    let limit: Error | undefined;
    const giveUp = (error: Error): void => {
      limit = error;
      opening?.destroy(error);
    };
    const timer = clock.setTimer(
      () => giveUp(unavailable(`Kafka at ${address} did not let us in within ${settings.setupTimeoutMs} ms.`)),
      settings.setupTimeoutMs,
    );
    const onAbort = (): void => giveUp(unavailable(`Connecting to Kafka at ${address} was given up.`));
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const connection = newKafkaJsConnection(options, (socket) => {
        opening = socket;
      });
      await connection.connect();
      if (limit !== undefined || opening === undefined) throw limit ?? new Error('no socket');
      const opened = new KafkaConnection(options, connection, opening);
      try {
        await opened.introduce();
      } catch (error) {
        opened.close(unavailable(`The connection to Kafka at ${address} was closed.`));
        throw error;
      }
      return opened;
    } catch (error) {
      throw limit ?? connectFailure(error, address, settings);
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
    }
  }

  get isOpen(): boolean {
    return !this.closed && this.connection.isConnected();
  }

  /** Whether `exchange` may be called: false when the broker wants us to authenticate again (KIP-368). */
  get isReady(): boolean {
    return this.settings.sasl === null || this.connection.isAuthenticated();
  }

  async makeReady(): Promise<void> {
    if (!this.isReady) await this.authenticate();
  }

  /** The version in which both sides know the request. Throws ConfigError when there is none. */
  versionOf(api: Pick<Api<never, unknown>, 'name' | 'key' | 'versions'>): number {
    const version = commonVersion(api, this.ranges);
    if (version === null) {
      const range = this.ranges.get(api.key);
      throw new ConfigError(
        `Kafka at ${this.address} ${range === undefined ? 'does not know' : `speaks versions ${range.min} to ${range.max} of`} the request ` +
          `${api.name}, of which versions ${api.versions[0]} to ${api.versions[1]} are needed. Use Apache Kafka 2.4 or later.`,
        { code: UNSUPPORTED_VERSION },
      );
    }
    return version;
  }

  /** Rejects with EnvironmentError when the answer does not come: what was asked for may have been done or not. */
  async request<Request, Response>(
    api: Api<Request, Response>,
    request: Request,
    timeoutMs: number,
  ): Promise<Response> {
    if (!this.isReady) await this.makeReady();
    const version = this.versionOf(api);
    const writer = new WireWriter();
    api.encode(writer, request, version);
    const payload = await this.exchange(api, version, [writer.done()], timeoutMs);
    return api.decode(new WireReader(payload), version);
  }

  /** As `request`, for a body that was encoded already, in pieces that are not copied. */
  async exchange(
    api: { readonly name: string; readonly key: number },
    version: number,
    body: readonly Uint8Array[],
    timeoutMs: number,
  ): Promise<Buffer> {
    if (!this.isOpen) throw unavailable(`The connection to Kafka at ${this.address} was closed.`);
    const { connection } = this;
    const correlationId = connection.nextCorrelationId();
    let size = 0;
    for (const piece of body) size += piece.length;
    const head = requestHead(api.key, version, correlationId, this.settings.clientId, size);
    return new Promise<Buffer>((resolve, reject) => {
      const timer = this.clock.setTimer(
        () => this.close(unavailable(`Kafka at ${this.address} did not answer ${api.name} within ${timeoutMs} ms.`)),
        timeoutMs,
      );
      connection.requestQueue.push({
        entry: {
          apiKey: api.key,
          apiName: api.name,
          apiVersion: version,
          correlationId,
          resolve: ({ payload }) => {
            timer.cancel();
            resolve(payload);
          },
          reject: (error) => {
            timer.cancel();
            reject(this.failureOf(error));
          },
        },
        expectResponse: true,
        requestTimeout: null,
        sendRequest: () => {
          this.socket.cork();
          this.socket.write(head);
          for (const piece of body) this.socket.write(piece);
          this.socket.uncork();
        },
      });
    });
  }

  /** Rejects what is in flight with `reason`. */
  close(reason: Error): void {
    if (this.closed) return;
    this.closed = true;
    this.connection.rejectRequests(reason);
    void this.connection.disconnect();
    this.socket.destroy();
  }

  private async introduce(): Promise<void> {
    const timeoutMs = this.settings.setupTimeoutMs;
    let { errorCode, ranges } = await this.askVersions(2, timeoutMs);
    if (errorCode === ErrorCode.UNSUPPORTED_VERSION) ({ errorCode, ranges } = await this.askVersions(0, timeoutMs));
    if (errorCode !== ErrorCode.NONE)
      throw unavailable(`Kafka at ${this.address} does not tell its versions (error ${errorCode}).`);
    this.ranges = ranges;
    const versions: Record<number, { minVersion: number; maxVersion: number }> = {};
    for (const [key, { min, max }] of ranges) versions[key] = { minVersion: min, maxVersion: max };
    this.connection.setVersions(versions);
    this.connection.setSupportAuthenticationProtocol(ranges.has(SASL_AUTHENTICATE_KEY));
    if (this.settings.sasl !== null) await this.authenticate();
    this.introduced = true;
  }

  /** With TLS 1.3 a server that refuses our certificate says so after the handshake only. */
  private failureOf(error: unknown): Error {
    if (isOurs(error)) return error;
    return this.introduced ? connectionLost(error, this.address) : connectFailure(error, this.address, this.settings);
  }

  private async askVersions(version: number, timeoutMs: number) {
    const payload = await this.exchange(apiVersions, version, [], timeoutMs);
    return apiVersions.decode(new WireReader(payload), version);
  }

  private async authenticate(): Promise<void> {
    try {
      await this.connection.authenticate();
    } catch (error) {
      const failure = connectFailure(error, this.address, this.settings);
      this.close(unavailable(`The connection to Kafka at ${this.address} was closed: it could not authenticate.`));
      throw failure;
    }
  }
}

function newKafkaJsConnection(
  { host, port, settings, logger }: ConnectionOptionsOfOne,
  onSocket: (socket: Socket) => void,
): KafkaJsConnection {
  const KafkaJsConnection = require('kafkajs/src/network/connection') as KafkaJsConnectionClass;
  const connection = new KafkaJsConnection({
    host,
    port,
    clientId: settings.clientId,
    ssl: settings.tls,
    sasl: settings.sasl === null ? null : kafkaJsSasl(settings.sasl, settings.tokens ?? null),
    logger: kafkaJsLogger(logger),
    requestTimeout: settings.setupTimeoutMs,
    enforceRequestTimeout: false,
    // Ours comes first; kafkajs's is never cleared when a socket is destroyed without an error.
    connectionTimeout: settings.setupTimeoutMs + 1_000,
    socketFactory: (request: { host: string; port: number; ssl: ConnectionOptions | null; onConnect: () => void }) => {
      const socket = openSocket(request);
      onSocket(socket);
      return socket;
    },
  });
  // Nothing waits in kafkajs's queue here, and its timer for what does has a negative delay.
  connection.requestQueue.scheduleCheckPendingRequests = () => {};
  return connection;
}

function openSocket({
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

/** kafkajs logs every failed attempt as an error; here it is the caller who decides what a failure is worth. */
function kafkaJsLogger(logger: Logger) {
  const debug = logger.isLevelEnabled('debug');
  const write = (message: unknown): void => {
    // Never the second argument: it may hold what was sent.
    if (debug) logger.debug('kafkajs', { text: String(message) });
  };
  const kafkaJs = { info: write, error: write, warn: write, debug: () => {}, namespace: () => kafkaJs };
  return kafkaJs;
}

function requestHead(
  apiKey: number,
  version: number,
  correlationId: number,
  clientId: string,
  bodyBytes: number,
): Buffer {
  const idBytes = Buffer.byteLength(clientId);
  const head = Buffer.allocUnsafe(14 + idBytes);
  head.writeInt32BE(10 + idBytes + bodyBytes, 0);
  head.writeInt16BE(apiKey, 4);
  head.writeInt16BE(version, 6);
  head.writeInt32BE(correlationId, 8);
  head.writeInt16BE(idBytes, 12);
  head.write(clientId, 14);
  return head;
}

/** Why a TLS handshake failed in a way that more attempts don't mend. */
const trustFailures =
  /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO$)/;

function connectFailure(error: unknown, address: string, settings: ConnectionSettings): Error {
  if (isOurs(error)) return error;
  const { message, code, name } = describe(error);
  if (name === 'KafkaJSSASLAuthenticationError' && !lostWhileAuthenticating(message)) {
    return new ConfigError(
      `Kafka at ${address} refused to authenticate us with ${settings.sasl?.mechanism.toUpperCase()}: ${message}. Correct sasl.mechanism ` +
        'and sasl.jaas.config.',
      { code: AUTHENTICATION_FAILED },
    );
  }
  if (settings.tls !== null && trustFailures.test(code)) {
    return new ConfigError(
      `The TLS handshake with Kafka at ${address} failed (${code}: ${message}). Correct security.protocol, the ssl.truststore. settings (whom ` +
        'we trust), the ssl.keystore. settings (who we are) or ssl.endpoint.identification.algorithm.',
      { code: AUTHENTICATION_FAILED },
    );
  }
  return connectionLost(error, address);
}

/** kafkajs wraps a connection that breaks during authentication into an authentication error. */
function lostWhileAuthenticating(message: string): boolean {
  return /connection (closed|error)|closed connection|not connected|timed? ?out|was closed|did not (answer|let)/i.test(
    message,
  );
}

function connectionLost(error: unknown, address: string): EnvironmentError {
  return unavailable(`Kafka at ${address} can't be reached: ${describe(error).message}.`, error);
}

function isOurs(error: unknown): error is ConfigError | EnvironmentError {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('holdfast.')
  );
}

function describe(error: unknown): { message: string; code: string; name: string } {
  if (!(error instanceof Error)) return { message: String(error), code: '', name: '' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const message = error.message.replace(/[:. ]+$/, '');
  // Node gives a connect that failed for several addresses no message of its own.
  return { message: code !== '' && !message.includes(code) ? `${message} (${code})` : message, code, name: error.name };
}

function addressOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
