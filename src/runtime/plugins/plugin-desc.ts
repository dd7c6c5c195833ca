/** One class that a plugin offers, and the names by which configurations may call it. Kafka Connect 4.1.1, plugins. */

/** Order and spelling of `/connector-plugins`. */
export const PLUGIN_TYPES = ['sink', 'source', 'transformation', 'predicate', 'converter', 'header_converter'] as const;
/** What the REST API lists, and what it does not. */
export const ALL_PLUGIN_TYPES = [...PLUGIN_TYPES, 'config_provider'] as const;
export type PluginType = (typeof ALL_PLUGIN_TYPES)[number];

export interface PluginDesc {
  readonly type: PluginType;
  /** Fully qualified, as configurations and the REST API show it. */
  readonly className: string;
  /** Further full names. */
  readonly otherNames: readonly string[];
  readonly version: string;
  /** What `import()` takes. */
  readonly module: string;
  /** For people: `built in`, or the folder it was found in. */
  readonly location: string;
  readonly create: new () => unknown;
}

/** What is cut off a simple name to make the short alias: the text from its last occurrence on. */
const SUFFIXES: Readonly<Record<PluginType, string>> = {
  sink: 'Connector',
  source: 'Connector',
  transformation: 'Transformation',
  predicate: 'Predicate',
  converter: 'Converter',
  header_converter: 'HeaderConverter',
  config_provider: 'ConfigProvider',
};

/** `org.x.FileStreamSourceConnector` -> `FileStreamSourceConnector`; a nested `Outer$Value` -> `Value`, as in Java. */
export function simpleName(className: string): string {
  return className.slice(Math.max(className.lastIndexOf('.'), className.lastIndexOf('$')) + 1);
}

/** Full names, simple names and pruned names. Ambiguous ones are dropped by whoever collects them. */
export function namesOf(desc: Pick<PluginDesc, 'type' | 'className' | 'otherNames'>): readonly string[] {
  const names = new Set<string>([desc.className, ...desc.otherNames]);
  for (const full of [desc.className, ...desc.otherNames]) {
    const simple = simpleName(full);
    names.add(simple);
    const cut = simple.lastIndexOf(SUFFIXES[desc.type]);
    if (cut > 0) names.add(simple.slice(0, cut));
  }
  return [...names];
}
