import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { AvailabilityListener } from '../ports.ts';

/** Attempts that must fail in a row before it counts: an idle connection that the broker closed is no outage. */
const FAILURES_THAT_COUNT = 2;

/**
 * Whether a client gets on. Each of its operations reports under a key of its own; the client is unavailable while one of them keeps
 * failing. The listener hears of changes only.
 */
export class AvailabilityTracker {
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly listener: AvailabilityListener | undefined;
  private readonly failures = new Map<string, number>();
  private readonly reasons = new Map<string, string>();
  private closed = false;

  constructor(dependencies: {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly listener: AvailabilityListener | undefined;
  }) {
    this.clock = dependencies.clock;
    this.logger = dependencies.logger;
    this.listener = dependencies.listener;
  }

  /** The operation failed once more; `reason` is one line without secrets. */
  failed(key: string, reason: string): void {
    if (this.closed) return;
    const count = (this.failures.get(key) ?? 0) + 1;
    this.failures.set(key, count);
    if (count < FAILURES_THAT_COUNT) return;
    const before = this.reasons.size;
    this.reasons.set(key, reason);
    if (before === 0) {
      this.logger.warn('Kafka is unavailable, waiting for it', { reason });
      this.listener?.({ available: false, reason, since: this.clock.now() });
    }
  }

  /** The operation succeeded, ended, or is not needed any more. */
  worked(key: string): void {
    if (this.recovered(key)) this.logger.info('Kafka is available again');
  }

  /** Nobody waits for the operation any more; whether Kafka is there is not known. */
  gaveUp(key: string): void {
    this.recovered(key);
  }

  private recovered(key: string): boolean {
    if (this.closed) return false;
    this.failures.delete(key);
    if (!this.reasons.delete(key) || this.reasons.size > 0) return false;
    this.listener?.({ available: true, reason: '', since: this.clock.now() });
    return true;
  }

  /** The client is being closed: that what it waited for is given up says nothing about Kafka. */
  close(): void {
    this.closed = true;
  }
}
