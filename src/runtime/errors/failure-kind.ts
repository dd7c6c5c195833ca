/** What a thrown value means for the record that was being worked on. */
import type { ConnectError } from '../../sdk/errors/connect-error.ts';
import { ConfigError, DataError, EnvironmentError, IntegrityError, RetriableError } from '../../sdk/errors/kinds.ts';

/**
 * - `environment`: something is away; the task parks (invariant 3).
 * - `permanent`: a wrong setting, or content that must never change did; never tolerated, never tried again.
 * - `retriable`: its thrower expects it to pass.
 * - `data`: everything else. Kafka Connect tolerates any exception of converters and transformations.
 */
export type FailureKind = 'environment' | 'permanent' | 'retriable' | 'data';

const MAX_CAUSES = 8;

export function failureKind(error: unknown): FailureKind {
  if (error instanceof EnvironmentError) return 'environment';
  if (error instanceof ConfigError || error instanceof IntegrityError) return 'permanent';
  if (error instanceof RetriableError) return 'retriable';
  if (error instanceof DataError) return 'data';
  // Invariant 3: a plugin that wraps what it caught in an error of its own has not made bad data of it.
  return environmentErrorOf(error) === null ? 'data' : 'environment';
}

/** True for a wait that is about the record at hand alone, so that an operator may have it skipped. */
export function isSkippable(error: ConnectError): boolean {
  return error.details?.['skippable'] === true;
}

/** The environment failure that an error is, or was caused by; null when there is none. */
export function environmentErrorOf(error: unknown): EnvironmentError | null {
  let at: unknown = error;
  for (let depth = 0; depth < MAX_CAUSES && typeof at === 'object' && at !== null; depth++) {
    if (at instanceof EnvironmentError) return at;
    at = (at as { readonly cause?: unknown }).cause;
  }
  return null;
}
