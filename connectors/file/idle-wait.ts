import type { Clock } from 'holdfast/sdk';

/** Short enough that a new line is seen soon, growing to Kafka Connect's second, so that idle files cost nothing. */
const FIRST_MS = 50;
const LONGEST_MS = 1000;

/** How long a source waits when its file has nothing new. */
export class IdleWait {
  private readonly clock: Clock;
  private nextMs = FIRST_MS;

  constructor(options: { readonly clock: Clock }) {
    this.clock = options.clock;
  }

  /** Resolves after the pause, or as soon as the signal is aborted; never rejects. */
  async wait(signal: AbortSignal): Promise<void> {
    const ms = this.nextMs;
    this.nextMs = Math.min(LONGEST_MS, ms * 2);
    try {
      await this.clock.sleep(ms, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Something came: be quick again. */
  reset(): void {
    this.nextMs = FIRST_MS;
  }
}
