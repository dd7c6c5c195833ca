/** Makes a task of its specification: loads and configures its plugins, opens its clients. */
import type { ClientFigures } from '../../broker/client-figures.ts';
import type { Availability, Broker, ClientSettings } from '../../broker/ports.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Connector } from '../../sdk/connector.ts';
import type { Converter, ConverterContext, HeaderConverter } from '../../sdk/converter.ts';
import type { DependencyGates } from '../../sdk/dependency-gate.ts';
import type { ConnectRecord } from '../../sdk/record/connect-record.ts';
import type { SinkRecord } from '../../sdk/record/sink-record.ts';
import type { SourceRecord } from '../../sdk/record/source-record.ts';
import type { SchemaView } from '../../sdk/schema-view.ts';
import type { SinkTask, SourceTask } from '../../sdk/task.ts';
import type { Predicate, Transformation } from '../../sdk/transformation.ts';
import { DeadLetterQueueReporter } from '../errors/dead-letter-queue-reporter.ts';
import { LogReporter } from '../errors/log-reporter.ts';
import type { ErrorReporter } from '../errors/processing-context.ts';
import { RetryWithToleranceOperator } from '../errors/retry-with-tolerance-operator.ts';
import { sourceRecordBytes } from '../errors/source-record-bytes.ts';
import { PluginFigures } from '../metrics/plugin-figures.ts';
import { Parker } from '../parking/parker.ts';
import { type ClosablePlugin, closePlugins } from '../pipeline/close-plugins.ts';
import { SinkRecordConverter } from '../pipeline/sink-record-converter.ts';
import { type Converters, SourceRecordConverter } from '../pipeline/source-record-converter.ts';
import { TaskCounters } from '../pipeline/task-counters.ts';
import type { TaskSignals } from '../pipeline/task-signals.ts';
import { TransformationChain, type TransformationStep } from '../pipeline/transformation-chain.ts';
import { WorkerSinkTask } from '../sink/worker-sink-task.ts';
import { TopicCreation } from '../source/topic-creation.ts';
import { WorkerSourceTask } from '../source/worker-source-task.ts';
import { type HostSettings, parseHostSettings } from './host-settings.ts';
import type { PluginCalls } from './plugin-calls.ts';
import type { PluginLoader } from './plugin-loader.ts';
import type { ConverterSpec, SinkTaskSpec, SourceTaskSpec, TaskSpec } from './protocol.ts';
import { TaskClients } from './task-clients.ts';
import type { HostedTask, TaskLink } from './task-link.ts';

/**
 * Makes the view on the registry that a converter's settings name. `ask` reaches the registry coordinator in the control
 * plane; bodies and answers are structured-cloneable. Throws ConfigError for settings that name no registry.
 */
export type SchemaViews = (
  config: Readonly<Record<string, string>>,
  services: {
    readonly ask: (body: unknown, signal?: AbortSignal) => Promise<unknown>;
    readonly gates: DependencyGates;
    readonly clock: Clock;
    readonly logger: Logger;
    /** The same in every run of the task, and for one of its converters only. */
    readonly owner: string;
    /** For a view that learns that its answers are not right any more. */
    readonly signals: Pick<TaskSignals, 'recall' | 'stop'>;
  },
) => SchemaView;

export interface TaskBuilderOptions {
  readonly spec: TaskSpec;
  readonly broker: Broker;
  readonly plugins: PluginLoader;
  readonly schemaViews: SchemaViews;
  readonly gates: DependencyGates;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly link: TaskLink;
  readonly ask: (body: unknown, signal?: AbortSignal) => Promise<unknown>;
  readonly calls: PluginCalls;
  readonly signals: TaskSignals;
}

export interface BuiltTask {
  readonly task: HostedTask;
  /** What its clients of the broker measure. */
  readonly clientFigures: () => readonly ClientFigures[];
}

/** To be closed when the task can't be made after all. */
interface Opened {
  readonly plugins: ClosablePlugin[];
  readonly clients: TaskClients;
}

/** Rejects with what the task fails with. Closes what was opened before that. */
export async function buildTask(options: TaskBuilderOptions): Promise<BuiltTask> {
  const { spec, plugins, calls } = options;
  const settings = parseHostSettings(spec.hostSettings);
  const connectorClass = await plugins.load(spec.connectorClass, 'connector');
  const taskClass = calls.run('taskClass', () => (new connectorClass() as Connector).taskClass());
  const opened: Opened = { plugins: [], clients: new TaskClients() };
  const metrics = new PluginFigures();
  try {
    const converters: Converters = {
      key: await loadConverter(options, spec.keyConverter, 'key', opened, metrics),
      value: await loadConverter(options, spec.valueConverter, 'value', opened, metrics),
      header: await loadHeaderConverter(options, spec.headerConverter, opened, metrics),
    };
    const task = calls.watched(calls.run('constructor', () => new taskClass()));
    return spec.kind === 'source'
      ? await buildSource(options, spec, settings, task as SourceTask, converters, opened, metrics)
      : await buildSink(options, spec, settings, task as SinkTask, converters, opened, metrics);
  } catch (error) {
    closePlugins(opened.plugins, (err) =>
      options.logger.warn('A plugin of a task that could not be made threw from close().', { err }),
    );
    await opened.clients.close(0);
    throw error;
  }
}

