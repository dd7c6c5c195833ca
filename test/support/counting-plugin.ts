/** A source that counts its starts, and a config provider whose values tests change. For tests only. */
import {
  ConfigDef,
  type ConfigProvider,
  type ConnectorConfig,
  definePlugin,
  type SourceConnector,
  type SourceRecord,
  type SourceTask,
} from 'holdfast/sdk';

/** Every start, as `name` of a connector or `name task`, with the value of its setting `secret`. */
export const STARTS: { readonly who: string; readonly secret: string | undefined }[] = [];
/** What the provider gives. */
export const VALUES = new Map<string, string>();

class CountingTask implements SourceTask {
  start(config: ConnectorConfig): void {
    STARTS.push({ who: `${config['name']} task`, secret: config['secret'] });
  }
  poll(): readonly SourceRecord[] | null {
    return null;
  }
  stop(): void {}
}

class CountingSource implements SourceConnector {
  private settings: ConnectorConfig = {};

  version(): string {
    return '1.0.0';
  }
  config(): ConfigDef {
    return ConfigDef.of({});
  }
  start(config: ConnectorConfig): void {
    this.settings = config;
    STARTS.push({ who: config['name'] ?? '', secret: config['secret'] });
  }
  taskClass(): new () => SourceTask {
    return CountingTask;
  }
  taskConfigs(): readonly ConnectorConfig[] {
    return [this.settings];
  }
  stop(): void {}
}

class ValuesProvider implements ConfigProvider {
  get(_path: string, keys: readonly string[] | undefined) {
    const data = Object.fromEntries(
      (keys ?? []).flatMap((key) => (VALUES.has(key) ? [[key, VALUES.get(key) ?? '']] : [])),
    );
    return { data, ttlMs: 200 };
  }
}

export default definePlugin({
  name: 'counting',
  version: '1.0.0',
  connectors: [{ type: 'source', className: 'test.CountingSourceConnector', create: CountingSource }],
  configProviders: [{ className: 'test.ValuesConfigProvider', create: ValuesProvider }],
});
