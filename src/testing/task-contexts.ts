/** Contexts for tasks that run outside of a worker: what a connector's author needs to call a task from a test. */
import { type Clock, systemClock } from '../foundation/clock.ts';
import { type Logger, silentLogger } from '../foundation/logger.ts';
import type {
  ErrantRecordReporter,
  OffsetMap,
  SinkTaskContext,
  SinkTopicPartition,
  SourceTaskContext,
} from '../sdk/task.ts';

/** Committed source offsets, as a worker keeps them: found by equal partitions, whatever the order of their keys. */
export class MemoryOffsets {
  private readonly offsets = new Map<string, OffsetMap>();

  /** null forgets the partition. */
  commit(partition: OffsetMap, offset: OffsetMap | null): void {
    if (offset === null) this.offsets.delete(keyOf(partition));
    // As in a store, what a task keeps changing after it handed it over doesn't show.
    else this.offsets.set(keyOf(partition), { ...offset });
  }

  /** null where nothing is committed. */
  read(partition: OffsetMap): OffsetMap | null {
    return this.offsets.get(keyOf(partition)) ?? null;
  }
}

function keyOf(partition: OffsetMap): string {
  const entries = Object.entries(partition).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(entries, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value));
}

/** What a task is told by its context. */
export interface TestContextOptions {
  /** The task's configuration; empty by default. */
  readonly configs?: Readonly<Record<string, string>>;
  /** Never aborted by default. */
  readonly signal?: AbortSignal;
  /** The machine's by default. */
  readonly clock?: Clock;
  /** Silent by default. */
  readonly logger?: Logger;
}

/** The context of a source task that starts from `offsets`. */
export function sourceTaskContext(
  options: TestContextOptions & { readonly offsets?: MemoryOffsets } = {},
): SourceTaskContext {
  const offsets = options.offsets ?? new MemoryOffsets();
  return {
    ...base(options),
    offsetStorageReader: {
      offset: async (partition) => offsets.read(partition),
      offsets: async (partitions) => partitions.map((partition) => offsets.read(partition)),
    },
  };
}

/** The context of a sink task. Rewinds, pauses and commit requests are accepted and forgotten. */
export function sinkTaskContext(
  options: TestContextOptions & {
    readonly assignment?: readonly SinkTopicPartition[];
    readonly reporter?: ErrantRecordReporter | null;
  } = {},
): SinkTaskContext {
  return {
    ...base(options),
    offset: () => {},
    timeout: () => {},
    assignment: () => options.assignment ?? [],
    pause: () => {},
    resume: () => {},
    requestCommit: () => {},
    errantRecordReporter: () => options.reporter ?? null,
  };
}

function base(options: TestContextOptions) {
  return {
    configs: options.configs ?? {},
    signal: options.signal ?? new AbortController().signal,
    clock: options.clock ?? systemClock,
    logger: options.logger ?? silentLogger,
  };
}
