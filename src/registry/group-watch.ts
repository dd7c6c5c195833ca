/** The first rung: looks at the group in which the registry elects, one look at a time, for as long as there is something to see. */
import type { Clock } from '../foundation/clock.ts';
import { ConfigError } from '../sdk/errors/index.ts';
import { partOf } from './cluster-names.ts';
import type { DescribedGroup, GroupDescriber } from './group-describer.ts';
import { type GroupReading, readGroup } from './group-reading.ts';
import { PollLoop } from './poll-loop.ts';

export type GroupStatus =
  | { readonly kind: 'untried' }
  | { readonly kind: 'told'; readonly reading: Extract<GroupReading, { kind: 'primary' | 'none' | 'electing' }> }
  /** No broker could tell; `since`: Clock.monotonic() of the first of these looks. `hasTold`: it did, before. */
  | { readonly kind: 'away'; readonly reason: string; readonly since: number; readonly hasTold: boolean }
  /** Not allowed, no such group, or not one of this registry. */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly isRefused: boolean };

export interface GroupWatchOptions {
  /** null: no broker can describe a group. */
  readonly groups: GroupDescriber | null;
  /** null: the one that the nodes name. */
  readonly groupId: string | null;
  /** What a node said of the cluster it belongs to; null: nothing. */
  readonly clusterId: () => string | null;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly retryMs: number;
  /** Between two looks, when there is something to see. */
  readonly intervalMs: () => number;
  readonly isUrgent: () => boolean;
  /** False: this registry elects nobody, so there is nothing to look at. */
  readonly isNeeded: () => boolean;
  /** After every look. */
  readonly looked: () => void;
  readonly failed: (error: unknown) => void;
}

const DEFAULT_GROUP = 'schema-registry';
/** How soon the nodes are expected to have named their group. */
const NAMED_AFTER_MS = 100;

export class GroupWatch {
  private readonly options: GroupWatchOptions;
  private readonly loop: PollLoop;
  private now: GroupStatus;
  /** The end of what the last look asked for, though it was told to give up. */
  private asked: Promise<void> = Promise.resolve();
  private kafkaId: string | null | undefined;
  private readonly startedAt: number;

  constructor(options: GroupWatchOptions) {
    this.options = options;
    this.startedAt = options.clock.monotonic();
    this.now =
      options.groups === null
        ? { kind: 'unavailable', reason: 'the broker of the worker has no groups of registries', isRefused: true }
        : { kind: 'untried' };
    this.loop = new PollLoop({
      clock: options.clock,
      intervalMs: () => this.interval(),
      work: (signal) => this.look(signal),
      failed: options.failed,
    });
  }

  get status(): GroupStatus {
    return this.now;
  }

  get groupId(): string {
    return this.options.groupId ?? partOf(this.options.clusterId(), 'schema-registry-cluster') ?? DEFAULT_GROUP;
  }

  async run(signal: AbortSignal): Promise<void> {
    if (this.options.groups !== null) await this.loop.run(signal);
  }

  /** Looks now. What is not allowed is left alone until its time comes. */
  nudge(): void {
    if (this.now.kind !== 'unavailable' || !this.now.isRefused) this.loop.nudge();
  }

  private interval(): number {
    const { retryMs, intervalMs, isUrgent, isNeeded } = this.options;
    if (!isNeeded()) return retryMs;
    if (this.now.kind === 'untried') return NAMED_AFTER_MS;
    // An absent group may appear with the node that everybody waits for.
    if (this.now.kind === 'unavailable') return this.now.isRefused || !isUrgent() ? retryMs : intervalMs() * 4;
    return intervalMs();
  }

  private async look(signal: AbortSignal): Promise<void> {
    const { groups, clock, timeoutMs, isNeeded, looked } = this.options;
    if (groups === null || !isNeeded() || this.waitsForName()) return;
    const late = new AbortController();
    const giveUp = (): void => late.abort(new Error(`no broker described it within ${timeoutMs} ms`));
    const timer = clock.setTimer(giveUp, timeoutMs, { unref: true });
    try {
      this.now = await this.ask(groups, AbortSignal.any([signal, late.signal]));
    } catch (error) {
      signal.throwIfAborted();
      this.now = this.couldNot(error);
    } finally {
      timer.cancel();
    }
    looked();
  }

  /** The first look, at what may be another registry's group, is not worth an epoch: the nodes are about to say which one is theirs. */
  private waitsForName(): boolean {
    const { groupId, clusterId, clock, timeoutMs } = this.options;
    if (groupId !== null || clusterId() !== null || this.now.kind !== 'untried') return false;
    return clock.monotonic() - this.startedAt < timeoutMs;
  }

  private async ask(groups: GroupDescriber, signal: AbortSignal): Promise<GroupStatus> {
    // Nothing piles up behind a broker that hangs.
    await orAborted(this.asked, signal);
    const describing = this.describe(groups, signal);
    this.asked = describing.then(
      () => {},
      () => {},
    );
    const told = await orAborted(describing, signal);
    return typeof told === 'string'
      ? { kind: 'unavailable', reason: told, isRefused: false }
      : this.judge(readGroup(told));
  }

  /** A text: why there is nothing to be described. */
  private async describe(groups: GroupDescriber, signal: AbortSignal): Promise<DescribedGroup | string> {
    const theirs = partOf(this.options.clusterId(), 'kafka-cluster');
    if (theirs !== undefined && this.kafkaId === undefined) this.kafkaId = await groups.clusterId?.(signal);
    if (theirs !== undefined && typeof this.kafkaId === 'string' && this.kafkaId !== theirs) {
      return `the registry elects in the Kafka cluster ${theirs}, the worker's is ${this.kafkaId}`;
    }
    return groups.describe(this.groupId, signal);
  }

  private couldNot(error: unknown): GroupStatus {
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof ConfigError) return { kind: 'unavailable', reason, isRefused: true };
    const since = this.now.kind === 'away' ? this.now.since : this.options.clock.monotonic();
    return { kind: 'away', reason, since, hasTold: this.hasTold };
  }

  private judge(reading: GroupReading): GroupStatus {
    switch (reading.kind) {
      case 'unusable':
        return { kind: 'unavailable', reason: reading.reason, isRefused: false };
      case 'empty':
        // The members of a group that was there are gone; one that never was is no sign of anything.
        return this.hasTold
          ? { kind: 'told', reading: { kind: 'none', reason: reading.reason } }
          : { kind: 'unavailable', reason: reading.reason, isRefused: false };
      default:
        return { kind: 'told', reading };
    }
  }

  private get hasTold(): boolean {
    return this.now.kind === 'told' || (this.now.kind === 'away' && this.now.hasTold);
  }
}

/** What becomes of the work after the signal is its own affair. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
