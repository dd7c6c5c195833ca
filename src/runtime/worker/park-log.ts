/**
 * Writes a task's parks into the log: one line when it is parked, one when it goes on, whatever happens between. What passes within a second,
 * such as a first question to the registry, is no news and is not written.
 */
import type { Clock, Timer } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { ParkedInfo } from '../host/protocol.ts';

const NEWS_AFTER_MS = 1_000;

export class ParkLog {
  private readonly clock: Clock;
  private readonly logger: Logger;
  private current: ParkedInfo | null = null;
  private startedAt = 0;
  private timer: Timer | null = null;
  private isWritten = false;

  constructor(options: { readonly clock: Clock; readonly logger: Logger }) {
    this.clock = options.clock;
    this.logger = options.logger;
  }

  /** null: the task goes on. */
  update(parked: ParkedInfo | null): void {
    const wasParked = this.current !== null;
    this.current = parked;
    if (parked !== null && !wasParked) {
      this.startedAt = this.clock.monotonic();
      this.timer = this.clock.setTimer(() => this.write(), NEWS_AFTER_MS, { unref: true });
    } else if (parked === null && wasParked) {
      this.timer?.cancel();
      if (this.isWritten) {
        this.logger.info('A task goes on after it was parked.', {
          parkedMs: Math.round(this.clock.monotonic() - this.startedAt),
        });
      }
      this.isWritten = false;
    }
  }

  /** The task has ended: nothing more is written. */
  close(): void {
    this.timer?.cancel();
    this.current = null;
    this.isWritten = false;
  }

  private write(): void {
    if (this.current === null) return;
    const { code, dependency, reason, partitions } = this.current;
    this.isWritten = true;
    this.logger.warn('A task is parked. It loses nothing, and goes on by itself when what it waits for is back.', {
      code,
      dependency,
      reason,
      ...(partitions.length > 0 ? { partitions } : {}),
    });
  }
}
