import type { Clock } from '../../foundation/clock.ts';
import { Deferred } from '../../foundation/deferred.ts';

/** Whether the promise has resolved or rejected within that time. Never rejects. */
export async function isSettledWithin(clock: Clock, timeoutMs: number, promise: Promise<unknown>): Promise<boolean> {
  const over = new Deferred<boolean>();
  const timer = clock.setTimer(() => over.resolve(false), timeoutMs);
  const settled = promise.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, over.promise]);
  } finally {
    timer.cancel();
  }
}
