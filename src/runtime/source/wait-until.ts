import { Deferred } from '../../foundation/deferred.ts';

/**
 * Resolves when the condition holds, which is looked at again after each change; rejects with the signal's reason when that comes first.
 * @param change resolves at the next change
 */
export async function waitUntil(
  isMet: () => boolean,
  change: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  const aborted = new Deferred();
  aborted.promise.catch(() => {});
  const onAbort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    while (!isMet()) await Promise.race([change(), aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
