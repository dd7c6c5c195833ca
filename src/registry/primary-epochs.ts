/** The primaries of one registry, one after the other, and around each change the time in which nothing acknowledged is to be trusted. */
import type { Clock } from '../foundation/clock.ts';
import { steadyNow } from '../foundation/steady-time.ts';
import type { PrimaryIdentity } from './group-reading.ts';
import type { Acknowledgement } from './registry-knowledge.ts';
import type { DetectionRung, PrimaryEpoch } from './registry-snapshot.ts';

export interface PrimaryEpochsOptions {
  readonly clock: Clock;
  /** `registry.suspect.window.ms` */
  readonly suspectWindowMs: number;
  /** How many are kept; 50 unless told. */
  readonly limit?: number;
}

export interface NewEpoch {
  readonly identity: PrimaryIdentity;
  readonly cause: PrimaryEpoch['cause'];
  readonly rung: DetectionRung;
}

export interface EpochChange {
  readonly epoch: PrimaryEpoch;
  /** null: none was known. */
  readonly previous: PrimaryEpoch | null;
  /** ms since the epoch. */
  readonly suspectSince: number;
}

/** Acknowledged from `since` until before `until` (ms since the epoch) is suspect. */
export interface SuspectTime {
  readonly since: number;
  readonly until: number;
}

/** A primary takes writes from now on. */
export interface UsableEpoch {
  readonly epoch: PrimaryEpoch;
  /** What was acknowledged under this epoch and has become suspect only now; null: nothing can have been. */
  readonly suspect: SuspectTime | null;
}

interface SuspectWindow {
  readonly since: number;
  /** Number of the epoch with whose change it was opened: what was read back under that one, or under a later one, is good while it is open. */
  readonly epoch: number;
  /** null: no primary is usable yet. */
  until: number | null;
}

/** Nobody can say who. */
export const UNKNOWN: PrimaryIdentity = { memberId: null, url: null };

export class PrimaryEpochs {
  private readonly clock: Clock;
  private readonly suspectWindowMs: number;
  private readonly limit: number;
  /** The one that lasts first. */
  private epochs: PrimaryEpoch[] = [];
  private windows: SuspectWindow[] = [];
  private count = 0;
  private lastGoodAt: number;
  private firstSignAt: number | null = null;
  private changedAt: number | null = null;

  constructor({ clock, suspectWindowMs, limit = 50 }: PrimaryEpochsOptions) {
    this.clock = clock;
    this.suspectWindowMs = suspectWindowMs;
    this.limit = limit;
    this.lastGoodAt = steadyNow(clock);
  }

  get current(): PrimaryEpoch | null {
    return this.epochs[0] ?? null;
  }

  /** There is said to be no primary at all. */
  get isLost(): boolean {
    return this.current?.cause === 'primary-lost';
  }

  /** Of the primary that was known last. */
  get identity(): PrimaryIdentity {
    const { current } = this;
    return current === null ? UNKNOWN : { memberId: current.memberId, url: current.url };
  }

  /** Whether the one that lasts is of this primary: one of the two may know less of it. */
  isOf({ memberId, url }: PrimaryIdentity): boolean {
    const { current } = this;
    if (current === null) return false;
    if (current.url === null) return current.cause !== 'primary-lost';
    return current.url === url && (memberId === null || current.memberId === null || memberId === current.memberId);
  }

  /** The latest first. */
  list(): readonly PrimaryEpoch[] {
    return [...this.epochs];
  }

  /** Clock.monotonic() of the last change, or of its end once the new primary is usable; null: none is known. */
  get lastChangeAt(): number | null {
    return this.changedAt;
  }

  /** Which is what acknowledgements are stamped with. */
  get stamp(): string {
    return this.current?.epoch ?? 'unknown';
  }

  /**
   * The primary is known to act as such at this moment: a registration went through, its own health resource says so, or the group names
   * it and nothing else speaks against it. The last such moment before a change is where the change may have begun.
   */
  good(): void {
    this.lastGoodAt = steadyNow(this.clock);
    this.firstSignAt = null;
  }

  /** Something speaks for a change under way; the first such moment counts. */
  sign(): void {
    this.firstSignAt ??= steadyNow(this.clock);
  }

