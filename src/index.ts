/** For embedders: `createWorker(options)`, a whole worker in this process. */
import { networkInterfaces } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Broker } from './broker/ports.ts';
import { adminSettings } from './cli/admin-settings.ts';
import { ClusterWatch } from './cli/cluster-watch.ts';
import { ConnectMetrics } from './cli/metrics/connect-metrics.ts';
import type { NameSet } from './cli/metrics/connect-names.ts';
import { openBroker } from './cli/open-broker.ts';
import { openSchemaStore } from './cli/open-schema-store.ts';
import { sharedHostThreads, taskHostOpener } from './cli/open-task-host.ts';
import { OpenedParts } from './cli/opened-parts.ts';
import { packageVersion } from './cli/package-version.ts';
import { type PreparedSettings, prepareSettings } from './cli/prepared-settings.ts';
import { openRegistryClient } from './cli/registry-client.ts';
import { SeenFromOutside } from './cli/seen-from-outside.ts';
import { registryDefaults, withRegistryDefaults } from './cli/worker-settings.ts';
import { systemClock } from './foundation/clock.ts';
import { type Logger, silentLogger } from './foundation/logger.ts';
import { maskingLogger } from './foundation/masking-logger.ts';
import { unknownWorkerDefaults } from './registry/registry-keys.ts';
import { connectorsResources } from './rest/connectors-resource.ts';
import { offsetsResources } from './rest/offsets-resource.ts';
import { parkedResources } from './rest/parked-resource.ts';
import type { RestResource } from './rest/resource.ts';
import { type Listener, parseListener, RestServer } from './rest/rest-server.ts';
import { CONNECT_API_VERSION, rootResources } from './rest/root-resource.ts';
import { topicsResources } from './rest/topics-resource.ts';
import { ConnectorConfigs } from './runtime/config/connector-configs.ts';
import { invalidWorkerConfig, type WorkerConfig } from './runtime/config/worker-config.ts';
import type { Herder } from './runtime/herder/herder.ts';
import { StandaloneHerder } from './runtime/herder/standalone-herder.ts';
import type { Plugins } from './runtime/plugins/plugins.ts';
import { Worker } from './runtime/worker/worker.ts';
import { FileConfigBackingStore } from './storage/file-config-backing-store.ts';
import { FileOffsetBackingStore } from './storage/file-offset-backing-store.ts';

export interface CreateWorkerOptions {
  /** Settings of the worker in Kafka Connect's names; `bootstrap.servers=embedded:<folder>` needs no Kafka. */
  readonly settings: Readonly<Record<string, string>>;
  readonly logger?: Logger;
  /** Modules of further plugins, as `import()` takes them, beside the built-in ones and those of `plugin.path`. */
  readonly pluginModules?: readonly string[];
  /** A broker that is open already, in place of the one that `bootstrap.servers` names. It stays the caller's to close. */
  readonly broker?: Broker;
  /** Further REST resources. */
  readonly resources?: readonly RestResource[];
  /** Every message between control plane and task hosts passes structuredClone, as it would between threads. */
  readonly cloneMessages?: boolean;
}

