/** How the process ends. */
import { defineErrorCode } from '../sdk/errors/codes.ts';
import { ConnectError } from '../sdk/errors/connect-error.ts';
import { ConfigError } from '../sdk/errors/kinds.ts';

export const EXIT_USAGE = 1;
const EXIT_CONFIG = 2;
export const EXIT_FAILED = 3;

export const CLI_USAGE = defineErrorCode('holdfast.cli.usage', {
  what: 'The command line was called without what it needs.',
  mend: 'Call it as the message says, or ask for --help.',
});

/** Wrong usage of the command line: exit code 1. */
export class UsageError extends ConnectError {
  static override readonly defaultCode: string = CLI_USAGE;
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT_USAGE;
  return error instanceof ConfigError ? EXIT_CONFIG : EXIT_FAILED;
}

/** Says on stderr what went wrong and with which code; a stack only for what nobody foresaw. Returns the exit code. */
export function reportFailure(error: unknown): number {
  if (error instanceof ConnectError) console.error(`holdfast: ${error.message} [${error.code}]`);
  else console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return exitCodeOf(error);
}
