import { type Clock, systemClock } from '../../src/foundation/clock.ts';

/** A wait is over as soon as it begins, and takes its time all the same. */
export function hastyClock(): Clock {
  let ahead = 0;
  return {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic() + ahead,
    setTimer: (run, delayMs, options) => systemClock.setTimer(run, delayMs, options),
    sleep: async (delayMs) => {
      ahead += delayMs;
    },
  };
}
