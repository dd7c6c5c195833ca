import { ConnectError } from '../../sdk/errors/connect-error.ts';

/** What a task failed with, as an error, whatever was thrown; null: it has not failed. */
export function taskFailure(thrown: unknown): Error | null {
  if (thrown === null) return null;
  return thrown instanceof Error
    ? thrown
    : new ConnectError(`The task failed with ${String(thrown)}.`, { cause: thrown });
}
