/**
 * The time of events that are compared with each other, some of them after a restart. The wall clock steps when it is set, or NTP corrects
 * it, and what happened five seconds ago may lie in the future then; monotonic time means nothing in the next run.
 */
import type { Clock } from './clock.ts';

/** By clock: its wall-clock time when its monotonic time was 0, as it was at the first use. */
const bases = new WeakMap<object, number>();

/**
 * Whole ms since the epoch, as the wall clock had it when this clock was first asked, and the time that passed since. Never steps and never
 * goes back within a run; equal for all who have the same clock. What earlier runs left is comparable as far as the wall clock was right
 * then and when this run began. While the machine is suspended it may stand still: for how long ago something was, that is too little.
 */
export function steadyNow(clock: Pick<Clock, 'now' | 'monotonic'>): number {
  const elapsedMs = clock.monotonic();
  let base = bases.get(clock);
  if (base === undefined) {
    base = clock.now() - elapsedMs;
    bases.set(clock, base);
  }
  return Math.round(base + elapsedMs);
}

/** The steady time of one thread, for another one: threads have monotonic times of their own, and one counter beneath them. */
export interface SteadyReference {
  readonly steady: number;
  /** Of that counter, in ms. */
  readonly counter: number;
}

export function steadyReference(clock: Pick<Clock, 'now' | 'monotonic'>): SteadyReference {
  return { steady: steadyNow(clock), counter: counterMs() };
}

/** From now on the steady time of `clock` is that of the thread which the reference comes from. */
export function continueSteadyTime(
  clock: Pick<Clock, 'now' | 'monotonic'>,
  { steady, counter }: SteadyReference,
): void {
  bases.set(clock, steady + (counterMs() - counter) - clock.monotonic());
}

function counterMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
