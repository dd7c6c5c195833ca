import { type Clock, sleepOn, type Timer } from './clock.ts';

interface ManualTimer extends Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * A clock that stands still until a test advances it.
 *
 * Timers fire in order of their time, then of their setting. While advancing, what waits on a fired timer gets to run, and may set
 * further timers, before the next one fires.
 */
export class ManualClock implements Clock {
  private timers: ManualTimer[] = [];
  private elapsedMs = 0;
  private nextOrder = 0;
  private startMs: number;

  /** `startMs` is the wall-clock time at which the clock starts. */
  constructor(options: { readonly startMs?: number } = {}) {
    this.startMs = options.startMs ?? 1_700_000_000_000;
  }

  now(): number {
    return this.startMs + this.elapsedMs;
  }

  monotonic(): number {
    return this.elapsedMs;
  }

  /** The wall clock is set to `ms` later, or earlier if negative. No time passes. */
  step(ms: number): void {
    this.startMs += ms;
  }

  /** How many timers are set. */
  get pendingTimers(): number {
    return this.timers.length;
  }

  /** Milliseconds until the next timer fires, or undefined if none is set. */
  get nextTimerInMs(): number | undefined {
    const next = this.nextTimer(Number.POSITIVE_INFINITY);
    return next === undefined ? undefined : Math.max(0, next.at - this.elapsedMs);
  }

  setTimer(run: () => void, delayMs: number): Timer {
    const timer: ManualTimer = {
      at: this.elapsedMs + Math.max(0, delayMs),
      order: this.nextOrder++,
      run,
      cancel: () => {
        this.timers = this.timers.filter((other) => other !== timer);
      },
    };
    this.timers.push(timer);
    return timer;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** Lets `ms` pass. Resolves once everything that became due, and what follows from it, has run. */
  async advance(ms: number): Promise<void> {
    const until = this.elapsedMs + ms;
    await settle();
    for (let timer = this.nextTimer(until); timer !== undefined; timer = this.nextTimer(until)) {
      this.fire(timer);
      await settle();
    }
    this.elapsedMs = until;
  }

  /** Lets `ms` pass at once: due timers fire, but nothing that awaits them runs in between. */
  advanceSync(ms: number): void {
    const until = this.elapsedMs + ms;
    for (let timer = this.nextTimer(until); timer !== undefined; timer = this.nextTimer(until)) this.fire(timer);
    this.elapsedMs = until;
  }

  private fire(timer: ManualTimer): void {
    timer.cancel();
    this.elapsedMs = Math.max(this.elapsedMs, timer.at);
    timer.run();
  }

  private nextTimer(until: number): ManualTimer | undefined {
    let next: ManualTimer | undefined;
    for (const timer of this.timers) {
      if (timer.at > until) continue;
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
    }
    return next;
  }
}

/** Two turns of the event loop: promise chains run out, and so does what they hand to setImmediate. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}
