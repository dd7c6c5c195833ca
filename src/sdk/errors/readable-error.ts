/** Plugins may throw anything: values without a text, objects whose getters throw, proxies that throw at every look. */
import { errorFromWire, errorToWire } from './error-wire.ts';

/**
 * What was thrown, such that it can be logged, kept and compared without a further throw: the same value if that holds for it, and an
 * error that says as much of it as can be read otherwise. Never throws.
 */
export function readableError(thrown: unknown): unknown {
  if (thrown === null || (typeof thrown !== 'object' && typeof thrown !== 'function')) return thrown;
  return isReadable(thrown) ? thrown : errorFromWire(errorToWire(thrown));
}

/** The text of whatever was thrown: the message of an error, else the value itself as text. Never throws. */
export function messageOf(thrown: unknown): string {
  return errorToWire(thrown).message;
}

function isReadable(thrown: object): boolean {
  try {
    if (!(thrown instanceof Error)) return false;
    const { name, message, stack = '', code, cause } = thrown as Error & { readonly code?: unknown };
    void code;
    return (
      [name, message, stack].every((text) => typeof text === 'string') &&
      (cause === undefined || readableError(cause) === cause)
    );
  } catch {
    return false;
  }
}
