/** Calls of config providers, which run in the worker's thread: one that does not return in time is given up, and named. */
import type { Clock } from '../../../foundation/clock.ts';
import { orLate } from '../../../foundation/or-late.ts';
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
  const message = `The ${method} method of the config provider ${provider} did not return within ${limitMs} ms.`;
  const late = (): Error => new ConnectError(message, { code: PROVIDER_FAILED });
  return orLate(Promise.resolve(run()), { clock, limitMs, late });
}
