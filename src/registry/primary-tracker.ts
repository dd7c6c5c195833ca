/**
 * Who is primary, found out by a ladder: the group in which the nodes elect, each node's health resource, and what requests did. A rung
 * that is not to be had gives way to the next one, and is tried again.
 *
 * Errors come first: a group still names a dead primary for up to its session timeout, and names the next one seconds before it can
 * write. So nothing here is waited for, and what requests did overrules what is described.
 */
import { setMaxListeners } from 'node:events';
import type { Clock, Timer } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { steadyNow } from '../foundation/steady-time.ts';
import type { ResolveHost } from './advertised-address.ts';
import { DetectionLadder } from './detection-ladder.ts';
import { DetectionLog } from './detection-log.ts';
import { DetectionStanding } from './detection-standing.ts';
import type { GroupDescriber } from './group-describer.ts';
import type { PrimaryIdentity } from './group-reading.ts';
import { knownNodes } from './known-nodes.ts';
import { readAllHealth } from './node-health.ts';
import { NodePresence } from './node-presence.ts';
import { PrimaryAddress } from './primary-address.ts';
import { PrimaryEpochs, type SuspectTime, UNKNOWN } from './primary-epochs.ts';
import type { RegistryConfigValues } from './registry-config.ts';
import type { RegistryEvent } from './registry-events.ts';
import type {
  Acknowledgement,
  EpochListener,
  KnowledgeSnapshot,
  NodeProgress,
  Observation,
  RegistryKnowledge,
} from './registry-knowledge.ts';
import type { DetectionRung, PrimaryEpoch } from './registry-snapshot.ts';
import { type AskNode, hasNoPrimary } from './registry-vendor.ts';
import { TakenWrites } from './taken-writes.ts';

export interface PrimaryTrackerOptions {
  readonly nodes: readonly string[];
  readonly values: RegistryConfigValues;
  /** Asks one node one question, whatever is known of the node. */
  readonly ask: AskNode;
  /** null: no broker can describe a group. */
  readonly groups: GroupDescriber | null;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly emit: (event: RegistryEvent) => void;
  /** What a node said of the cluster it belongs to; null: nothing. */
  readonly clusterId: () => string | null;
  /** Not called for the first primary. */
  readonly onChange: EpochListener;
  /** A new primary takes writes: what was acknowledged under its own epoch before that has become suspect. */
  readonly onSuspect: (time: SuspectTime) => void;
  /** Writes fail, and the primary's own node says that it is ready: it is time to try one. Once per primary. */
  readonly onReady: () => void;
  /** By DNS unless told. */
  readonly resolveHost?: ResolveHost;
}

interface Outage {
  /** ms since the epoch. */
  readonly beganAt: number;
  /** Of the epoch that lasted then. */
  readonly epochNumber: number;
}

/** A change that does not come to an end is looked at in a hurry for so long. */
const HURRY_MS = 60_000;
/** Who took a write is named by then, if it is primary. */
const NAMED_WITHIN_MS = 2000;

export class PrimaryTracker implements RegistryKnowledge {
  private readonly options: PrimaryTrackerOptions;
  private readonly epochs: PrimaryEpochs;
  private readonly ladder: DetectionLadder;
  private readonly presence: NodePresence;
  private readonly log: DetectionLog;
  private readonly life = new AbortController();
  private readonly running: Promise<unknown>;
  private readonly outages = new Map<'read' | 'write', Outage>();
  private readonly standing: DetectionStanding;
  private readonly address: PrimaryAddress;
  private readonly writes: TakenWrites;
  private wasElecting = false;
  /** The node that is primary is known not to answer. */
  private isDead = false;
  /** Clock.monotonic() */
  private hurryUntil = 0;
  private epochBeganAt = 0;
  /** Number of the epoch whose primary said that it is ready. */
  private saidReady = 0;
  /** Until another primary is named, or time is up. */
  private unnamed: Timer | undefined;

