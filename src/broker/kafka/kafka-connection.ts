import type { Socket } from 'node:net';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { ConfigError } from '../../sdk/errors/index.ts';
import { addressOf } from './broker-address.ts';
import { connectFailure, connectionLost, isOurs } from './connection-failures.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { UNSUPPORTED_VERSION, unavailable } from './kafka-errors.ts';
import { type KafkaJsConnection, newKafkaJsConnection } from './kafkajs-connection.ts';
import type { NetworkMeter } from './metrics/network-meter.ts';
import { type Api, type ApiVersionRanges, apiVersions, commonVersion, SASL_AUTHENTICATE_KEY } from './protocol/api.ts';
import { ErrorCode } from './protocol/error-code.ts';
import { WireReader, WireWriter } from './protocol/wire.ts';

export interface ConnectionOptionsOfOne {
  readonly host: string;
  readonly port: number;
  readonly settings: ConnectionSettings;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Hears what goes over it. */
  readonly meter: NetworkMeter;
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
  private readonly meter: NetworkMeter;
  private ranges: ApiVersionRanges = new Map();
  private introduced = false;
  private closed = false;

  private constructor(options: ConnectionOptionsOfOne, connection: KafkaJsConnection, socket: Socket) {
    this.address = addressOf(options);
    this.connection = connection;
    this.socket = socket;
    this.settings = options.settings;
    this.clock = options.clock;
    this.meter = options.meter;
    this.meter.opened(this.clock.monotonic());
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
      const failure = limit ?? connectFailure(error, address, settings);
      if (failure instanceof ConfigError) options.meter.refused(clock.monotonic());
      throw failure;
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
    if (this.isReady) return;
    const since = this.clock.monotonic();
    await this.authenticate();
    const now = this.clock.monotonic();
    this.meter.authenticatedAgain(now - since, now);
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
    // A flexible head is a classic one with tagged fields at its end, and so is that of the answer.
    if (api.flexible) writer.tags();
    api.encode(writer, request, version);
    const payload = await this.exchange(api, version, [writer.done()], timeoutMs);
    const reader = new WireReader(payload);
    if (api.flexible) reader.tags();
    return api.decode(reader, version);
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
    const sentAt = this.clock.monotonic();
    this.meter.sent(this.address, head.length + size, sentAt);
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
            const now = this.clock.monotonic();
            this.meter.answered(this.address, ANSWER_HEAD_BYTES + payload.length, now - sentAt, now);
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
    this.meter.closed(this.clock.monotonic());
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
    if (this.settings.sasl !== null || this.settings.tls !== null) this.meter.authenticated(this.clock.monotonic());
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
      if (this.introduced && failure instanceof ConfigError) this.meter.refusedAgain(this.clock.monotonic());
      this.close(unavailable(`The connection to Kafka at ${this.address} was closed: it could not authenticate.`));
      throw failure;
    }
  }
}

/** Size and correlation id, which kafkajs takes off. */
const ANSWER_HEAD_BYTES = 8;

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
