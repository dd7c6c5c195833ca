import type { Clock } from '../foundation/clock.ts';

/** What `work` comes to, or `instead` when it takes longer than that. The work goes on; what becomes of it then is its own affair. */
export async function inTime<T>(work: Promise<T>, instead: T, limitMs: number, clock: Clock): Promise<T> {
  const settled = new AbortController();
  const late = clock
    .sleep(limitMs, settled.signal)
    .catch(() => {})
    .then(() => instead);
  try {
    return await Promise.race([work, late]);
  } finally {
    settled.abort();
  }
}