  /** Begins to look by itself, when whoever makes it is done. */
  constructor(options: PrimaryTrackerOptions) {
    const { nodes, clock, values } = options;
    this.options = options;
    // Every look under way listens to the end of the client.
    setMaxListeners(0, this.life.signal);
    this.log = new DetectionLog(options.logger);
    this.epochs = new PrimaryEpochs({ clock, suspectWindowMs: values['registry.suspect.window.ms'] });
    this.presence = new NodePresence({ nodes, clock });
    this.writes = new TakenWrites({ clock });
    this.address = new PrimaryAddress({
      nodes,
      resolveHost: options.resolveHost,
      signal: this.life.signal,
      onResolved: (url, node) => {
        if (node !== null) this.checkUsable();
        else this.log.address(url);
      },
    });
    this.ladder = new DetectionLadder({
      ...options,
      isUrgent: () => this.isUrgent(),
      looked: () => this.evaluate(),
      failed: (error) => this.log.failed(error),
    });
    const { log } = this;
    this.standing = new DetectionStanding({ vendor: this.ladder.vendor, log, emit: options.emit });
    this.running = this.run();
  }

  epoch(): string {
    return this.epochs.stamp;
  }

  primary(): string | null {
    const url = this.epochs.current?.url;
    if (url === null || url === undefined || hasNoPrimary(this.standing.vendor)) return null;
    const node = this.address.nodeAt(url);
    if (node !== null) return node;
    const reading = readAllHealth(this.ladder.health.words());
    return reading.kind === 'primary' && reading.url === url ? reading.node : null;
  }

  lastChangeAt(): number | null {
    return this.epochs.lastChangeAt;
  }

  async progress(probed: readonly NodeProgress[], signal: AbortSignal): Promise<readonly NodeProgress[]> {
    if (this.standing.vendor !== 'karapace') return probed;
    signal.throwIfAborted();
    await this.ladder.health.refresh(
      probed.map(({ node }) => node),
      this.life.signal,
    );
    return this.ladder.health.vouched(probed);
  }

  isSuspect(acknowledgement: Acknowledgement): boolean {
    return this.epochs.isSuspect(acknowledgement);
  }

  observe(observation: Observation): void {
    switch (observation.kind) {
      case 'written':
        this.written(observation.node);
        return;
      case 'write-hangs':
        this.writes.wasInVain = true;
        return;
      case 'node-changed':
        this.nodeChanged(observation.node, observation.alive);
        return;
      case 'outage-began':
        this.outages.set(observation.access, {
          beganAt: steadyNow(this.options.clock),
          epochNumber: this.epochs.current?.number ?? 0,
        });
        if (observation.access === 'write') this.writes.wasInVain = true;
        this.epochs.sign();
        this.ladder.lookNow();
        return;
      case 'outage-ended':
        this.outageEnded(observation.access, observation.beganAt);
        return;
    }
  }

  snapshot(): KnowledgeSnapshot {
    const primary = this.primary();
    return {
      vendor: this.standing.vendor,
      rung: this.standing.rung,
      rungReason: this.standing.reason,
      epochs: this.epochs.list(),
      nodes: knownNodes(this.options.nodes, primary, this.ladder.health.words()),
    };
  }

  async close(): Promise<void> {
    this.unnamed?.cancel();
    this.life.abort(new DOMException('The registry client is closed.', 'AbortError'));
    await this.running;
  }

  private async run(): Promise<void> {
    await Promise.resolve();
    this.evaluate();
    await this.ladder.run(this.life.signal);
  }

  /** While something is the matter: a gate is closed, an election goes on, a primary is not usable yet. */
  private isUrgent(): boolean {
    return this.outages.size > 0 || this.options.clock.monotonic() < this.hurryUntil;
  }

  private hurry(): void {
    this.hurryUntil = this.options.clock.monotonic() + HURRY_MS;
    this.ladder.lookNow();
  }

