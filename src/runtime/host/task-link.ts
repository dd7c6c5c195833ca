/** What a running task says to the control plane. */
import type { ConnectError } from '../../sdk/errors/connect-error.ts';
import type { OffsetMap } from '../../sdk/task.ts';
import type { PluginFigure } from '../metrics/plugin-figures.ts';
import type { Committable, ParkedInfo } from './protocol.ts';

export interface TaskLink {
  state(state: 'RUNNING' | 'PAUSED'): void;
  parked(parked: ParkedInfo | null): void;
  /** Topics for the first time: when the broker has acknowledged a record, or a record was fetched. */
  topics(topics: readonly string[]): void;
  /** Resolves when durable; rejects when nothing was committed. */
  commit(committable: Committable): Promise<void>;
  readOffsets(partitions: readonly OffsetMap[]): Promise<readonly (OffsetMap | null)[]>;
}

/** How a task ended: by stop, or with the error that failed it. */
export interface TaskOutcome {
  readonly failure: ConnectError | Error | null;
}

/** A task in a host. */
export interface HostedTask {
  /** Once; resolves when the task has ended, after its final commit. Never rejects. */
  run(): Promise<TaskOutcome>;
  setTarget(state: 'STARTED' | 'PAUSED'): void;
  /** The interval commit of the control plane. */
  requestCommit(): void;
  /** Asks {@link run} to end. */
  stop(): void;
  /** The deadline of a stop has passed: everything that can be given up is. */
  abandon(): void;
  /** What was told by {@link TaskLink.topics} was reset: topics in use are told again. */
  forgetTopics(): void;
  /** For `task.counters`. */
  counterSnapshot(): Readonly<Record<string, number>>;
  /** What its plugins measure themselves; for `task.counters`. */
  pluginFigures(): readonly PluginFigure[];
}
