/** The manifest of a plugin module: what it offers, and for which SDK contract it was written. */
import type { ConfigProvider } from './config-provider.ts';
import type { Connector } from './connector.ts';
import type { Converter, HeaderConverter } from './converter.ts';
import type { Predicate, Transformation } from './transformation.ts';

/** Raised when a change of the SDK's contract could break a plugin. A worker loads plugins up to its own. */
export const SDK_CONTRACT_VERSION = 1;

/** Brand on manifests, the same in every copy of the SDK. */
export const PLUGIN_BRAND: unique symbol = Symbol.for('holdfast.plugin');

/** A class that a plugin offers, and its names. */
export interface PluginClass<T> {
  /** Fully qualified class name by which configurations name it, e.g. `org.apache.kafka.connect.file.FileStreamSourceConnector`. */
  readonly className: string;
  /** Further full names under which configurations may name it (Java twins). Short aliases are derived as Kafka Connect does. */
  readonly aliases?: readonly string[];
  /** Constructed without arguments, once for each use; its constructor does nothing that takes time or fails. */
  readonly create: new () => T;
}

/** A connector that a plugin offers. */
export interface ConnectorPluginClass<T extends Connector = Connector> extends PluginClass<T> {
  readonly type: 'source' | 'sink';
}

/** What a plugin module offers. */
export interface PluginManifest {
  /** For people: logs and errors name the plugin by it. */
  readonly name: string;
  /** Of all its classes, as `/connector-plugins` shows it. */
  readonly version: string;
  readonly connectors?: readonly ConnectorPluginClass[];
  readonly converters?: readonly PluginClass<Converter>[];
  readonly headerConverters?: readonly PluginClass<HeaderConverter>[];
  readonly transformations?: readonly PluginClass<Transformation>[];
  readonly predicates?: readonly PluginClass<Predicate>[];
  readonly configProviders?: readonly PluginClass<ConfigProvider>[];
}

/** A manifest as {@link definePlugin} makes it, and as a worker takes it. */
export interface Plugin extends PluginManifest {
  /** {@link SDK_CONTRACT_VERSION} of the SDK that made it. */
  readonly sdkContractVersion: number;
  readonly [PLUGIN_BRAND]: true;
}

/** The default export of a plugin module: `export default definePlugin({ name, version, connectors: [...] })`. */
export function definePlugin(manifest: PluginManifest): Plugin {
  return Object.freeze({ ...manifest, sdkContractVersion: SDK_CONTRACT_VERSION, [PLUGIN_BRAND]: true as const });
}

/** True for a manifest made by any copy of the SDK. */
export function isPlugin(value: unknown): value is Plugin {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[PLUGIN_BRAND] === true;
}
