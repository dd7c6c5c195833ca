import { Backoff } from '../../foundation/backoff.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { EnvironmentError, IllegalStateError } from '../../sdk/errors/index.ts';
import type { FigureGroup } from '../client-figures.ts';
import type { AvailabilityListener } from '../ports.ts';
import { AvailabilityTracker } from './availability-tracker.ts';
import { addressOf, type BrokerAddress } from './broker-address.ts';
import { ClusterMetadata } from './cluster-metadata.ts';
import { ConnectionPool, type Lane } from './connection-pool.ts';
import type { KafkaConnection } from './kafka-connection.ts';
import { CLIENT_CLOSED, errorForCode, unavailable } from './kafka-errors.ts';
import type { ClusterSettings } from './kafka-settings.ts';
import { NetworkMeter } from './metrics/network-meter.ts';
import type { Api } from './protocol/api.ts';
import { ErrorCode } from './protocol/error-code.ts';
import { findCoordinator } from './protocol/group.ts';

/** A broker by its id, or whichever can be reached. */
export type RequestTarget = number | 'any';

export interface RequestOptions {
  readonly lane?: Lane;
  /** `request.timeout.ms` unless told. */
  readonly timeoutMs?: number;
}

/**
 * One client's view of a cluster: its connections, what it knows of brokers and topics, and whether it gets on. Single requests are
 * tried once and reject with EnvironmentError for what time may mend; `retrying` repeats.
 */
export class Cluster {
  readonly metadata: ClusterMetadata;
  readonly availability: AvailabilityTracker;
  readonly settings: ClusterSettings;
  readonly clock: Clock;
  /** ms since the epoch. */
  readonly startedAt: number;
  private readonly pool: ConnectionPool;
  private readonly network: NetworkMeter;
  /** Names of brokers by address, kept while those are known. */
  private readonly nodes = new Map<string, string>();
  private operations = 0;
  private closed = false;

  constructor(dependencies: {
    readonly settings: ClusterSettings;
    readonly logger: Logger;
    readonly clock: Clock;
    readonly onAvailability?: AvailabilityListener | undefined;
    /** Whether asking for a topic may create it. */
    readonly autoCreateTopics: boolean;
  }) {
    const { settings, logger, clock, onAvailability, autoCreateTopics } = dependencies;
    this.settings = settings;
    this.clock = clock;
    this.startedAt = clock.now();
    this.network = new NetworkMeter(settings.windows);
    this.pool = new ConnectionPool({ settings, logger, clock, meter: this.network });
    this.availability = new AvailabilityTracker({ clock, logger, listener: onAvailability });
    this.metadata = new ClusterMetadata({
      ask: (api, request) => this.request('any', api, request),
      clock,
      maxAgeMs: settings.metadataMaxAgeMs,
      autoCreateTopics,
    });
  }

  /** One attempt. */
  async request<Request, Response>(
    target: RequestTarget,
    api: Api<Request, Response>,
    request: Request,
    { lane = 'control', timeoutMs = this.settings.requestTimeoutMs }: RequestOptions = {},
  ): Promise<Response> {
    const connection = await this.connect(target, lane);
    return connection.request(api, request, timeoutMs);
  }

  /** The connection to a broker if it is open and authenticated, for those who must not wait between two requests. */
  connected(node: number, lane: Lane): KafkaConnection | null {
    const address = this.metadata.brokers.get(node);
    const connection = address === undefined ? null : this.pool.open(address, lane);
    return connection?.isReady === true ? connection : null;
  }

  /** An open connection. */
  async connect(target: RequestTarget, lane: Lane): Promise<KafkaConnection> {
    if (this.closed)
      throw new IllegalStateError('A client of Kafka was used after it was closed.', { code: CLIENT_CLOSED });
    if (target === 'any') return this.connectToAny(lane);
    const address = this.metadata.brokers.get(target);
    if (address === undefined) throw unavailable(`Kafka's broker ${target} is not there at present.`);
    const connection = await this.pool.get(address, lane);
    await connection.makeReady();
    return connection;
  }

