/**
 * A Confluent-compatible schema registry inside the worker's process, for first runs, tests and development. It keeps its
 * schemas in the compacted topic `_schemas` of the worker's own broker, in Confluent's record format, and has one or several
 * nodes with a primary that can be taken away.
 */
import type { Broker } from '../broker/ports.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { GroupElection } from './primary-election.ts';
import { RegistryCluster } from './registry-cluster.ts';
import type { NodeCondition } from './registry-node.ts';
import { abortable } from './schemas-log.ts';
import { TopicSchemasLog } from './topic-schemas-log.ts';
import { type RegistryTimings, type RegistryVendor, vendorProfiles, vendorTimings } from './vendor-profile.ts';

export interface EmbeddedRegistryOptions {
  readonly broker: Broker;
  /** How many nodes; 1 or more. */
  readonly nodes: number;
  readonly host: string;
  /** One per node, or fewer: the rest get any free one, as 0 does. */
  readonly ports: readonly number[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** `_schemas` unless told. */
  readonly topic?: string;
  /** Whose behaviour at a change of primary, and whose error answers; Confluent's unless told. */
  readonly vendor?: RegistryVendor;
  /** `schema-registry` unless told. */
  readonly groupId?: string;
  readonly timings?: Partial<RegistryTimings>;
  /** Gives up the start. */
  readonly signal?: AbortSignal;
}

export interface TakeAwayOptions {
  /** Comes back by itself after this; unless told, with `restorePrimary`. */
  readonly forMs?: number;
  /**
   * What happens to it. `crash` (the default): its port refuses, as after SIGKILL. `terminate`: as after SIGTERM. `freeze`:
   * it accepts and answers nothing, as under SIGSTOP. `unelect`: every node is up, and none is named primary.
   */
  readonly how?: 'crash' | 'terminate' | 'freeze' | 'unelect';
  /** Whether another node may take over once the group notices (`sessionTimeoutMs`). Not, unless told. */
  readonly replace?: boolean;
}

export interface EmbeddedRegistryNode {
  readonly url: string;
  readonly condition: NodeCondition;
  readonly isPrimary: boolean;
  /** It knows everything in the topic below this offset. */
  readonly appliedOffset: number;
  /** Records reach this node's view so many ms late, from now on. */
  setLag(lagMs: number): void;
  /** Nothing new reaches this node's view until `resumeReading`. */
  pauseReading(): void;
  resumeReading(): void;
}

export interface EmbeddedRegistry {
  readonly nodes: readonly EmbeddedRegistryNode[];
  /** The node that the group names, which may be dead already; null: none. */
  primary(): EmbeddedRegistryNode | null;
  /** Resolves when the primary is gone. What clients see then is in the manner of the vendor. */
  takePrimaryAway(options?: TakeAwayOptions): Promise<void>;
  /** Undoes `takePrimaryAway`. Resolves when a primary takes new schemas again. */
  restorePrimary(): Promise<void>;
  /** Resolves when a primary takes new schemas. */
  writable(signal?: AbortSignal): Promise<void>;
  /** As SIGKILL; `isGraceful` as SIGTERM. */
  stopNode(index: number, options?: { readonly isGraceful?: boolean }): Promise<void>;
  /** Resolves when its port answers, which may be before it knows anything. */
  startNode(index: number): Promise<void>;
  /** As SIGSTOP. */
  freezeNode(index: number): void;
  /** As SIGCONT. */
  thawNode(index: number): void;
  /** Closes ports and clients; what was acknowledged stays in the topic. */
  stop(): Promise<void>;
}

/**
 * Starts the registry. Resolves when every node has read the topic and the primary takes schemas. Rejects, with nothing left
 * open, when a port is taken or the topic is unfit (`holdfast.embedded-registry.topic-unfit`).
 */
export async function createEmbeddedRegistry(options: EmbeddedRegistryOptions): Promise<EmbeddedRegistry> {
  const { broker, clock, host, nodes: count } = options;
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`nodes must be 1 or more, not ${count}.`);
  const topic = options.topic ?? '_schemas';
  const vendor = options.vendor ?? 'confluent';
  const groupId = options.groupId ?? 'schema-registry';
  const profile = vendorProfiles[vendor];
  const timings: RegistryTimings = { ...vendorTimings[vendor], ...options.timings };
  const signal = options.signal ?? new AbortController().signal;
  const { logger } = options;
  const log = await TopicSchemasLog.open({ broker, topic, clock, logger }, options.signal);
  const { sessionTimeoutMs, rebalanceMs } = timings;
  const { forgetsPrimaryAtRebalance } = profile;
  const election = new GroupElection({ clock, sessionTimeoutMs, rebalanceMs, forgetsPrimaryAtRebalance });
  try {
    const cluster = await RegistryCluster.open(
      {
        host,
        ports: Array.from({ length: count }, (_, i) => options.ports[i] ?? 0),
        listen: true,
        core: { vendor, kafkaClusterId: await log.clusterId(options.signal), groupId },
        profile,
        log,
        clock,
        logger,
        timings,
        election: () => election,
      },
      signal,
    );
    const registry = new ClusterRegistry({ cluster, election, clock, logger });
    election.settleNow();
    await registry.firstWritable(signal);
    logger.warn(
      'The embedded schema registry is running. It is meant for first runs, tests and development: its nodes share one ' +
        'process, and it checks the compatibility of Avro schemas only.',
      { nodes: cluster.nodes.map(({ url }) => url), topic, vendor },
    );
    return registry;
  } catch (error) {
    election.close();
    await log.close();
    throw error;
  }
}

