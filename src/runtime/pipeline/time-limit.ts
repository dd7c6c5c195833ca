/** Limits of time on the last steps of a task. */
import type { Clock } from '../../foundation/clock.ts';
import { Deferred } from '../../foundation/deferred.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';

/**
 * Runs it, and gives it up after `timeoutMs` or as soon as `abandoned` is aborted: false then. Its signal is aborted, and what
 * it still does is nobody's business any more. Rejects only with what `run` rejects with in time.
 */
export async function withinTimeLimit(options: {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly abandoned: AbortSignal;
  readonly run: (signal: AbortSignal) => Promise<unknown> | undefined;
}): Promise<boolean> {
  const limit = new AbortController();
  const over = new Deferred<false>();
  const end = (): void => {
    over.resolve(false);
    limit.abort(new ConnectError('the time for it is over'));
  };
  const timer = options.clock.setTimer(end, options.timeoutMs);
  if (options.abandoned.aborted) end();
  options.abandoned.addEventListener('abort', end, { once: true });
  try {
    const running = Promise.resolve(options.run(limit.signal)).then(() => true);
    running.catch(() => {});
    return await Promise.race([running, over.promise]);
  } finally {
    timer.cancel();
    options.abandoned.removeEventListener('abort', end);
  }
}
