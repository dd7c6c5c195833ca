/** Connectors, a transformation and a config provider that repeat every secret they get wherever they can. For tests only. */
import {
  type ConfigData,
  ConfigDef,
  type ConfigProvider,
  type ConnectorConfig,
  type ConnectRecord,
  definePlugin,
  EnvironmentError,
  type Logger,
  type SinkConnector,
  type SinkRecord,
  type SinkTask,
  type SinkTaskContext,
  type SourceConnector,
  type SourceConnectorContext,
  SourceRecord,
  type SourceTask,
  type SourceTaskContext,
  type Transformation,
} from 'holdfast/sdk';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/** `typed` is a PASSWORD, `mode` says where it goes wrong. */
const CONFIG = ConfigDef.of({
  topic: { type: 'STRING', default: 'leaks', importance: 'high', documentation: 'Topic.' },
  mode: { type: 'STRING', default: 'ok', importance: 'high', documentation: 'Where it fails.' },
  typed: { type: 'PASSWORD', default: null, importance: 'high', documentation: 'A password.' },
  size: { type: 'INT', default: 1, importance: 'low', documentation: 'A number.' },
});

function textOf(config: ConnectorConfig): string {
  return Object.entries(config)
    .map(([key, value]) => `${key}=${value}`)
    .join(' | ');
}

function leak(logger: Logger | undefined, config: ConnectorConfig): Error {
  const text = textOf(config);
  const error = new Error(`could not log in with ${text}`, { cause: new TypeError(`at the driver: ${text}`) });
  for (const level of LEVELS) {
    logger?.[level](`logging in with ${text}`, { config, text, err: error, list: Object.values(config) });
  }
  return error;
}

class LeakySourceTask implements SourceTask {
  private context: SourceTaskContext | null = null;
  private config: ConnectorConfig = {};
  private sent = 0;

  initialize(context: SourceTaskContext): void {
    this.context = context;
  }
  start(config: ConnectorConfig): void {
    this.config = config;
    const error = leak(this.context?.logger, config);
    if (config['mode'] === 'task-start') throw error;
  }
  poll(): readonly SourceRecord[] | null {
    if (this.sent > 0) return null;
    const error = leak(this.context?.logger, this.config);
    if (this.config['mode'] === 'poll') throw error;
    if (this.config['mode'] === 'uncaught') {
      setTimeout(() => {
        throw error;
      });
    }
    if (this.config['mode'] === 'park') throw new EnvironmentError(`away: ${error.message}`, { cause: error });
    this.sent++;
    return [
      new SourceRecord({
        topic: this.config['topic'] ?? '',
        value: 'v',
        sourcePartition: { p: 1 },
        sourceOffset: { o: 1 },
      }),
    ];
  }
  stop(): void {}
}

class LeakySinkTask implements SinkTask {
  private context: SinkTaskContext | null = null;
  private config: ConnectorConfig = {};

  initialize(context: SinkTaskContext): void {
    this.context = context;
  }
  start(config: ConnectorConfig): void {
    this.config = config;
  }
  put(records: readonly SinkRecord[]): void {
    if (this.config['mode'] === 'put' && records.length > 0) throw leak(this.context?.logger, this.config);
  }
  stop(): void {}
}

class LeakyConnectorBase {
  private context: SourceConnectorContext | null = null;
  private settings: ConnectorConfig = {};

  version(): string {
    return '1.0.0';
  }
  config(): typeof CONFIG {
    return CONFIG;
  }
  initialize(context: SourceConnectorContext): void {
    this.context = context;
  }
  start(config: ConnectorConfig): void {
    this.settings = config;
    const error = leak(this.context?.logger, config);
    if (config['mode'] === 'start') throw error;
    if (config['mode'] === 'raise') this.context?.raiseError(error);
  }
  taskConfigs(): readonly ConnectorConfig[] {
    if (this.settings['mode'] === 'task-configs') throw leak(this.context?.logger, this.settings);
    return [
      { ...this.settings, 'derived.url': `db://${this.settings['typed']}@h`, 'copy.of': this.settings['plain'] ?? '' },
    ];
  }
  stop(): void {
    if (this.settings['mode'] === 'stop') throw leak(this.context?.logger, this.settings);
  }
}

class LeakySource extends LeakyConnectorBase implements SourceConnector {
  taskClass(): new () => SourceTask {
    return LeakySourceTask;
  }
}

class LeakySink extends LeakyConnectorBase implements SinkConnector {
  taskClass(): new () => SinkTask {
    return LeakySinkTask;
  }
}

/** Every record is bad data, and the reason has all its settings in it. */
class LeakyTransform implements Transformation {
  private settings: ConnectorConfig = {};

  config() {
    return ConfigDef.of({ pw: { type: 'PASSWORD', importance: 'high', documentation: 'A password.' } });
  }
  configure(settings: ConnectorConfig): void {
    this.settings = settings;
  }
  apply(_record: ConnectRecord): ConnectRecord {
    throw leak(undefined, this.settings);
  }
}

/** What it gives is in memory, for tests to change. */
export const VAULT = new Map<string, string>();

class VaultProvider implements ConfigProvider {
  private key = '';

  configure(config: Readonly<Record<string, string>>): void {
    this.key = config['unseal.token'] ?? '';
  }
  get(path: string, keys: readonly string[] | undefined): ConfigData {
    if (path === 'sealed') throw new Error(`sealed: the token ${this.key} does not open it`);
    const found = (keys ?? [...VAULT.keys()]).flatMap((key) => {
      const value = VAULT.get(key);
      return value === undefined ? [] : [[key, value] as const];
    });
    return { data: Object.fromEntries(found), ttlMs: 200 };
  }
}

export default definePlugin({
  name: 'leaky',
  version: '1.0.0',
  connectors: [
    { type: 'source', className: 'test.LeakySourceConnector', create: LeakySource },
    { type: 'sink', className: 'test.LeakySinkConnector', create: LeakySink },
  ],
  transformations: [{ className: 'test.LeakyTransform', create: LeakyTransform }],
  configProviders: [{ className: 'test.VaultConfigProvider', create: VaultProvider }],
});
