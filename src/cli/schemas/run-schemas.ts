/** Runs a command of `holdfast schemas`: what it opened is closed whatever happens, and signals end it. */
import { systemClock } from '../../foundation/clock.ts';
import { maskingLogger } from '../../foundation/masking-logger.ts';
import { SecretRegistry } from '../../foundation/secret-registry.ts';
import { maskOutput, type OutputStream } from '../masked-output.ts';
import { OpenedParts } from '../opened-parts.ts';
import { stopSignal } from '../stop-signals.ts';
import { type CommonOptions, checkCommonOptions } from './common-options.ts';
import { noProgress, PrintedProgress } from './progress.ts';
import { SchemasSession } from './schemas-session.ts';
import { stderrLogger } from './stderr-logger.ts';

/** Something was found, or differs; everything worked. */
export const EXIT_FINDINGS = 4;
const EXIT_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * @param run returns the exit code
 * @throws UsageError; what `run` throws, unless a signal ended it
 */
export async function runSchemas(
  options: CommonOptions,
  run: (session: SchemasSession) => Promise<number>,
): Promise<void> {
  checkCommonOptions(options);
  const secrets = new SecretRegistry();
  for (const stream of [process.stdout, process.stderr]) {
    process.once('exit', maskOutput(stream as OutputStream, secrets));
  }
  const clock = systemClock;
  const stopping = new AbortController();
  let stoppedBy: keyof typeof EXIT_SIGNAL | undefined;
  void stopSignal().then((signal) => {
    stoppedBy = signal;
    stopping.abort(new Error(`stopped by ${signal}`));
  });
  const progress = options.quiet ? noProgress : new PrintedProgress({ stream: process.stderr, clock });
  const logger = maskingLogger(
    stderrLogger((line) => {
      progress.clear();
      process.stderr.write(line);
    }),
    secrets,
  );
  const parts = new OpenedParts();
  const { signal } = stopping;
  const session = new SchemasSession({ options, clock, logger, signal, progress, secrets, parts });
  try {
    process.exitCode = await run(session);
  } catch (error) {
    progress.clear();
    if (stoppedBy === undefined) throw error;
    console.error(`holdfast: stopped by ${stoppedBy} before the end.`);
    process.exitCode = EXIT_SIGNAL[stoppedBy];
  } finally {
    progress.clear();
    await parts.close();
  }
}
