import type { Clock } from './clock.ts';
import { Deferred } from './deferred.ts';

/** What `work` comes to; rejects with `late` when it takes longer than `limitMs`. The work goes on; what becomes of it then is its own affair. */
export async function orLate<T>(
  work: Promise<T>,
  { clock, limitMs, late }: { readonly clock: Clock; readonly limitMs: number; readonly late: () => Error },
): Promise<T> {
  const over = new Deferred<never>();
  const timer = clock.setTimer(() => over.reject(late()), limitMs);
  // What it still says after it was given up is of no interest.
  work.catch(() => {});
  try {
    return await Promise.race([work, over.promise]);
  } finally {
    timer.cancel();
  }
}
