/** For embedders: `createWorker(options)`, a whole worker in this process. */
import { networkInterfaces } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Broker } from './broker/ports.ts';
import { builtInPlugins } from './cli/built-in-plugins.ts';
import { ClusterWatch } from './cli/cluster-watch.ts';
import { openBroker } from './cli/open-broker.ts';
import { packageVersion } from './cli/package-version.ts';
import { openRegistryClient } from './cli/registry-client.ts';
import { systemClock } from './foundation/clock.ts';
import { type Logger, silentLogger } from './foundation/logger.ts';
import { connectorsResources } from './rest/connectors-resource.ts';
import type { RestResource } from './rest/resource.ts';
import { type Listener, parseListener, RestServer } from './rest/rest-server.ts';
import { rootResources } from './rest/root-resource.ts';
import { ConnectorConfigs } from './runtime/config/connector-configs.ts';
import { parseWorkerConfig, type WorkerConfig } from './runtime/config/worker-config.ts';
import type { Herder } from './runtime/herder/herder.ts';
import { StandaloneHerder } from './runtime/herder/standalone-herder.ts';
import { createInlineTaskHost } from './runtime/host/inline-host.ts';
import { ModulePluginLoader } from './runtime/plugins/module-plugin-loader.ts';
import { Plugins } from './runtime/plugins/plugins.ts';
import { Worker } from './runtime/worker/worker.ts';
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
  /** Resolves when the REST API answers. A broker that is away is waited for in the background. */
  start(): Promise<void>;
  /** Stops connectors and tasks with their last commits, then everything else. */
  stop(): Promise<void>;
}

export type { Herder } from './runtime/herder/herder.ts';

/** @throws ConfigError that names every mistake of the settings, or says why the embedded broker's folder can't be used. */
export async function createWorker(options: CreateWorkerOptions): Promise<HoldfastWorker> {
  const logger = options.logger ?? silentLogger;
  const clock = systemClock;
  const config = parseWorkerConfig(options.settings);
  const [listenerText = ''] = config.values.listeners;
  const listener = parseListener(listenerText);
  warnOfKeys(config, logger);

  const plugins = await Plugins.discover({
    builtIn: [...builtInPlugins(), ...(options.pluginModules ?? [])],
    pluginPath: config.values['plugin.path'] ?? [],
    logger,
  });
  const broker = options.broker ?? (await openBroker({ config, clock, logger }));
  const cluster = new ClusterWatch({ broker, config, logger });
  const offsetFile = resolve(config.values['offset.storage.file.filename']);
  const registry = await openRegistryClient({
    // Registry settings of the worker itself, e.g. unknown.id.action or registry.park.timeout.ms, are defaults of all converters.
    defaults: Object.fromEntries(
      Object.entries(config.raw).filter(([key]) => /^(registry\.|unknown\.id\.|schema\.registry\.)/.test(key)),
    ),
    storeFolder: resolve(config.values['schema.store.dir'] ?? join(dirname(offsetFile), 'schema-store')),
    clock,
    logger,
  });
  const loader = new ModulePluginLoader();
  const worker = new Worker({
    clock,
    logger,
    broker,
    offsetStore: new FileOffsetBackingStore({ path: offsetFile, logger }),
    openHost: () => {
      const { gates, schemaViews } = registry.openHostSide();
      return createInlineTaskHost({
        broker,
        plugins: loader,
        schemaViews,
        gates,
        clock,
        logger,
        cloneMessages: options.cloneMessages ?? false,
      });
    },
    services: registry.services,
    gates: registry.gates,
    offsetFlushIntervalMs: config.values['offset.flush.interval.ms'],
    gracefulTimeoutMs: config.values['task.shutdown.graceful.timeout.ms'],
  });
  const herder = new StandaloneHerder({
    worker,
    plugins,
    configs: new ConnectorConfigs({ plugins, worker: config }),
    logger,
    workerId: advertised(config, listener),
    clusterId: async () => cluster.clusterId,
    startup: () => cluster.startup(),
  });
  const rest = new RestServer({
    resources: [
      ...rootResources({ herder, version: packageVersion() }),
      ...connectorsResources({ herder, showParked: config.values['status.parked.enable'] }),
      ...(options.resources ?? []),
    ],
    logger: logger.child({ name: 'rest' }),
  });

  let restUrl = '';
  return {
    herder,
    get restUrl() {
      return restUrl;
    },
    async start() {
      const port = await rest.listen(listener);
      restUrl = `http://${listener.host === '' ? '127.0.0.1' : listener.host}:${port}`;
      await herder.start();
      cluster.start();
      logger.info('The REST API listens.', { url: restUrl });
    },
    async stop() {
      await herder.stop();
      await rest.close();
      await cluster.stop();
      await registry.close();
      if (options.broker === undefined) await broker.close();
    },
  };
}

function warnOfKeys(config: WorkerConfig, logger: Logger): void {
  if (config.unknown.length > 0) {
    logger.warn('Settings of the worker are not known and have no effect. Check their spelling.', {
      keys: config.unknown,
    });
  }
  if (config.withoutEffect.length > 0) {
    logger.info('Settings of Kafka Connect have no effect in this worker.', { keys: config.withoutEffect });
  }
  if (config.values.listeners.length > 1) {
    logger.warn('Only the first of several listeners is used.', { listeners: config.values.listeners });
  }
}

/** `worker_id` of statuses. */
function advertised(config: WorkerConfig, listener: Listener): string {
  const host = config.values['rest.advertised.host.name'] ?? (listener.host === '' ? localAddress() : listener.host);
  return `${host}:${config.values['rest.advertised.port'] ?? listener.port}`;
}

function localAddress(): string {
  for (const addresses of Object.values(networkInterfaces())) {
    const found = addresses?.find(({ family, internal }) => family === 'IPv4' && !internal);
    if (found !== undefined) return found.address;
  }
  return '127.0.0.1';
}
