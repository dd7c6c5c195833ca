/** What a task host needs to run a task, out of the settings of worker and connector. */
import type {
  ConverterSpec,
  ErrorPolicy,
  PluginRef,
  TaskId,
  TaskSpec,
  TopicCreationGroup,
  TransformationSpec,
} from '../host/protocol.ts';
import type { PluginDesc, PluginType } from '../plugins/plugin-desc.ts';
import type { Plugins } from '../plugins/plugins.ts';
import type { Subscription } from '../worker/worker-task.ts';
import { listOf } from './alias-list.ts';
import { taskClientSettings, writtenClientKeys } from './client-settings.ts';
import { SINK_CONNECTOR_CONFIG, SOURCE_CONNECTOR_CONFIG } from './connector-config-def.ts';
import { topicsOf } from './sink-topics.ts';
import { deadLetterQueueOf, sourceDeadLetterQueue } from './source-dead-letter-queue.ts';
import { topicCreationGroups } from './topic-creation.ts';
import { topicPattern } from './topic-pattern.ts';
import { withPrefix } from './with-prefix.ts';
import type { WorkerConfig } from './worker-config.ts';

type Raw = Readonly<Record<string, string>>;

/** Settings of task hosts: what the worker says, and a connector may say otherwise for itself. */
export const HOST_SETTINGS = [
  'task.isolation',
  'task.host.memory.max.mb',
  'max.inflight.batches',
  'max.inflight.bytes',
  'park.timeout.ms',
  'park.timeout.action',
  'park.backoff.initial.ms',
  'park.backoff.max.ms',
  'retry.backoff.initial.ms',
  'retry.backoff.max.ms',
  'sink.heartbeat.interval.ms',
] as const;

/** The same for all tasks of the worker. */
const WORKER_HOST_SETTINGS = ['metrics.sample.window.ms', 'metrics.num.samples'] as const;

export function buildTaskSpec(options: {
  readonly plugins: Plugins;
  readonly worker: WorkerConfig;
  readonly desc: PluginDesc;
  readonly config: Raw;
  readonly id: TaskId;
  readonly taskConfig: Raw;
  readonly initialState: 'STARTED' | 'PAUSED';
}): { readonly spec: TaskSpec; readonly subscription: Subscription | null } {
  const { plugins, worker, desc, config, id, taskConfig, initialState } = options;
  const clients = taskClientSettings(worker.raw, config, id);
  const base = {
    id,
    connectorClass: plugins.ref(desc),
    taskConfig,
    keyConverter: converterSpec(plugins, worker, config, 'key.converter'),
    valueConverter: converterSpec(plugins, worker, config, 'value.converter'),
    headerConverter: converterSpec(plugins, worker, config, 'header.converter'),
    transformations: transformationSpecs(plugins, config),
    initialState,
    producerSettings: clients.producer,
    consumerSettings: clients.consumer,
    adminSettings: clients.admin,
    writtenClientKeys: writtenClientKeys(worker.raw, config),
    hostSettings: hostSettings(worker, config),
    offsetFlushTimeoutMs: worker.values['offset.flush.timeout.ms'],
  };
  if (desc.type === 'source') {
    const values = SOURCE_CONNECTOR_CONFIG.parse(config);
    return {
      spec: {
        ...base,
        kind: 'source',
        errors: errorPolicy(values, sourceDeadLetterQueue(config)),
        topicCreation: sourceTopicCreation(worker, config),
      },
      subscription: null,
    };
  }
  const values = SINK_CONNECTOR_CONFIG.parse(config);
  const topics = topicsOf(config);
  return {
    spec: { ...base, kind: 'sink', errors: errorPolicy(values, deadLetterQueueOf(values)) },
    subscription: topics.length > 0 ? { topics } : { pattern: topicPattern(values['topics.regex'].trim()) },
  };
}

/** null: the worker creates no topics for this source. @throws ConfigError for a mistake in `topic.creation.*` */
export function sourceTopicCreation(worker: WorkerConfig, config: Raw): readonly TopicCreationGroup[] | null {
  if (!worker.values['topic.creation.enable']) return null;
  return topicCreationGroups(config, listOf(config['topic.creation.groups']));
}

/** What the connector says stands above what the worker says. */
export function hostSettings(worker: WorkerConfig, config: Raw): Raw {
  const settings: Record<string, string> = {};
  for (const key of HOST_SETTINGS) settings[key] = config[key] ?? String(worker.values[key]);
  for (const key of WORKER_HOST_SETTINGS) settings[key] = String(worker.values[key]);
  return settings;
}

/**
 * A converter named by the connector takes only the connector's settings; otherwise class and settings are the worker's.
 * Kafka Connect 4.1.1, converter config resolution.
 */
function converterSpec(
  plugins: Plugins,
  worker: WorkerConfig,
  config: Raw,
  key: 'key.converter' | 'value.converter' | 'header.converter',
): ConverterSpec {
  const type = key === 'header.converter' ? 'header_converter' : 'converter';
  const own = config[key];
  const name = own ?? worker.values[key];
  const from = own === undefined ? worker.raw : config;
  return {
    ...versionRef(plugins, [type], name, from[`${key}.plugin.version`]),
    config: withPrefix(from, `${key}.`),
  };
}

/** Of the newest version that the requirement admits (KIP-891). */
function versionRef(
  plugins: Plugins,
  types: readonly PluginType[],
  name: string,
  requirement: string | undefined,
): PluginRef {
  const desc = plugins.get(types, name.trim());
  return plugins.ref(requirement === undefined ? desc : plugins.version(desc, requirement));
}

function transformationSpecs(plugins: Plugins, config: Raw): readonly TransformationSpec[] {
  return listOf(config['transforms']).map((alias) => {
    const prefix = `transforms.${alias}.`;
    const spec = {
      alias,
      ...versionRef(plugins, ['transformation'], config[`${prefix}type`] ?? '', config[`${prefix}plugin.version`]),
      config: withPrefix(config, prefix),
    };
    const predicate = config[`${prefix}predicate`]?.trim();
    if (predicate === undefined || predicate === '') return spec;
    const predicatePrefix = `predicates.${predicate}.`;
    return {
      ...spec,
      predicate: {
        alias: predicate,
        ...versionRef(
          plugins,
          ['predicate'],
          config[`${predicatePrefix}type`] ?? '',
          config[`${predicatePrefix}plugin.version`],
        ),
        config: withPrefix(config, predicatePrefix),
        negate: (config[`${prefix}negate`] ?? 'false').trim().toLowerCase() === 'true',
      },
    };
  });
}

function errorPolicy(
  values: {
    readonly 'errors.tolerance': string;
    readonly 'errors.retry.timeout': number;
    readonly 'errors.retry.delay.max.ms': number;
    readonly 'errors.log.enable': boolean;
    readonly 'errors.log.include.messages': boolean;
  },
  deadLetterQueue: ErrorPolicy['deadLetterQueue'],
): ErrorPolicy {
  return {
    tolerance: values['errors.tolerance'] === 'all' ? 'all' : 'none',
    retryTimeoutMs: values['errors.retry.timeout'],
    retryDelayMaxMs: values['errors.retry.delay.max.ms'],
    logEnable: values['errors.log.enable'],
    logIncludeMessages: values['errors.log.include.messages'],
    deadLetterQueue,
  };
}
