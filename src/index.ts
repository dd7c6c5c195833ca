/** For embedders: `createWorker(options)`, a whole worker in this process. */
import { dirname, join, resolve } from 'node:path';
import type { Broker } from './broker/ports.ts';
import { adminSettings } from './cli/admin-settings.ts';
import { ClusterWatch } from './cli/cluster-watch.ts';
import { LOG_PARTS, workerLogger } from './cli/log-parts.ts';
import { ConnectMetrics } from './cli/metrics/connect-metrics.ts';
import type { NameSet } from './cli/metrics/connect-names.ts';
import { openBroker } from './cli/open-broker.ts';
import { openSchemaStore } from './cli/open-schema-store.ts';
import { sharedHostThreads, taskHostOpener } from './cli/open-task-host.ts';
import { OpenedParts } from './cli/opened-parts.ts';
import { packageVersion } from './cli/package-version.ts';
import { type PreparedSettings, prepareSettings } from './cli/prepared-settings.ts';
import { openRegistryClient } from './cli/registry-client.ts';
import { RestApi } from './cli/rest-api.ts';
import { restResources } from './cli/rest-resources.ts';
import { SeenFromOutside } from './cli/seen-from-outside.ts';
import { registryDefaults, withRegistryDefaults } from './cli/worker-settings.ts';
import { systemClock } from './foundation/clock.ts';
import { LogLevels, leastLevelOf } from './foundation/log-levels.ts';
import { type Logger, silentLogger } from './foundation/logger.ts';
import { maskingLogger } from './foundation/masking-logger.ts';
import { unknownWorkerDefaults } from './registry/registry-keys.ts';
import type { RestResource } from './rest/resource.ts';
import { ConnectorConfigs } from './runtime/config/connector-configs.ts';
import { invalidWorkerConfig, type WorkerConfig } from './runtime/config/worker-config.ts';
import type { Herder } from './runtime/herder/herder.ts';
import { StandaloneHerder } from './runtime/herder/standalone-herder.ts';
import { CONNECT_API_VERSION } from './runtime/plugins/connect-version.ts';
import type { Plugins } from './runtime/plugins/plugins.ts';
import { PluginWatches } from './runtime/worker/plugin-watch.ts';
import { Worker } from './runtime/worker/worker.ts';
import { FileConfigBackingStore } from './storage/file-config-backing-store.ts';
import { FileOffsetBackingStore } from './storage/file-offset-backing-store.ts';
import { checkOffsetFilePlace } from './storage/offset-file-place.ts';

/** What {@link createWorker} takes. */
export interface CreateWorkerOptions {
  /** Settings of the worker in Kafka Connect's names; `bootstrap.servers=embedded:<folder>` needs no Kafka. */
  readonly settings: Readonly<Record<string, string>>;
  /** Silent by default. Secrets are masked before anything reaches it. */
  readonly logger?: Logger;
  /** What `/admin/loggers` shows and changes, if the logger is over it already; otherwise the worker puts its own over the logger. */
  readonly logLevels?: LogLevels;
  /** Modules of further plugins, as `import()` takes them, beside the built-in ones and those of `plugin.path`. */
  readonly pluginModules?: readonly string[];
  /** A broker that is open already, in place of the one that `bootstrap.servers` names. It stays the caller's to close. */
  readonly broker?: Broker;
  /** Further REST resources. */
  readonly resources?: readonly RestResource[];
  /** Every message between control plane and task hosts passes structuredClone, as it would between threads. */
  readonly cloneMessages?: boolean;
}

/** A worker that {@link createWorker} opened; nothing runs before `start`. */
export interface HoldfastWorker {
  /** What the REST API talks to. */
  readonly herder: Herder;
  /** Where the REST API listens; empty before `start`. */
  readonly restUrl: string;
  /**
   * Resolves when the REST API answers. Stored connectors are started too, but for those held back for their connector file. A broker that
   * is away is waited for in the background.
   * @throws ConfigError for a port that is taken, an offset file that can't be read, or a mistake in a converter of the worker that is asked
   * in a thread; then all is closed again.
   */
  start(options?: { readonly heldBack?: readonly string[] }): Promise<void>;
  /** Stops connectors and tasks with their last commits, then everything else. */
  stop(): Promise<void>;
}

