/** When a question that waits counts as refused, and how: `registry.park.timeout.ms` and `unknown.id.*`. */
import type { ConnectError } from '../sdk/errors/index.ts';
import { isIdGate } from './id-gates.ts';
import {
  REGISTRY_ID_FROM_FUTURE,
  RegistryIntegrityError,
  RegistryParkTimeoutError,
  SchemaRejectedError,
} from './registry-errors.ts';

export interface WaitingLimit {
  /** Clock.monotonic(). */
  readonly at: number;
  readonly error: (cause: ConnectError) => ConnectError;
}

/** So often at most, while the gate stays closed. */
const ASK_AGAIN_MS = 5000;

export class WaitingLimits {
  private readonly parkTimeoutMs: number;
  private readonly unknownId: { readonly action: string; readonly timeoutMs: number };

  constructor(options: {
    /** Infinity: no limit. */
    readonly parkTimeoutMs: number;
    /** `unknown.id.action` and `unknown.id.timeout.ms` */
    readonly unknownId: { readonly action: string; readonly timeoutMs: number };
  }) {
    this.parkTimeoutMs = options.parkTimeoutMs;
    this.unknownId = options.unknownId;
  }

  /** `since`: Clock.monotonic() of the first time that the question had to wait. `fromFuture`: for an id above those of all nodes. */
  limitOf(since: number, fromFuture: boolean): WaitingLimit | null {
    const { action, timeoutMs } = this.unknownId;
    const unknownAt = fromFuture && action !== 'wait' ? since + timeoutMs : Number.POSITIVE_INFINITY;
    const parkAt = since + this.parkTimeoutMs;
    if (unknownAt === Number.POSITIVE_INFINITY && parkAt === Number.POSITIVE_INFINITY) return null;
    if (unknownAt > parkAt) return { at: parkAt, error: (cause) => parkTimeout(this.parkTimeoutMs, cause) };
    return { at: unknownAt, error: (cause) => unknownIdTimeout(action, timeoutMs, cause) };
  }

  /** An id that is only late may turn out to be lost while its gate stays closed; `unknown.id.action` has to know. */
  askAgainAt(since: number, now: number, gateId: string, fromFuture: boolean): number {
    if (fromFuture || this.unknownId.action === 'wait' || !isIdGate(gateId)) return Number.POSITIVE_INFINITY;
    return Math.max(since + this.unknownId.timeoutMs, now + ASK_AGAIN_MS);
  }
}

function parkTimeout(timeoutMs: number, cause: ConnectError): ConnectError {
  return new RegistryParkTimeoutError(
    `Gave up after registry.park.timeout.ms=${timeoutMs}. ${cause.message} Bring the registry back and restart the task, or raise the limit.`,
    { cause },
  );
}

function unknownIdTimeout(action: string, timeoutMs: number, cause: ConnectError): ConnectError {
  const message = `Gave up after unknown.id.timeout.ms=${timeoutMs}. ${cause.message} Restore what the registry lost.`;
  const options = { code: REGISTRY_ID_FROM_FUTURE, cause };
  return action === 'report' ? new SchemaRejectedError(message, options) : new RegistryIntegrityError(message, options);
}
