import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { DEFAULT_WINDOWS } from '../../../../src/foundation/sampled-stat.ts';
import { DeadLetterQueueReporter } from '../../../../src/runtime/errors/dead-letter-queue-reporter.ts';
import type { ErrorReporter } from '../../../../src/runtime/errors/processing-context.ts';
import { RetryWithToleranceOperator } from '../../../../src/runtime/errors/retry-with-tolerance-operator.ts';
import { parseHostSettings } from '../../../../src/runtime/host/host-settings.ts';
import type { ErrorPolicy } from '../../../../src/runtime/host/protocol.ts';
import type { TaskOutcome } from '../../../../src/runtime/host/task-link.ts';
import { PluginFigures } from '../../../../src/runtime/metrics/plugin-figures.ts';
import { SnapshotGates } from '../../../../src/runtime/parking/mirrored-gates.ts';
import { Parker } from '../../../../src/runtime/parking/parker.ts';
import { SinkRecordConverter } from '../../../../src/runtime/pipeline/sink-record-converter.ts';
import { TaskCounters } from '../../../../src/runtime/pipeline/task-counters.ts';
import { TaskSignals } from '../../../../src/runtime/pipeline/task-signals.ts';
import { TransformationChain, type TransformationStep } from '../../../../src/runtime/pipeline/transformation-chain.ts';
import { WorkerSinkTask } from '../../../../src/runtime/sink/worker-sink-task.ts';
import type { SinkRecord } from '../../../../src/sdk/record/sink-record.ts';
import type { SinkTask, SinkTaskContext, SinkTopicPartition, TopicPartitionKey } from '../../../../src/sdk/task.ts';
import { FakeAdmin, FakeFetcher, FakeProducer } from '../fake-clients.ts';
import { FakeTaskLink, fakeConverters, logger, NO_TOLERANCE } from '../fake-task-edges.ts';

/** Keeps what it is given. `onPut` may throw before anything is kept. */
export class RecordingSinkTask implements SinkTask {
  readonly calls: string[] = [];
  readonly delivered: SinkRecord[] = [];
  puts = 0;
  context: SinkTaskContext | null = null;
  onPut: (records: readonly SinkRecord[]) => void | Promise<void> = () => {};
  onPreCommit: (
    offsets: ReadonlyMap<TopicPartitionKey, number>,
  ) => ReadonlyMap<TopicPartitionKey, number> | Promise<ReadonlyMap<TopicPartitionKey, number>> = (offsets) => offsets;

  initialize(context: SinkTaskContext): void {
    this.context = context;
    this.calls.push('initialize');
  }

  start(): void {
    this.calls.push('start');
  }

  open(partitions: readonly SinkTopicPartition[]): void {
    this.calls.push(`open ${names(partitions)}`);
  }

  async put(records: readonly SinkRecord[]): Promise<void> {
    this.puts++;
    await this.onPut(records);
    this.delivered.push(...records);
  }

  preCommit(
    offsets: ReadonlyMap<TopicPartitionKey, number>,
  ): ReadonlyMap<TopicPartitionKey, number> | Promise<ReadonlyMap<TopicPartitionKey, number>> {
    const text = [...offsets].map(([key, offset]) => `${key}@${offset}`).join(' ');
    this.calls.push(`preCommit ${text}`);
    return this.onPreCommit(offsets);
  }

  close(partitions: readonly SinkTopicPartition[]): void {
    this.calls.push(`close ${names(partitions)}`);
  }

  stop(): void {
    this.calls.push('stop');
  }

  values(partition?: number): string[] {
    return this.delivered
      .filter((each) => partition === undefined || each.originalKafkaPartition === partition)
      .map(({ value }) => String(value));
  }
}

function names(partitions: readonly SinkTopicPartition[]): string {
  return partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(' ');
}

export interface SinkHarnessOptions {
  readonly policy?: ErrorPolicy;
  readonly steps?: readonly TransformationStep<SinkRecord>[];
  readonly gates?: SnapshotGates;
  readonly initialState?: 'STARTED' | 'PAUSED';
  readonly hostSettings?: Readonly<Record<string, string>>;
}

export function sinkHarness(options: SinkHarnessOptions = {}) {
  const clock = new ManualClock();
  const link = new FakeTaskLink();
  const counters = new TaskCounters({ clock, windows: DEFAULT_WINDOWS });
  const signals = new TaskSignals();
  const converters = fakeConverters();
  const fetcher = new FakeFetcher(clock);
  const producer = new FakeProducer();
  const admin = new FakeAdmin();
  const settings = parseHostSettings(options.hostSettings ?? {});
  const gates = options.gates ?? new SnapshotGates();
  const policy = options.policy ?? NO_TOLERANCE;
  const parker = new Parker({
    gates,
    clock,
    logger,
    settings: settings.park,
    publish: (parked) => link.parked(parked),
    random: () => 0.5,
  });
  const ending = new AbortController();
  const reporters: ErrorReporter[] = [];
  const queue =
    policy.deadLetterQueue === null
      ? null
      : new DeadLetterQueueReporter({
          id: { connector: 'c', task: 0 },
          queue: policy.deadLetterQueue,
          producer,
          admin: admin.asAdmin(),
          clock,
          counters,
          signal: ending.signal,
        });
  if (queue !== null) reporters.push(queue);
  const task = new RecordingSinkTask();
  const worker = new WorkerSinkTask({
    task,
    taskConfig: {},
    initialState: options.initialState ?? 'STARTED',
    chain: new TransformationChain({ steps: options.steps ?? [] }),
    converter: new SinkRecordConverter({ converters, keepsConsumed: queue !== null }),
    operator: new RetryWithToleranceOperator({ policy, clock, counters, reporters, random: () => 0.5 }),
    hasReporters: queue !== null,
    fetcher,
    maxPollRecords: 500,
    parker,
    signals,
    counters,
    metrics: new PluginFigures(),
    link,
    settings,
    offsetFlushTimeoutMs: 5_000,
    clock,
    logger,
    prepare: async () => queue?.prepareTopic(),
    release: async () => {
      ending.abort();
      await producer.close();
      await fetcher.close();
    },
  });
  let outcome: TaskOutcome | null = null;
  const run = (): Promise<TaskOutcome> =>
    worker.run().then((result) => {
      outcome = result;
      return result;
    });
  const assign = (...partitions: readonly (readonly [number, (number | 'earliest' | 'latest')?])[]): void =>
    worker.assign(partitions.map(([partition, offset]) => ({ topic: 't', partition, offset: offset ?? 0 })));
  return {
    clock,
    link,
    counters,
    converters,
    fetcher,
    producer,
    admin,
    parker,
    signals,
    gates,
    task,
    worker,
    run,
    assign,
    outcome: () => outcome,
  };
}