  /** Draws the conclusions of what is known; after every look. */
  private evaluate(): void {
    if (this.life.signal.aborted) return;
    const standing = this.ladder.stand();
    if (standing === undefined) return;
    this.standing.take(standing, this.ladder.vendor);
    const { found, rung } = standing;
    if (found.kind === 'primary') this.named(found.identity, rung);
    else if (found.kind === 'none') this.nobody(found.reason, rung);
    else this.unclear(found.isElecting);
    if (found.kind !== 'unclear') this.wasElecting = false;
    this.checkUsable();
  }

  private named(identity: PrimaryIdentity, rung: DetectionRung): void {
    const { current } = this.epochs;
    if (current === null) {
      this.begin(identity, 'first-seen', rung);
      if (this.hasJustWritten) this.usable();
    } else if (!this.epochs.isOf(identity)) {
      this.begin(identity, rung === 'group' ? 'group-elected' : 'health-changed', rung);
      // It has taken a write before it was named.
      if (this.hasJustWritten && this.writes.lastWriter === this.primary()) this.usable();
    } else {
      const refined = this.epochs.refine({ memberId: identity.memberId ?? current.memberId, url: identity.url }, rung);
      this.address.reach(identity.url);
      if (refined !== undefined && current.url === null && identity.url !== null) this.known(refined);
      if (this.speaksForIt()) this.epochs.good();
    }
  }

  /** Nobody could say who it is when the epoch began. */
  private known(epoch: PrimaryEpoch): void {
    this.log.known(epoch);
    this.options.emit({ type: 'epoch', epoch, previous: this.epochs.list()[1] ?? null });
  }

  /** Nothing that is known contradicts the group. */
  private speaksForIt(): boolean {
    if (this.outages.size > 0 || this.isDead) return false;
    const primary = this.primary();
    const word = primary === null ? undefined : this.ladder.health.word(primary);
    return word === undefined || (word.health.isPrimary !== false && word.health.isReady);
  }

  private nobody(reason: string, rung: DetectionRung): void {
    // Who takes writes is primary: the group is about to say so.
    if (this.hasJustWritten) return;
    this.epochs.sign();
    if (this.epochs.isLost) return;
    this.begin(UNKNOWN, 'primary-lost', rung, { reason });
  }

  private unclear(isElecting: boolean): void {
    if (isElecting) this.epochs.sign();
    if (isElecting && !this.wasElecting) this.hurry();
    this.wasElecting = isElecting;
  }

  /** The node's own word, given after it was named. While writes fail, only one that goes through counts. */
  private checkUsable(): void {
    const primary = this.primary();
    const word = primary === null ? undefined : this.ladder.health.word(primary);
    if (word === undefined || word.askedAt < this.epochBeganAt) return;
    if (word.health.isPrimary !== true || !word.health.isReady) {
      this.saidReady = 0;
      return;
    }
    const number = this.epochs.current?.number ?? 0;
    if (!this.outages.has('write')) this.usable();
    else if (this.saidReady !== number) this.options.onReady();
    this.saidReady = number;
  }

  private written(node: string): void {
    const moved = this.writes.by(node);
    const primary = this.primary();
    // Invariant 5: the primary is asked first. Another node has forwarded it, or was replaced and does not know it: then it vouches for nothing.
    const vouches = primary === null || primary === node || this.presence.isAway(primary);
    const outage = this.outages.get('write');
    if (outage !== undefined && this.standing.isTold && primary !== null && primary !== node) {
      this.awaitName(outage);
      return;
    }
    if (outage !== undefined) this.outageEnded('write', outage.beganAt, vouches);
    else if (this.epochs.isLost) this.begin(UNKNOWN, 'outage-ended', this.standing.rung);
    else if (this.epochs.current === null && this.standing.rung === 'inference')
      this.begin(UNKNOWN, 'first-seen', this.standing.rung);
    else if (moved && this.standing.rung === 'inference')
      this.begin(this.epochs.identity, 'write-moved', this.standing.rung);
    if (!vouches) return;
    this.usable(this.writes.wasInVain);
    this.writes.wasInVain = false;
    this.epochs.good();
  }