async function buildSource(
  options: TaskBuilderOptions,
  spec: SourceTaskSpec,
  settings: HostSettings,
  task: SourceTask,
  converters: Converters,
  opened: Opened,
  metrics: PluginFigures,
): Promise<BuiltTask> {
  const { broker, clock, logger, link, signals } = options;
  const { clients } = opened;
  const chain = await loadChain<SourceRecord>(options, opened, metrics);
  const counters = new TaskCounters({ clock, windows: settings.metrics });
  const parker = parkerOf(options, settings);
  const watch = (client: string) => (availability: Availability) => parker.broker(client, availability);
  const producer = clients.producer(
    broker.producer({
      settings: spec.producerSettings,
      ...written(spec, 'producer'),
      logger,
      onAvailability: watch('producer'),
    }),
  );
  const topicCreation =
    spec.topicCreation === null
      ? null
      : new TopicCreation({
          groups: spec.topicCreation,
          admin: clients.admin(
            broker.admin({
              settings: spec.adminSettings,
              ...written(spec, 'admin'),
              logger,
              onAvailability: watch('topic creation'),
            }),
          ),
          logger,
        });
  const reporters = logReporters(options, counters);
  const bytesOf = (record: SourceRecord) => sourceRecordBytes(converters, record);
  const queue = deadLetterQueue(options, { clients, counters, watch, bytesOf });
  if (queue !== null) reporters.push(queue);
  const operator = new RetryWithToleranceOperator({ policy: spec.errors, clock, counters, reporters });
  const built = new WorkerSourceTask({
    task,
    taskConfig: spec.taskConfig,
    initialState: spec.initialState,
    chain,
    converter: new SourceRecordConverter({ converters }),
    operator,
    producer,
    topicCreation,
    parker,
    signals,
    counters,
    metrics,
    link,
    settings,
    offsetFlushTimeoutMs: spec.offsetFlushTimeoutMs,
    clock,
    logger,
    prepare: async () => queue?.prepareTopic(),
    release: (timeoutMs) => clients.close(timeoutMs),
  });
  return { task: built, clientFigures: () => clients.figures() };
}

async function buildSink(
  options: TaskBuilderOptions,
  spec: SinkTaskSpec,
  settings: HostSettings,
  task: SinkTask,
  converters: Converters,
  opened: Opened,
  metrics: PluginFigures,
): Promise<BuiltTask> {
  const { broker, clock, logger, link, signals } = options;
  const { clients } = opened;
  const chain = await loadChain<SinkRecord>(options, opened, metrics);
  const counters = new TaskCounters({ clock, windows: settings.metrics });
  const parker = parkerOf(options, settings);
  const watch = (client: string) => (availability: Availability) => parker.broker(client, availability);
  const reporters = logReporters(options, counters);
  const queue = deadLetterQueue(options, { clients, counters, watch });
  if (queue !== null) reporters.push(queue);
  const operator = new RetryWithToleranceOperator({ policy: spec.errors, clock, counters, reporters });
  const fetcher = clients.fetcher(
    broker.fetcher({
      settings: spec.consumerSettings,
      ...written(spec, 'consumer'),
      logger,
      onAvailability: watch('fetcher'),
    }),
  );
  const hasReporters = reporters.length > 0;
  const built = new WorkerSinkTask({
    task,
    taskConfig: spec.taskConfig,
    initialState: spec.initialState,
    chain,
    converter: new SinkRecordConverter({ converters, keepsConsumed: hasReporters }),
    operator,
    hasReporters,
    fetcher,
    maxPollRecords: Number(spec.consumerSettings['max.poll.records'] ?? 500),
    parker,
    signals,
    counters,
    metrics,
    link,
    settings,
    offsetFlushTimeoutMs: spec.offsetFlushTimeoutMs,
    clock,
    logger,
    prepare: async () => queue?.prepareTopic(),
    release: (timeoutMs) => clients.close(timeoutMs),
  });
  return { task: built, clientFigures: () => clients.figures() };
}

function deadLetterQueue(
  { spec, broker, clock, logger }: TaskBuilderOptions,
  parts: {
    readonly clients: TaskClients;
    readonly counters: TaskCounters;
    readonly watch: (client: string) => (availability: Availability) => void;
    readonly bytesOf?: (record: SourceRecord) => ReturnType<typeof sourceRecordBytes>;
  },
): DeadLetterQueueReporter | null {
  const queue = spec.errors.deadLetterQueue;
  if (queue === null) return null;
  const { clients, watch, ...rest } = parts;
  return new DeadLetterQueueReporter({
    ...rest,
    id: spec.id,
    queue,
    producer: clients.producer(
      broker.producer({
        settings: ofDeadLetterQueue(spec, spec.producerSettings, 'producer'),
        ...written(spec, 'producer'),
        logger,
        onAvailability: watch('dead letter queue'),
      }),
    ),
    admin: clients.admin(
      broker.admin({
        settings: ofDeadLetterQueue(spec, spec.adminSettings, 'adminclient'),
        ...written(spec, 'admin'),
        logger,
        onAvailability: watch('dead letter queue topic'),
      }),
    ),
    clock,
    signal: clients.signal,
  });
}

