/**
 * Time as a port. Whatever waits or measures takes a {@link Clock}, so that tests run in virtual time.
 */

/** A timer that was set and can be taken back. */
export interface Timer {
  /** Takes the timer back. Harmless after it fired. */
  cancel(): void;
}

/** The source of time and timers. All times are in milliseconds. */
export interface Clock {
  /** Wall-clock time, since the epoch. May jump; only for timestamps that leave the process. See steadyNow for times that are compared. */
  now(): number;
  /** Time since an arbitrary moment. Never goes back; for measuring and time limits. May have fractions. */
  monotonic(): number;
  /**
   * Calls `run` once, `delayMs` from now at the earliest. A timer does not keep the process alive if `unref` is set.
   */
  setTimer(run: () => void, delayMs: number, options?: { readonly unref?: boolean }): Timer;
  /** Resolves after `delayMs`, or rejects with the signal's reason as soon as the signal is aborted. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** Node's largest timer delay; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A promise for a timer of the clock, given up when the signal is aborted. Implementations of {@link Clock} share it. */
export function sleepOn(clock: Pick<Clock, 'setTimer'>, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.setTimer(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  setTimer(run: () => void, delayMs: number, options: { readonly unref?: boolean } = {}): Timer {
    const deadline = performance.now() + delayMs;
    let handle: NodeJS.Timeout;
    const arm = (waitMs: number): void => {
      handle = setTimeout(
        () => {
          // Node counts from a time that it read before, in whole ms: most timers would be up to some 2 ms early, and who compares times
          // when it is woken would find that the moment has not come.
          const leftMs = deadline - performance.now();
          if (leftMs > 0) arm(leftMs);
          else run();
        },
        Math.min(Math.max(waitMs, 0), MAX_TIMER_MS),
      );
      if (options.unref === true) handle.unref();
    };
    arm(delayMs);
    return { cancel: () => clearTimeout(handle) };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }
}

/** The clock of the machine. */
export const systemClock: Clock = new SystemClock();
