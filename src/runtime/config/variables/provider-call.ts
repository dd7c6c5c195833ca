/** Calls of config providers, which run in the worker's thread: one that does not return in time is given up, and named. */
import type { Clock } from '../../../foundation/clock.ts';
import { Deferred } from '../../../foundation/deferred.ts';
import { ConnectError } from '../../../sdk/errors/connect-error.ts';
import { PROVIDER_FAILED } from '../providers/provider-failed.ts';

/** @throws ConnectError `holdfast.config-provider.failed` after `limitMs`; what `run` throws */
export async function providerCall<T>(
  {
    provider,
    method,
    limitMs,
    clock,
  }: {
    /** As `config.providers` names it. */
    readonly provider: string;
    readonly method: string;
    readonly limitMs: number;
    readonly clock: Clock;
  },
  run: () => T | Promise<T>,
): Promise<T> {
  const over = new Deferred<never>();
  const message = `The ${method} method of the config provider ${provider} did not return within ${limitMs} ms.`;
  const timer = clock.setTimer(() => over.reject(new ConnectError(message, { code: PROVIDER_FAILED })), limitMs);
  try {
    const running = Promise.resolve(run());
    // What it still says after it was given up is of no interest.
    running.catch(() => {});
    return await Promise.race([running, over.promise]);
  } finally {
    timer.cancel();
  }
}
