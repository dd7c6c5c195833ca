/** Keeps synchronous work from holding the event loop: heartbeats, REST and other tasks run in between. */
import type { Clock } from '../../foundation/clock.ts';

/** ms of synchronous work after which a loop lets others run. */
const SLICE_MS = 8;
/** Asking the clock costs; not for every record. */
const CHECK_EVERY = 32;
/** Loops that finish within no measurable time still let others run now and then. */
const YIELD_EVERY = 16_384;

/** One per task loop: all of its steps share one slice. */
export class TimeSlice {
  private readonly clock: Clock;
  private startedAt: number;
  private steps = 0;

  constructor(options: { readonly clock: Clock }) {
    this.clock = options.clock;
    this.startedAt = options.clock.monotonic();
  }

  /** To be asked once per record or other small step; true when {@link next} is due. */
  isOver(): boolean {
    if (++this.steps % CHECK_EVERY !== 0) return false;
    return this.steps >= YIELD_EVERY || this.clock.monotonic() - this.startedAt >= SLICE_MS;
  }

  /** The same, for a step that is long enough to ask the clock every time. */
  isOverNow(): boolean {
    this.steps += CHECK_EVERY;
    return this.steps >= YIELD_EVERY || this.clock.monotonic() - this.startedAt >= SLICE_MS;
  }

  /** Lets everything else that is ready run once, timers included. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.restart();
  }

  /** A slice that has just begun, because the loop waited for something else. */
  restart(): void {
    this.steps = 0;
    this.startedAt = this.clock.monotonic();
  }
}