interface ClusterRegistryOptions {
  readonly cluster: RegistryCluster;
  readonly election: GroupElection;
  readonly clock: Clock;
  readonly logger: Logger;
}

const WRITABLE_POLL_MS = 20;

class ClusterRegistry implements EmbeddedRegistry {
  readonly nodes: readonly EmbeddedRegistryNode[];
  private readonly cluster: RegistryCluster;
  private readonly election: GroupElection;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly end = new AbortController();
  /** What brings back what was taken away. */
  private restore: (() => Promise<void>) | undefined;

  constructor({ cluster, election, clock, logger }: ClusterRegistryOptions) {
    this.cluster = cluster;
    this.election = election;
    this.clock = clock;
    this.logger = logger;
    this.nodes = cluster.nodes.map((node) => ({
      url: node.url,
      get condition() {
        return node.condition;
      },
      get isPrimary() {
        return node.isPrimary;
      },
      get appliedOffset() {
        return node.appliedOffset;
      },
      setLag: (lagMs) => node.lag.set(lagMs),
      pauseReading: () => node.lag.hold(),
      resumeReading: () => node.lag.release(),
    }));
  }

  primary(): EmbeddedRegistryNode | null {
    return this.nodes[this.primaryIndex()] ?? null;
  }

  async takePrimaryAway({ forMs, how = 'crash', replace = false }: TakeAwayOptions = {}): Promise<void> {
    const index = this.primaryIndex();
    const url = this.nodes[index]?.url;
    if (this.restore !== undefined || url === undefined) throw new Error('There is no primary to take away.');
    if (how === 'unelect') this.election.restrictTo(null);
    else if (!replace) this.election.restrictTo(url);
    this.restore = async () => {
      this.election.restrictTo(undefined);
      if (how === 'unelect') this.election.rebalanceNow();
      else if (how === 'freeze') this.cluster.thawNode(index);
      else await this.cluster.startNode(index, this.end.signal);
    };
    if (how === 'unelect') this.election.rebalanceNow();
    else if (how === 'freeze') this.cluster.freezeNode(index);
    else await this.cluster.stopNode(index, { isGraceful: how === 'terminate' });
    if (forMs !== undefined) this.restoreAfter(forMs);
  }

  private restoreAfter(forMs: number): void {
    const restore = (): void => {
      this.restorePrimary().catch((error: unknown) => {
        if (this.end.signal.aborted) return;
        this.logger.error('The primary of the embedded registry did not come back.', { err: error });
      });
    };
    const timer = this.clock.setTimer(restore, forMs, { unref: true });
    this.end.signal.addEventListener('abort', () => timer.cancel(), { once: true });
  }

  async restorePrimary(): Promise<void> {
    const { restore } = this;
    this.restore = undefined;
    await restore?.();
    await this.writable();
  }

  /** The first primary is assigned before anybody asks: nothing has to be polled for. */
  async firstWritable(signal: AbortSignal): Promise<void> {
    const becoming = this.cluster.nodes.find((node) => node.isPrimary)?.becomingWritable;
    if (becoming !== undefined) await abortable(becoming, signal);
  }

  async writable(signal?: AbortSignal): Promise<void> {
    const either = signal === undefined ? this.end.signal : AbortSignal.any([signal, this.end.signal]);
    while (!this.cluster.nodes.some((node) => node.isWritable && node.condition === 'up')) {
      await this.clock.sleep(WRITABLE_POLL_MS, either);
    }
  }

  stopNode(index: number, { isGraceful = false }: { readonly isGraceful?: boolean } = {}): Promise<void> {
    return this.cluster.stopNode(index, { isGraceful });
  }

  startNode(index: number): Promise<void> {
    return this.cluster.startNode(index, this.end.signal);
  }

  freezeNode(index: number): void {
    this.cluster.freezeNode(index);
  }

  thawNode(index: number): void {
    this.cluster.thawNode(index);
  }

  async stop(): Promise<void> {
    this.end.abort(new Error('the embedded registry is stopped'));
    await this.cluster.close();
  }

  private primaryIndex(): number {
    return this.nodes.findIndex(({ url }) => url === this.election.primary);
  }
}
