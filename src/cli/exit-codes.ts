/** How the process ends. */
import { ConnectError } from '../sdk/errors/connect-error.ts';
import { ConfigError } from '../sdk/errors/kinds.ts';

export const EXIT_USAGE = 1;
export const EXIT_CONFIG = 2;
export const EXIT_FAILED = 3;

export function exitCodeOf(error: unknown): number {
  return error instanceof ConfigError ? EXIT_CONFIG : EXIT_FAILED;
}

/** Says on stderr what went wrong and with which code; a stack only for what nobody foresaw. Ends the process soon, not at once. */
export function reportFailure(error: unknown): void {
  if (error instanceof ConnectError) console.error(`holdfast: ${error.message} [${error.code}]`);
  else console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = exitCodeOf(error);
}