function written(
  { writtenClientKeys }: TaskSpec,
  client: 'producer' | 'consumer' | 'admin',
): { readonly written?: Readonly<Record<string, string>> } {
  return writtenClientKeys === undefined ? {} : { written: writtenClientKeys[client] };
}

/** With a client id that tells it from the task's own client, unless the configuration names one. */
function ofDeadLetterQueue(
  spec: TaskSpec,
  settings: ClientSettings,
  client: 'producer' | 'adminclient',
): ClientSettings {
  if (settings['client.id'] !== `connector-${client}-${nameOf(spec)}`) return settings;
  return { ...settings, 'client.id': `connector-dlq-${client}-${nameOf(spec)}` };
}

function nameOf({ id }: TaskSpec): string {
  return `${id.connector}-${id.task}`;
}

function parkerOf({ gates, clock, logger, link }: TaskBuilderOptions, settings: HostSettings): Parker {
  return new Parker({ gates, clock, logger, settings: settings.park, publish: (parked) => link.parked(parked) });
}

function logReporters({ spec, logger }: TaskBuilderOptions, counters: TaskCounters): ErrorReporter[] {
  const { logEnable, logIncludeMessages } = spec.errors;
  if (!logEnable) return [];
  return [new LogReporter({ id: spec.id, logger, includeMessages: logIncludeMessages, counters })];
}

/** Its `configure`, as that of all plugins, is meant to be synchronous; where it is not, what it rejects with is the task's. */
async function loadConverter(
  options: TaskBuilderOptions,
  spec: ConverterSpec,
  type: 'key' | 'value',
  opened: Opened,
  metrics: PluginFigures,
): Promise<Converters['key']> {
  const create = await options.plugins.load(spec, 'converter');
  const converter = new create() as Converter;
  opened.plugins.push(converter);
  await converter.configure({ ...spec.config, 'converter.type': type }, contextOf(options, type, metrics));
  return { className: spec.className, converter };
}

async function loadHeaderConverter(
  options: TaskBuilderOptions,
  spec: ConverterSpec,
  opened: Opened,
  metrics: PluginFigures,
): Promise<Converters['header']> {
  const create = await options.plugins.load(spec, 'header converter');
  const converter = new create() as HeaderConverter;
  opened.plugins.push(converter);
  await converter.configure({ ...spec.config, 'converter.type': 'header' }, contextOf(options, 'header', metrics));
  return { className: spec.className, converter };
}

function contextOf(
  options: TaskBuilderOptions,
  converterType: ConverterContext['converterType'],
  metrics: PluginFigures,
): ConverterContext {
  const { gates, clock, ask, schemaViews, signals } = options;
  const logger = options.logger.child({ converter: converterType });
  const owner = `${nameOf(options.spec)} ${converterType}`;
  return {
    converterType,
    logger,
    clock,
    gates,
    pluginMetrics: metrics.of({ converter: converterType }),
    schemaView: (config) => schemaViews(config, { ask, gates, clock, logger, owner, signals }),
  };
}

async function loadChain<R extends ConnectRecord>(
  { plugins, spec: { transformations }, calls }: TaskBuilderOptions,
  opened: Opened,
  metrics: PluginFigures,
): Promise<TransformationChain<R>> {
  const steps: TransformationStep<R>[] = [];
  const names = transformations.map(({ alias }) => `transforms.${alias}`);
  for (const [index, spec] of transformations.entries()) {
    const create = await plugins.load(spec, 'transformation');
    const transformation = new create() as Transformation<R>;
    opened.plugins.push(transformation);
    await calls.run(names[index] ?? '', () =>
      transformation.configure(spec.config, { pluginMetrics: metrics.of({ transform: spec.alias }) }),
    );
    let predicate: TransformationStep<R>['predicate'] = null;
    if (spec.predicate !== undefined) {
      const createPredicate = await plugins.load(spec.predicate, 'predicate');
      const loaded = new createPredicate() as Predicate<R>;
      opened.plugins.push(loaded);
      await loaded.configure(spec.predicate.config, { pluginMetrics: metrics.of({ predicate: spec.predicate.alias }) });
      predicate = { predicate: loaded, negate: spec.predicate.negate };
    }
    steps.push({ alias: spec.alias, className: spec.className, transformation, predicate });
  }
  return new TransformationChain({ steps, marks: names.length === 0 ? null : calls.marks(names) });
}
