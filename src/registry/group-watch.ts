/** The first rung: looks at the group in which the registry elects, one look at a time, for as long as there is something to see. */
import type { Clock } from '../foundation/clock.ts';
import { ConfigError } from '../sdk/errors/index.ts';
import type { GroupDescriber } from './group-describer.ts';
import { type GroupReading, readGroup } from './group-reading.ts';
import { PollLoop } from './poll-loop.ts';

export type GroupStatus =
  | { readonly kind: 'untried' }
  | { readonly kind: 'told'; readonly reading: Extract<GroupReading, { kind: 'primary' | 'none' | 'electing' }> }
  /** No broker could tell; `since`: Clock.monotonic() of the first of these looks. `hasTold`: it did, before. */
  | { readonly kind: 'away'; readonly reason: string; readonly since: number; readonly hasTold: boolean }
  /** Not allowed, no such group, or not one of a registry. */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly isRefused: boolean };

export interface GroupWatchOptions {
  /** null: no broker can describe a group. */
  readonly groups: GroupDescriber | null;
  readonly groupId: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly retryMs: number;
  /** Between two looks, when there is something to see. */
  readonly intervalMs: () => number;
  readonly isUrgent: () => boolean;
  /** After every look. */
  readonly looked: () => void;
  readonly failed: (error: unknown) => void;
}

export class GroupWatch {
  private readonly options: GroupWatchOptions;
  private readonly loop: PollLoop;
  private now: GroupStatus;

  constructor(options: GroupWatchOptions) {
    this.options = options;
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

  async run(signal: AbortSignal): Promise<void> {
    if (this.options.groups !== null) await this.loop.run(signal);
  }

  /** Looks now. What is not allowed is left alone until its time comes. */
  nudge(): void {
    if (this.now.kind !== 'unavailable' || !this.now.isRefused) this.loop.nudge();
  }

  private interval(): number {
    const { retryMs, intervalMs, isUrgent } = this.options;
    // An absent group may appear with the node that everybody waits for.
    if (this.now.kind === 'unavailable') return this.now.isRefused || !isUrgent() ? retryMs : intervalMs() * 4;
    return intervalMs();
  }

  private async look(signal: AbortSignal): Promise<void> {
    const { groups, groupId, clock, timeoutMs } = this.options;
    if (groups === null) return;
    const late = new AbortController();
    const timer = clock.setTimer(
      () => late.abort(new Error(`no broker described it within ${timeoutMs} ms`)),
      timeoutMs,
      { unref: true },
    );
    let reading: GroupReading;
    try {
      reading = readGroup(await groups.describe(groupId, AbortSignal.any([signal, late.signal])));
    } catch (error) {
      signal.throwIfAborted();
      this.couldNot(error);
      return;
    } finally {
      timer.cancel();
    }
    this.now = this.judge(reading);
    this.options.looked();
  }

  private couldNot(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const { now } = this;
    if (error instanceof ConfigError) {
      this.now = { kind: 'unavailable', reason, isRefused: true };
    } else {
      const since = now.kind === 'away' ? now.since : this.options.clock.monotonic();
      this.now = { kind: 'away', reason, since, hasTold: this.hasTold };
    }
    this.options.looked();
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
