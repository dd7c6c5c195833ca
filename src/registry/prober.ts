/** Asks again and again, at odd and growing intervals, until the answer is good. One of them per registry and outage. */
import pRetry from 'p-retry';
import { backoffDelay } from '../foundation/backoff.ts';
import type { Clock } from '../foundation/clock.ts';

export type ProbeOutcome =
  /** `isUnsure`: what was asked for tells nothing of what somebody waits for: one of these questions has to find out. */
  { readonly ok: true; readonly isUnsure?: true } | ({ readonly ok: false } & OutageCause);

/** Why access is shut; the code is REGISTRY_UNAVAILABLE unless told. */
export interface OutageCause {
  readonly reason: string;
  readonly retryAfterMs?: number;
  readonly code?: string;
  /** 401 or 403: who asks again and again with a password that was changed at the registry may have the user locked. */
  readonly refusesUser?: true;
}

export interface ProberOptions {
  readonly clock: Clock;
  readonly initialMs: number;
  readonly maxMs: number;
  readonly random?: (() => number) | undefined;
  readonly probe: (signal: AbortSignal) => Promise<ProbeOutcome>;
  /** A probe failed, or none was made yet (reason ''); the next comes at that time, in ms since the epoch. */
  readonly onPlanned: (reason: string, at: number) => void;
}

class ProbeFailure extends Error {
  readonly retryAfterMs: number | undefined;

  constructor(reason: string, retryAfterMs: number | undefined) {
    super(reason);
    this.retryAfterMs = retryAfterMs;
  }
}

/** No two probes closer together than that, whatever the jitter draws. */
const FLOOR_MS = 20;

export class Prober {
  private readonly options: ProberOptions;
  private nudge: AbortController | undefined;

  constructor(options: ProberOptions) {
    this.options = options;
  }

  /** Resolves when a probe succeeded; rejects only with the signal's reason. The first probe comes after a first wait. */
  async run(signal: AbortSignal, firstWaitMs = 0): Promise<void> {
    await this.pause(0, '', firstWaitMs, signal);
    await pRetry(
      async () => {
        const outcome = await this.options.probe(signal);
        if (!outcome.ok) throw new ProbeFailure(outcome.reason, outcome.retryAfterMs);
      },
      {
        retries: Number.POSITIVE_INFINITY,
        // p-retry's own jitter never goes below its minimum; the waits are ours, by the clock, with full jitter.
        minTimeout: 0,
        signal,
        onFailedAttempt: ({ error, attemptNumber }) =>
          this.pause(
            attemptNumber,
            error.message,
            error instanceof ProbeFailure ? (error.retryAfterMs ?? 0) : 0,
            signal,
          ),
      },
    );
  }

  /** Probe now instead of at the planned time. */
  probeNow(): void {
    this.nudge?.abort();
  }

  private async pause(attempt: number, reason: string, atLeastMs: number, signal: AbortSignal): Promise<void> {
    const { clock, initialMs, maxMs, random } = this.options;
    const drawn = backoffDelay(attempt, { initialMs, maxMs, random });
    const delayMs = Math.max(FLOOR_MS, drawn, atLeastMs);
    this.options.onPlanned(reason, clock.now() + delayMs);
    const nudge = new AbortController();
    this.nudge = nudge;
    // Broken off by `probeNow`, or by the signal, which pRetry looks at next.
    await clock.sleep(delayMs, AbortSignal.any([signal, nudge.signal])).catch(() => {});
  }
}