  /**
   * Repeats `attempt` while it fails with EnvironmentError, with back-off, until `signal` aborts: then it rejects with the last such error.
   * An outage is reported as the client's availability.
   */
  async retrying<T>(attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const key = `operation ${++this.operations}`;
    const backoff = this.retryBackoff();
    try {
      for (;;) {
        try {
          return await attempt();
        } catch (error) {
          if (!(error instanceof EnvironmentError)) throw error;
          if (isAborted(signal) || this.closed) throw error;
          this.availability.failed(key, error.message);
          await this.clock.sleep(backoff.next(), signal).catch(() => {});
          if (isAborted(signal)) throw error;
        }
      }
    } finally {
      if (isAborted(signal)) this.availability.gaveUp(key);
      else this.availability.worked(key);
    }
  }

  retryBackoff(): Backoff {
    const { retryBackoffMs: initialMs, retryBackoffMaxMs } = this.settings;
    return new Backoff({ initialMs, maxMs: Math.max(initialMs, retryBackoffMaxMs), jitter: 0.2 });
  }

  /** The id of the broker that coordinates the group. One attempt. */
  async coordinator(groupId: string): Promise<number> {
    const found = await this.request('any', findCoordinator, { groupId });
    if (found.errorCode !== ErrorCode.NONE) {
      throw errorForCode(found.errorCode, `name the coordinator of group '${groupId}'`, found.errorMessage);
    }
    this.metadata.brokers.set(found.nodeId, { host: found.host, port: found.port });
    return found.nodeId;
  }

  /** `<prefix>-metrics`, to which the client adds what it measures itself, and `<prefix>-node-metrics`. */
  figures(prefix: 'producer' | 'consumer' | 'admin-client', own: Readonly<Record<string, number>> = {}): FigureGroup[] {
    const now = this.clock.monotonic();
    for (const [id, address] of this.metadata.brokers) this.nodes.set(addressOf(address), `node-${id}`);
    const values = { ...this.network.values(now), ...own };
    return [
      { type: `${prefix}-metrics`, tags: {}, values },
      ...this.network.nodes(prefix, (address) => this.nodeAt(address), now),
    ];
  }

  close(): void {
    this.closed = true;
    this.availability.close();
    this.metadata.close();
    this.pool.close();
  }

  private nodeAt(address: string): string {
    const first = this.settings.bootstrapServers.findIndex((server) => addressOf(server) === address);
    return this.nodes.get(address) ?? `node-${-1 - Math.max(0, first)}`;
  }

  private async connectToAny(lane: Lane): Promise<KafkaConnection> {
    const candidates = this.addresses();
    for (const address of candidates) {
      const open = this.pool.open(address, lane);
      if (open !== null) return open;
    }
    let failure: unknown;
    for (const address of candidates) {
      try {
        return await this.pool.get(address, lane);
      } catch (error) {
        // One that refuses our credentials is not worth asking the others.
        if (!(error instanceof EnvironmentError)) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  /** Known brokers in random order, then the bootstrap servers; those that failed last come last. */
  private addresses(): BrokerAddress[] {
    const known = [...this.metadata.brokers.values()]
      .map((address) => ({ address, order: Math.random() }))
      .sort((a, b) => a.order - b.order)
      .map(({ address }) => address);
    const unique = new Map<string, BrokerAddress>();
    for (const address of [...known, ...this.settings.bootstrapServers]) {
      const key = addressOf(address);
      if (!unique.has(key)) unique.set(key, address);
    }
    return [...unique.values()]
      .map((address) => ({ address, waitMs: this.pool.waitMs(address) }))
      .sort((a, b) => a.waitMs - b.waitMs)
      .map(({ address }) => address);
  }
}

// A function, because the compiler takes `aborted` for a constant between two looks.
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
