/**
 * Operations of one connector one after the other, those of different ones beside each other, so that a plugin that doesn't return holds up
 * its own connector only.
 */
import PQueue from 'p-queue';

export class ConnectorTurns {
  private readonly queues = new Map<string, PQueue>();

  /** Runs it when everything that was asked for before it has ended, one way or the other. */
  async run<T>(connector: string, operation: () => Promise<T>): Promise<T> {
    const queue = this.queues.get(connector) ?? new PQueue({ concurrency: 1 });
    this.queues.set(connector, queue);
    try {
      return await queue.add(operation);
    } finally {
      if (queue.size === 0 && queue.pending === 0 && this.queues.get(connector) === queue) {
        this.queues.delete(connector);
      }
    }
  }
}
