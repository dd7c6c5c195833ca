/** What the herder is doing, in the words in which Kafka Connect 4.1.1 ends a timeout's message. */
import type { Clock } from '../../foundation/clock.ts';

interface Stage {
  readonly description: string;
  readonly startedAt: number;
  completedAt: number | null;
}

export class OperationStages {
  private readonly clock: Clock;
  private readonly current = new Set<Stage>();
  private last: Stage | null = null;

  constructor(options: { readonly clock: Clock }) {
    this.clock = options.clock;
  }

  /** Runs an operation under a description such as `restarting connector c`. */
  async during<T>(description: string, run: () => Promise<T>): Promise<T> {
    const stage: Stage = { description, startedAt: this.clock.now(), completedAt: null };
    this.current.add(stage);
    try {
      return await run();
    } finally {
      this.current.delete(stage);
      stage.completedAt = this.clock.now();
      this.last = stage;
    }
  }

  /** The operation that has been going on for longest, otherwise the last one; empty before the first. */
  text(): string {
    const [oldest] = this.current;
    if (oldest !== undefined) {
      return `The worker is currently ${oldest.description}, which began at ${isoTime(oldest.startedAt)}.`;
    }
    if (this.last === null) return '';
    const { description, startedAt, completedAt } = this.last;
    return `The last operation the worker completed was ${description}, which began at ${isoTime(startedAt)} and completed at ${isoTime(completedAt ?? startedAt)}.`;
  }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