  /** Another node than the primary ended an outage of writes: if it is primary now, that is about to be said, and is the change. */
  private awaitName(outage: Outage): void {
    this.outages.delete('write');
    const timer = this.options.clock.setTimer(
      () => {
        this.unnamed = undefined;
        this.outages.set('write', outage);
        const primary = this.primary();
        this.outageEnded('write', outage.beganAt, primary === null || this.presence.isAway(primary));
      },
      NAMED_WITHIN_MS,
      { unref: true },
    );
    this.unnamed = timer;
    this.ladder.lookNow();
  }

  private outageEnded(access: 'read' | 'write', beganAt: number, vouches = access === 'write'): void {
    const outage = this.outages.get(access);
    if (outage === undefined) return;
    this.outages.delete(access);
    // A change that was seen during the outage was its reason.
    if (this.epochs.isLost || (this.epochs.current?.number ?? 0) <= outage.epochNumber) {
      this.begin(this.epochs.identity, 'outage-ended', this.standing.rung, { knownGoodAt: beganAt });
    }
    if (vouches || hasNoPrimary(this.standing.vendor)) this.usable();
    this.ladder.lookAgain();
  }

  private nodeChanged(node: string, alive: boolean): void {
    if (alive) this.ladder.lookAgain();
    if (node === this.primary()) {
      this.isDead = !alive;
      if (!alive) this.epochs.sign();
    }
    if (alive) this.nodeReturned(this.presence.returned(node));
    else if (this.presence.left(node)) this.epochs.sign();
    this.hurry();
  }

  /** With no node there it was an outage, also if nobody asked for a schema meanwhile: what came back may be another registry. */
  private nodeReturned(desertedAt: number | undefined): void {
    // A gate's outage ends by itself, and the higher rungs tell of a change.
    const isToldOf = this.outages.size > 0 || this.standing.isTold;
    if (desertedAt === undefined || isToldOf) return;
    this.begin(this.epochs.identity, 'outage-ended', this.standing.rung, { knownGoodAt: desertedAt });
    if (hasNoPrimary(this.standing.vendor)) this.usable();
  }

  private get hasJustWritten(): boolean {
    return this.writes.isFresh && !this.outages.has('write');
  }

  private begin(
    identity: PrimaryIdentity,
    cause: PrimaryEpoch['cause'],
    rung: DetectionRung,
    more: { readonly knownGoodAt?: number; readonly reason?: string } = {},
  ): void {
    this.unnamed?.cancel();
    this.unnamed = undefined;
    const change = this.epochs.begin({ identity, cause, rung }, more.knownGoodAt);
    this.epochBeganAt = this.options.clock.monotonic();
    this.isDead = false;
    this.address.reach(identity.url);
    this.log.epoch(change.epoch, change.previous, more.reason);
    this.options.emit({ type: 'epoch', epoch: change.epoch, previous: change.previous });
    if (cause === 'first-seen') return;
    this.options.onChange(change);
    if (this.standing.vendor === 'karapace') this.hurry();
  }

  /** `isMeasured`: it was usable no earlier, as far as anybody could see. */
  private usable(isMeasured = true): void {
    const usable = this.epochs.usable(isMeasured);
    if (usable === undefined) return;
    this.writes.wasInVain = false;
    const { epoch, suspect } = usable;
    if (this.outages.size === 0 && !this.wasElecting) this.hurryUntil = 0;
    this.options.emit({ type: 'epoch', epoch, previous: this.epochs.list()[1] ?? null });
    if (suspect !== null) this.options.onSuspect(suspect);
    if (epoch.cause !== 'first-seen') this.log.usable(epoch);
  }
}
