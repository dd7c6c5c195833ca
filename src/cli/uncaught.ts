/** What nobody caught: a plugin in the worker's own thread that throws in a timer, say. */
import type { Logger } from '../foundation/logger.ts';
import type { SecretRegistry } from '../foundation/secret-registry.ts';
import { EXIT_FAILED, reportFailure } from './exit-codes.ts';

/**
 * Ends the process with exit code 3, as Node would end it, for nobody knows what state it is in: commits that are under way are not
 * waited for, and what was not committed is repeated at the next start. Invariant 8: Node would print the error as it is.
 */
export function endOnUncaught(options: { readonly logger: Logger; readonly secrets: SecretRegistry }): void {
  const { logger, secrets } = options;
  process.on('uncaughtException', (error, origin) => {
    try {
      logger.fatal(
        'Something failed where nobody waits for it, and the worker ends. If it is a plugin, task.isolation=own keeps it from taking the worker with it.',
        { err: error, origin },
      );
      reportFailure(secrets.maskAll(error));
    } finally {
      process.exit(EXIT_FAILED);
    }
  });
}