export type { Herder } from './runtime/herder/herder.ts';

/** @throws ConfigError that names every mistake of the settings, or says why something can't be opened; then nothing is left open. */
export async function createWorker(options: CreateWorkerOptions): Promise<HoldfastWorker> {
  return openPrepared(await prepareSettings({ ...options, logger: options.logger ?? silentLogger }), options);
}

/** As `createWorker`, with settings that were read before. @internal */
export async function openPrepared(
  prepared: PreparedSettings,
  options: Omit<CreateWorkerOptions, 'settings' | 'pluginModules'>,
): Promise<HoldfastWorker> {
  const { config, plugins, variables, secrets } = prepared;
  // Invariant 8: whoever logs, no secret shows.
  const given = options.logger ?? silentLogger;
  const logLevels =
    options.logLevels ?? new LogLevels({ root: leastLevelOf(given), parts: LOG_PARTS, now: () => systemClock.now() });
  const logger = maskingLogger(options.logLevels === undefined ? workerLogger(given, logLevels) : given, secrets);
  const opened = new OpenedParts();
  opened.add(() => variables.close());
  const withConverterDefaults = (own: Readonly<Record<string, string>>) => withRegistryDefaults(config.raw, own);
  const watches = new PluginWatches({ clock: systemClock, warnAfterMs: config.values['task.call.warn.ms'] });
  const configs = new ConnectorConfigs({
    plugins,
    worker: config,
    withConverterDefaults,
    variables,
    secrets,
  });
  try {
    // Classes that no plugin offers, for example, would otherwise show only when the first task starts.
    const { problems, unknownKeys } = configs.workerConverters();
    if (problems.length > 0) throw invalidWorkerConfig(problems);
    warnOfKeys(config, unknownKeys, logger);
    return await openWorker({ ...options, logger, logLevels, config, plugins, configs, watches, opened });
  } catch (error) {
    await opened.close().catch(() => {});
    throw secrets.maskAll(error);
  }
}

interface OpenWorkerOptions extends Omit<CreateWorkerOptions, 'settings'> {
  readonly logger: Logger;
  readonly logLevels: LogLevels;
  readonly config: WorkerConfig;
  readonly plugins: Plugins;
  readonly configs: ConnectorConfigs;
  readonly watches: PluginWatches;
  readonly opened: OpenedParts;
}