  /** `knownGoodAt`: ms since the epoch, when whoever noticed knows better than `good` told. */
  begin({ identity, cause, rung }: NewEpoch, knownGoodAt?: number): EpochChange {
    const now = steadyNow(this.clock);
    const previous = this.current;
    const changeBeganAt = Math.min(this.firstSignAt ?? now, now);
    const epoch: PrimaryEpoch = {
      ...identity,
      number: ++this.count,
      epoch: this.name(identity),
      cause,
      rung,
      changeBeganAt,
      startedAt: now,
      usableAt: null,
      usableAfterMs: null,
      endedAt: null,
    };
    let suspectSince = Math.min(this.lastGoodAt, changeBeganAt, knownGoodAt ?? now) - this.suspectWindowMs;
    if (previous !== null) this.epochs[0] = { ...previous, endedAt: now };
    if (cause !== 'first-seen') {
      this.changedAt = this.clock.monotonic();
      this.openWindow(suspectSince);
      suspectSince = this.openSince() ?? suspectSince;
    }
    this.epochs.unshift(epoch);
    this.epochs.length = Math.min(this.epochs.length, this.limit);
    return { epoch, previous, suspectSince };
  }

  /** More is known of the same primary. undefined: none is known. */
  refine(identity: PrimaryIdentity, rung: DetectionRung): PrimaryEpoch | undefined {
    const { current } = this;
    if (current === null) return undefined;
    const refined = { ...current, ...identity, rung };
    this.epochs[0] = refined;
    return refined;
  }

  /** It takes writes. `isMeasured`: and took none a moment ago, as far as anybody could see. undefined: that was known. */
  usable(isMeasured = true): UsableEpoch | undefined {
    const { current } = this;
    if (current === null || current.usableAt !== null) return undefined;
    const now = steadyNow(this.clock);
    const epoch = { ...current, usableAt: now, usableAfterMs: isMeasured ? now - current.changeBeganAt : null };
    this.epochs[0] = epoch;
    const since = this.openSince();
    const suspect = since !== undefined && current.startedAt < now ? { since, until: now } : null;
    for (const window of this.windows) window.until ??= now;
    if (this.changedAt !== null) this.changedAt = this.clock.monotonic();
    this.good();
    return { epoch, suspect };
  }

  /**
   * Invariant 5: acknowledged in [last known good - window, new primary usable], under whatever epoch: one that was replaced and does not
   * know it may still have acknowledged after the new one was named. What is read back under the new epoch while the window is open is
   * good for as long as it is open, whoever is named next: that change opens a window of its own. What was given under the new epoch is so only
   * until another one is named. {@link usable} tells of it then.
   */
  isSuspect({ at, epoch, readBack }: Acknowledgement): boolean {
    const counts = readBack === true || epoch === this.stamp;
    return this.windows.some(({ since, until, epoch: first }) => {
      if (at < since) return false;
      return until === null ? !counts || this.numberOf(epoch) < first : at < until;
    });
  }

  /** Of the epoch with this stamp; 0: nobody knows it any more. */
  private numberOf(stamp: string): number {
    return this.epochs.find(({ epoch }) => epoch === stamp)?.number ?? 0;
  }

  /** A name of its own for every epoch, the same one for the same member in another run of the worker. */
  private name({ memberId, url }: PrimaryIdentity): string {
    const name = `${memberId ?? '?'}@${url ?? '?'}`;
    const before = this.epochs.filter(({ epoch }) => epoch === name || epoch.startsWith(`${name}#`));
    return before.length === 0 ? name : `${name}#${this.count}`;
  }

  /**
   * A primary that takes no write for hours, because nobody makes one, is none the less known to be good meanwhile: so its windows stay apart, and
   * only what was acknowledged shortly before the next change is suspect again.
   */
  private openWindow(since: number): void {
    const epoch = this.count;
    while (this.windows.at(-1)?.until === null && (this.windows.at(-1)?.since ?? 0) >= since) this.windows.pop();
    this.windows.push({ since, epoch, until: null });
    const [a, b, ...others] = this.windows;
    if (this.windows.length > this.limit && a !== undefined && b !== undefined) {
      // What is too old to be kept apart becomes one window: more is suspect then, never less.
      const until = a.until === null || b.until === null ? null : Math.max(a.until, b.until);
      this.windows = [{ since: Math.min(a.since, b.since), epoch: Math.max(a.epoch, b.epoch), until }, ...others];
    }
  }

  /** Where the earliest window begins that no usable primary has closed. */
  private openSince(): number | undefined {
    return this.windows.find(({ until }) => until === null)?.since;
  }
}
