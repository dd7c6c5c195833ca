import { Backoff } from '../../foundation/backoff.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { addressOf, type BrokerAddress } from './broker-address.ts';
import { KafkaConnection } from './kafka-connection.ts';
import { unavailable } from './kafka-errors.ts';
import type { ClusterSettings } from './kafka-settings.ts';
import type { NetworkMeter } from './metrics/network-meter.ts';

/**
 * Requests of one lane share a connection to a broker, and wait for each other's answers there. `control` is for what is answered at once;
 * long polls and joins have lanes of their own.
 */
export type Lane = 'control' | 'produce' | 'fetch' | 'second fetch' | 'group';

/** What is known of one address, over all lanes. */
interface Peer {
  readonly backoff: Backoff;
  /** Monotonic ms before which no connect is tried. */
  notBefore: number;
}

interface Slot {
  connection: KafkaConnection | null;
  opening: Promise<KafkaConnection> | null;
}

/** Connections of one client, at most one per broker and lane, opened when they are needed, with back-off between attempts. */
export class ConnectionPool {
  private readonly settings: ClusterSettings;
  private readonly logger: Logger;
  private readonly clock: Clock;
  private readonly meter: NetworkMeter;
  private readonly slots = new Map<string, Slot>();
  private readonly peers = new Map<string, Peer>();
  private readonly closing = new AbortController();

  constructor(dependencies: {
    readonly settings: ClusterSettings;
    readonly logger: Logger;
    readonly clock: Clock;
    readonly meter: NetworkMeter;
  }) {
    this.settings = dependencies.settings;
    this.logger = dependencies.logger;
    this.clock = dependencies.clock;
    this.meter = dependencies.meter;
  }

  /** The open connection, or null. */
  open(address: BrokerAddress, lane: Lane): KafkaConnection | null {
    const connection = this.slots.get(slotKey(address, lane))?.connection;
    return connection?.isOpen === true ? connection : null;
  }

  /** Ms until a connect to this address may be tried. */
  waitMs(address: BrokerAddress): number {
    const peer = this.peers.get(addressOf(address));
    return peer === undefined ? 0 : Math.max(0, peer.notBefore - this.clock.monotonic());
  }

  /** Waits for the back-off of the address, then connects. Rejects with EnvironmentError or ConfigError. */
  async get(address: BrokerAddress, lane: Lane): Promise<KafkaConnection> {
    const key = slotKey(address, lane);
    let slot = this.slots.get(key);
    if (slot === undefined) {
      slot = { connection: null, opening: null };
      this.slots.set(key, slot);
    }
    if (slot.connection?.isOpen === true) return slot.connection;
    slot.opening ??= this.connect(address, slot);
    return slot.opening;
  }

  close(): void {
    this.closing.abort();
    for (const { connection } of this.slots.values()) connection?.close(unavailable('The client was closed.'));
    this.slots.clear();
  }

  private async connect(address: BrokerAddress, slot: Slot): Promise<KafkaConnection> {
    const peer = this.peer(address);
    try {
      const waitMs = this.waitMs(address);
      if (waitMs > 0) await this.clock.sleep(waitMs, this.closing.signal).catch(() => {});
      if (this.closing.signal.aborted) throw unavailable('The client was closed.');
      const { connection: settings } = this.settings;
      const connection = await KafkaConnection.open(
        { ...address, settings, logger: this.logger, clock: this.clock, meter: this.meter },
        this.closing.signal,
      );
      peer.backoff.reset();
      peer.notBefore = 0;
      slot.connection = connection;
      if (this.closing.signal.aborted) {
        connection.close(unavailable('The client was closed.'));
        throw unavailable('The client was closed.');
      }
      return connection;
    } catch (error) {
      peer.notBefore = this.clock.monotonic() + peer.backoff.next();
      throw error;
    } finally {
      slot.opening = null;
    }
  }

  private peer(address: BrokerAddress): Peer {
    const key = addressOf(address);
    let peer = this.peers.get(key);
    if (peer === undefined) {
      const { reconnectBackoffMs: initialMs, reconnectBackoffMaxMs } = this.settings;
      const maxMs = Math.max(initialMs, reconnectBackoffMaxMs);
      peer = { backoff: new Backoff({ initialMs, maxMs, jitter: 0.2 }), notBefore: 0 };
      this.peers.set(key, peer);
    }
    return peer;
  }
}

function slotKey(address: BrokerAddress, lane: Lane): string {
  return `${addressOf(address)}/${lane}`;
}
