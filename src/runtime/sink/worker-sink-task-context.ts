import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import type { PluginMetrics } from '../../sdk/plugin-metrics.ts';
import type { ErrantRecordReporter, SinkTaskContext, SinkTopicPartition, TopicPartitionKey } from '../../sdk/task.ts';
import { keyOf, type SinkPartition } from './sink-partition.ts';

/** What a sink task may ask of its loop. What it asks takes effect between two calls of the task. */
export class WorkerSinkTaskContext implements SinkTaskContext {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly configs: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly pluginMetrics: PluginMetrics;
  private readonly partitions: ReadonlyMap<TopicPartitionKey, SinkPartition>;
  private readonly reporter: ErrantRecordReporter | null;
  private readonly onPausesChanged: () => void;
  private readonly onCommitRequested: () => void;
  private rewinds = new Map<TopicPartitionKey, number>();
  private timeoutMs = -1;

  constructor(options: {
    readonly logger: Logger;
    readonly clock: Clock;
    readonly configs: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
    readonly pluginMetrics: PluginMetrics;
    /** The assigned ones; changed by the loop. */
    readonly partitions: ReadonlyMap<TopicPartitionKey, SinkPartition>;
    readonly reporter: ErrantRecordReporter | null;
    readonly onPausesChanged: () => void;
    readonly onCommitRequested: () => void;
  }) {
    this.logger = options.logger;
    this.clock = options.clock;
    this.configs = options.configs;
    this.signal = options.signal;
    this.pluginMetrics = options.pluginMetrics;
    this.partitions = options.partitions;
    this.reporter = options.reporter;
    this.onPausesChanged = options.onPausesChanged;
    this.onCommitRequested = options.onCommitRequested;
  }

  offset(offsets: ReadonlyMap<TopicPartitionKey, number>): void {
    for (const [key, offset] of offsets) this.rewinds.set(key, offset);
  }

  timeout(timeoutMs: number): void {
    this.timeoutMs = timeoutMs;
  }

  assignment(): readonly SinkTopicPartition[] {
    return [...this.partitions.values()].map(({ topic, partition }) => ({ topic, partition }));
  }

  pause(partitions: readonly SinkTopicPartition[]): void {
    this.setPaused(partitions, true);
  }

  resume(partitions: readonly SinkTopicPartition[]): void {
    this.setPaused(partitions, false);
  }

  requestCommit(): void {
    this.onCommitRequested();
  }

  errantRecordReporter(): ErrantRecordReporter | null {
    return this.reporter;
  }

  /** Asked for since the last call. */
  takeRewinds(): ReadonlyMap<TopicPartitionKey, number> {
    const { rewinds } = this;
    if (rewinds.size > 0) this.rewinds = new Map();
    return rewinds;
  }

  /** One-shot; null: not asked for. */
  takeTimeout(): number | null {
    const { timeoutMs } = this;
    this.timeoutMs = -1;
    return timeoutMs > 0 ? timeoutMs : null;
  }

  private setPaused(partitions: readonly SinkTopicPartition[], isPaused: boolean): void {
    for (const each of partitions) {
      const partition = this.partitions.get(keyOf(each));
      if (partition === undefined) {
        const verb = isPaused ? 'pause' : 'resume';
        throw new ConnectError(`SinkTasks may not ${verb} partitions that are not currently assigned to them.`);
      }
      partition.isUserPaused = isPaused;
    }
    this.onPausesChanged();
  }
}
