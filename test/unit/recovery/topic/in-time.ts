import type { ManualClock } from '../../../../src/foundation/manual-clock.ts';

/** Lets time pass until the promise is settled. */
export async function inTime<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  let settled = false;
  const done = (): void => {
    settled = true;
  };
  promise.then(done, done);
  for (let n = 0; n < 2000 && !settled; n++) await clock.advance(200);
  return promise;
}