async function openWorker(options: OpenWorkerOptions): Promise<HoldfastWorker> {
  const { logger, logLevels, config, plugins, configs, watches, opened } = options;
  const clock = systemClock;
  const version = packageVersion();
  const rest = new RestApi({
    config,
    version,
    clock,
    logger: logger.child({ name: 'rest' }),
    environment: process.env,
  });
  const broker = options.broker ?? (await openBroker({ config, clock, logger }));
  if (options.broker === undefined) opened.add(() => broker.close());
  const connectMetrics: ConnectMetrics = new ConnectMetrics({
    clock,
    names: config.values['metrics.names'] as readonly NameSet[],
    app: { version: CONNECT_API_VERSION, commitId: version },
    clientId: () => `connect-${rest.workerId()}`,
    herder: () => herder,
    figures: () => worker.figures(),
    plugin: (type, name) => plugins.find(type === 'connector' ? ['sink', 'source'] : [type], name) ?? null,
  });
  const outside: SeenFromOutside = new SeenFromOutside({
    clock,
    version,
    metrics: config.values['metrics.enable'],
    registries: () => registry.registries,
    herder: () => herder,
    stuckCalls: () => watches.stuck,
    contributors: [connectMetrics],
  });
  const offsetFile = resolve(config.values['offset.storage.file.filename']);
  // Before the first thing that may lie beside it.
  await checkOffsetFilePlace(offsetFile);
  const registry = await openRegistryClient({
    defaults: registryDefaults(config.raw),
    openStore: () =>
      openSchemaStore({
        config,
        defaultFolder: join(dirname(offsetFile), 'schema-store'),
        broker,
        clock,
        logger: logger.child({ name: 'schema-store' }),
      }),
    kafka: { broker, settings: adminSettings(config) },
    clock,
    logger,
    listener: outside.registryListener,
  });
  opened.add(() => registry.close());
  const cluster = new ClusterWatch({ broker, config, logger });
  opened.add(() => cluster.stop());
  const worker: Worker = new Worker({
    clock,
    logger,
    broker,
    offsetStore: new FileOffsetBackingStore({ path: offsetFile, logger, clock }),
    openHost: taskHostOpener({
      broker,
      isForeignBroker: options.broker !== undefined,
      registry,
      registryDefaults: registryDefaults(config.raw),
      config,
      cloneMessages: options.cloneMessages ?? false,
      clock,
      logger,
    }),
    sharedHosts: sharedHostThreads(config),
    watches,
    services: registry.services,
    gates: registry.gates,
    notices: registry.notices,
    onPark: outside.parkListener,
    offsetFlushIntervalMs: config.values['offset.flush.interval.ms'],
    gracefulTimeoutMs: config.values['task.shutdown.graceful.timeout.ms'],
    windows: {
      windowMs: Math.max(1, config.values['metrics.sample.window.ms']),
      samples: config.values['metrics.num.samples'],
    },
  });
  configs.ask = (desc, name, settings) =>
    worker.questions.askConnector(desc, name, settings, configs.placementOf(settings));
  configs.askPlugin = worker.questions.askPlugin;
  const folder = config.values['config.storage.dir'];
  const herder: Herder = new StandaloneHerder({
    worker,
    plugins,
    configs,
    clock,
    logger,
    workerId: () => rest.workerId(),
    clusterId: async () => cluster.clusterId,
    startup: () => cluster.startup(),
    store: folder === null ? null : new FileConfigBackingStore({ dir: resolve(folder), clock }),
  });
  const resources = restResources({
    herder,
    version,
    clock,
    logLevels,
    showParked: config.values['status.parked.enable'],
    topicTracking: {
      isEnabled: config.values['topic.tracking.enable'],
      isResetAllowed: config.values['topic.tracking.allow.reset'],
    },
    further: [...outside.resources, ...(options.resources ?? [])],
  });
  opened.add(() => rest.close());
  opened.add(() => herder.stop());
  opened.add(async () => rest.drain());

  let stopped: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    stopped ??= opened.close();
    return stopped;
  };
  return {
    herder,
    get restUrl() {
      return rest.url;
    },
    async start(startOptions) {
      try {
        await checkConvertersElsewhere(configs, logger);
        const urls = await rest.listen({
          ...resources,
          stage: () => herder.stage(),
          mask: (text) => configs.secrets.mask(text),
        });
        await herder.start(startOptions);
        cluster.start();
        rest.initialised();
        logger.info('The REST API listens.', { urls });
      } catch (error) {
        await stop().catch(() => {});
        throw configs.secrets.maskAll(error);
      }
    },
    stop,
  };
}

/** Those that block hold up nothing but the start, which a stop ends; otherwise it ends with the error of the call. */
async function checkConvertersElsewhere(configs: ConnectorConfigs, logger: Logger): Promise<void> {
  const before = new Set(configs.workerConverters().unknownKeys);
  const found = await configs.workerConvertersElsewhere();
  if (found === null) return;
  if (found.problems.length > 0) throw invalidWorkerConfig(found.problems);
  warnOfUnknown(
    found.unknownKeys.filter((key) => !before.has(key)),
    logger,
  );
}

function warnOfUnknown(keys: readonly string[], logger: Logger): void {
  if (keys.length === 0) return;
  logger.warn('Settings of the worker are not known and have no effect. Check their spelling.', { keys });
}

function warnOfKeys(config: WorkerConfig, ofConverters: readonly string[], logger: Logger): void {
  warnOfUnknown([...config.unknown, ...unknownWorkerDefaults(config.raw), ...ofConverters], logger);
  if (Object.keys(config.withoutEffect).length > 0) {
    logger.warn('Settings of the worker that Kafka Connect knows have no effect here.', {
      reasons: config.withoutEffect,
    });
  }
}
