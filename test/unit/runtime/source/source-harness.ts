import { Deferred } from '../../../../src/foundation/deferred.ts';
import type { Logger } from '../../../../src/foundation/logger.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { DEFAULT_WINDOWS } from '../../../../src/foundation/sampled-stat.ts';
import { LogReporter } from '../../../../src/runtime/errors/log-reporter.ts';
import type { ErrorReporter } from '../../../../src/runtime/errors/processing-context.ts';
import { RetryWithToleranceOperator } from '../../../../src/runtime/errors/retry-with-tolerance-operator.ts';
import { parseHostSettings } from '../../../../src/runtime/host/host-settings.ts';
import type { ErrorPolicy, TopicCreationGroup } from '../../../../src/runtime/host/protocol.ts';
import type { TaskOutcome } from '../../../../src/runtime/host/task-link.ts';
import { PluginFigures } from '../../../../src/runtime/metrics/plugin-figures.ts';
import { SnapshotGates } from '../../../../src/runtime/parking/mirrored-gates.ts';
import { Parker } from '../../../../src/runtime/parking/parker.ts';
import { SourceRecordConverter } from '../../../../src/runtime/pipeline/source-record-converter.ts';
import { TaskCounters } from '../../../../src/runtime/pipeline/task-counters.ts';
import { TaskSignals } from '../../../../src/runtime/pipeline/task-signals.ts';
import { TransformationChain, type TransformationStep } from '../../../../src/runtime/pipeline/transformation-chain.ts';
import { TopicCreation } from '../../../../src/runtime/source/topic-creation.ts';
import { WorkerSourceTask } from '../../../../src/runtime/source/worker-source-task.ts';
import { SourceRecord } from '../../../../src/sdk/record/source-record.ts';
import type { OffsetMap, RecordMetadata, SourceTask, SourceTaskContext } from '../../../../src/sdk/task.ts';
import { FakeAdmin, FakeProducer } from '../fake-clients.ts';
import { FakeTaskLink, fakeConverters, NO_TOLERANCE, logger as silent } from '../fake-task-edges.ts';

export function record(value: string, position: number, partition = 'a'): SourceRecord {
  return new SourceRecord({
    sourcePartition: { file: partition },
    sourceOffset: { position },
    topic: 'lines',
    value,
  });
}

/** Hands out batches, then waits for more or for its end. */
export class ScriptedSourceTask implements SourceTask {
  readonly batches: (readonly SourceRecord[] | null | (() => readonly SourceRecord[] | null))[] = [];
  readonly calls: string[] = [];
  readonly committed: [string, RecordMetadata | null][] = [];
  context: SourceTaskContext | null = null;
  private more = new Deferred();

  add(...batches: (readonly SourceRecord[] | null | (() => readonly SourceRecord[] | null))[]): void {
    this.batches.push(...batches);
    this.more.resolve();
    this.more = new Deferred();
  }

  initialize(context: SourceTaskContext): void {
    this.context = context;
    this.calls.push('initialize');
  }

  start(): void {
    this.calls.push('start');
  }

  async poll(signal: AbortSignal): Promise<readonly SourceRecord[] | null> {
    while (this.batches.length === 0) {
      const ended = new Deferred();
      signal.addEventListener('abort', () => ended.resolve(), { once: true });
      await Promise.race([this.more.promise, ended.promise]);
      if (signal.aborted) return null;
    }
    const next = this.batches.shift() ?? null;
    return typeof next === 'function' ? next() : next;
  }

  commit(): void {
    this.calls.push('commit');
  }

  commitRecord(source: SourceRecord, metadata: RecordMetadata | null): void {
    this.committed.push([String(source.value), metadata]);
  }

  stop(): void {
    this.calls.push('stop');
  }
}

export interface SourceHarnessOptions {
  readonly policy?: ErrorPolicy;
  readonly steps?: readonly TransformationStep<SourceRecord>[];
  readonly gates?: SnapshotGates;
  readonly hostSettings?: Readonly<Record<string, string>>;
  readonly topicCreation?: readonly TopicCreationGroup[];
  readonly initialState?: 'STARTED' | 'PAUSED';
  readonly task?: SourceTask;
  readonly logger?: Logger;
  /** Beside the log. */
  readonly reporters?: readonly ErrorReporter[];
}

export function sourceHarness(options: SourceHarnessOptions = {}) {
  const clock = new ManualClock();
  const logger = options.logger ?? silent;
  const link = new FakeTaskLink();
  const counters = new TaskCounters({ clock, windows: DEFAULT_WINDOWS });
  const signals = new TaskSignals();
  const converters = fakeConverters();
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
  const task = new ScriptedSourceTask();
  const reporters = policy.logEnable
    ? [
        new LogReporter({
          id: { connector: 'c', task: 0 },
          logger,
          includeMessages: policy.logIncludeMessages,
          counters,
        }),
      ]
    : [];
  const worker = new WorkerSourceTask({
    task: options.task ?? task,
    taskConfig: { file: 'a' },
    initialState: options.initialState ?? 'STARTED',
    chain: new TransformationChain({ steps: options.steps ?? [] }),
    converter: new SourceRecordConverter({ converters }),
    operator: new RetryWithToleranceOperator({
      policy,
      clock,
      counters,
      reporters: [...reporters, ...(options.reporters ?? [])],
      random: () => 0.5,
    }),
    producer,
    topicCreation:
      options.topicCreation === undefined
        ? null
        : new TopicCreation({ groups: options.topicCreation, admin: admin.asAdmin(), logger }),
    parker,
    signals,
    counters,
    metrics: new PluginFigures(),
    link,
    settings,
    offsetFlushTimeoutMs: 5_000,
    clock,
    logger,
    prepare: async () => {},
    release: async (timeoutMs) => producer.close(timeoutMs),
  });
  let outcome: TaskOutcome | null = null;
  const ended = { get: () => outcome };
  const run = (): Promise<TaskOutcome> =>
    worker.run().then((result) => {
      outcome = result;
      return result;
    });
  const storedOffset = (partition = 'a'): OffsetMap | undefined => link.stored.get(JSON.stringify({ file: partition }));
  return {
    clock,
    link,
    counters,
    converters,
    producer,
    admin,
    parker,
    signals,
    gates,
    task,
    worker,
    run,
    ended,
    storedOffset,
  };
}