export interface HoldfastWorker {
  /** What the REST API talks to. */
  readonly herder: Herder;
  /** Where the REST API listens; empty before `start`. */
  readonly restUrl: string;
  /**
   * Resolves when the REST API answers. Stored connectors are started too, but for those held back for their connector file. A broker that
   * is away is waited for in the background.
   * @throws ConfigError for a port that is taken or an offset file that can't be read; then all is closed again.
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
  const logger = maskingLogger(options.logger ?? silentLogger, secrets);
  const listeners = config.values.listeners.map(parseListener);
  const opened = new OpenedParts();
  opened.add(() => variables.close());
  const withConverterDefaults = (own: Readonly<Record<string, string>>) => withRegistryDefaults(config.raw, own);
  const configs = new ConnectorConfigs({ plugins, worker: config, withConverterDefaults, variables, secrets });
  // Classes that no plugin offers, for example, would otherwise show only when the first task starts.
  const problems = configs.workerConverterProblems();
  if (problems.length > 0) throw invalidWorkerConfig(problems);
  warnOfKeys(config, configs, logger);
  try {
    return await openWorker({ ...options, logger, config, listeners, plugins, configs, opened });
  } catch (error) {
    await opened.close().catch(() => {});
    throw error;
  }
}

interface OpenWorkerOptions extends Omit<CreateWorkerOptions, 'settings'> {
  readonly logger: Logger;
  readonly config: WorkerConfig;
  readonly listeners: readonly Listener[];
  readonly plugins: Plugins;
  readonly configs: ConnectorConfigs;
  readonly opened: OpenedParts;
}

async function openWorker(options: OpenWorkerOptions): Promise<HoldfastWorker> {
  const { logger, config, listeners, plugins, configs, opened } = options;
  const clock = systemClock;
  const broker = options.broker ?? (await openBroker({ config, clock, logger }));
  if (options.broker === undefined) opened.add(() => broker.close());
  const version = packageVersion();
  const connectMetrics = new ConnectMetrics({
    clock,
    names: config.values['metrics.names'] as readonly NameSet[],
    app: { version: CONNECT_API_VERSION, commitId: version },
    clientId: () => `connect-${workerId(config, listeners[0], ports[0])}`,
    herder: () => herder,
    figures: () => worker.figures(),
    plugin: (type, name) => plugins.find(type === 'connector' ? ['sink', 'source'] : [type], name) ?? null,
  });
  const outside = new SeenFromOutside({
    clock,
    version,
    metrics: config.values['metrics.enable'],
    registries: () => registry.registries,
    herder: () => herder,
    contributors: [connectMetrics],
  });
  const offsetFile = resolve(config.values['offset.storage.file.filename']);
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
  const worker = new Worker({
    clock,
    logger,
    broker,
    offsetStore: new FileOffsetBackingStore({ path: offsetFile, logger }),
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
    callWarnMs: config.values['task.call.warn.ms'],
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
  let ports: readonly number[] = [];
  const folder = config.values['config.storage.dir'];
  const herder: Herder = new StandaloneHerder({
    worker,
    plugins,
    configs,
    clock,
    logger,
    workerId: () => workerId(config, listeners[0], ports[0]),
    clusterId: async () => cluster.clusterId,
    startup: () => cluster.startup(),
    store: folder === null ? null : new FileConfigBackingStore({ dir: resolve(folder), clock }),
  });
  const rest = new RestServer({
    resources: [
      ...rootResources({ herder, version }),
      ...connectorsResources({ herder, showParked: config.values['status.parked.enable'] }),
      ...offsetsResources({ herder }),
      ...topicsResources({
        herder,
        isEnabled: config.values['topic.tracking.enable'],
        isResetAllowed: config.values['topic.tracking.allow.reset'],
      }),
      ...parkedResources({ herder }),
      ...outside.resources,
      ...(options.resources ?? []),
    ],
    clock,
    logger: logger.child({ name: 'rest' }),
    stage: () => herder.stage(),
    mask: (text) => configs.secrets.mask(text),
  });
  opened.add(() => rest.close());
  opened.add(() => herder.stop());

  let stopped: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    stopped ??= opened.close();
    return stopped;
  };
  return {
    herder,
    get restUrl() {
      const [port] = ports;
      return port === undefined ? '' : urlOf(listeners[0], port);
    },
    async start(startOptions) {
      try {
        ports = await rest.listen(listeners);
        await herder.start(startOptions);
        cluster.start();
      } catch (error) {
        await stop().catch(() => {});
        throw error;
      }
      const urls = ports.map((port, index) => urlOf(listeners[index], port));
      logger.info('The REST API listens.', { urls });
    },
    stop,
  };
}

function warnOfKeys(config: WorkerConfig, configs: ConnectorConfigs, logger: Logger): void {
  const unknown = [
    ...config.unknown,
    ...unknownWorkerDefaults(config.raw),
    ...configs.unknownConverterKeys(config.raw),
  ];
  if (unknown.length > 0) {
    logger.warn('Settings of the worker are not known and have no effect. Check their spelling.', { keys: unknown });
  }
  if (config.withoutEffect.length > 0) {
    logger.info('Settings of Kafka Connect have no effect in this worker.', { keys: config.withoutEffect });
  }
}

/** `worker_id` of statuses: the advertised host and port, otherwise those of the first listener. Kafka Connect 4.1.1, 1.8. */
function workerId(config: WorkerConfig, listener: Listener | undefined, port: number | undefined): string {
  const host = listener === undefined || listener.host === '' ? localAddress() : listener.host;
  return `${config.values['rest.advertised.host.name'] ?? host}:${config.values['rest.advertised.port'] ?? port ?? listener?.port ?? 0}`;
}

/** For a client on this machine. */
function urlOf(listener: Listener | undefined, port: number): string {
  const host = listener === undefined || ['', '::', '0.0.0.0'].includes(listener.host) ? '127.0.0.1' : listener.host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function localAddress(): string {
  for (const addresses of Object.values(networkInterfaces())) {
    const found = addresses?.find(({ family, internal }) => family === 'IPv4' && !internal);
    if (found !== undefined) return found.address;
  }
  return '127.0.0.1';
}
