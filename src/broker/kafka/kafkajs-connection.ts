import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { Logger } from '../../foundation/logger.ts';
import { openSocket } from './broker-socket.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { kafkaJsSasl } from './sasl/kafkajs-sasl.ts';

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

export interface KafkaJsConnection {
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

/** Not connected yet; `onSocket` gets the socket that it opens. */
export function newKafkaJsConnection(
  {
    host,
    port,
    settings,
    logger,
  }: {
    readonly host: string;
    readonly port: number;
    readonly settings: ConnectionSettings;
    readonly logger: Logger;
  },
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
