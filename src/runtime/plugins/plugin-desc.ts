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
  /** Name of the npm package that it is from, and of what that exports: `holdfast/connectors/file`. */
  readonly packageName?: string | undefined;
  /** For people: `built in`, or the folder it was found in. */
  readonly location: string;
  readonly create: new () => unknown;
  /** It came with Holdfast: it does nothing in its constructor and its definition that could hold up a thread. */
  readonly isOurs?: boolean | undefined;
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

/**
 * Full names, simple names and pruned names, and these with the package before them: `holdfast/connectors/file#FileStreamSource`, or the
 * package alone. Ambiguous ones are dropped by whoever collects them.
 */
export function namesOf(
  desc: Pick<PluginDesc, 'type' | 'className' | 'otherNames' | 'packageName'>,
): readonly string[] {
  const names = new Set<string>([desc.className, ...desc.otherNames]);
  const own = new Set<string>();
  for (const full of [desc.className, ...desc.otherNames]) {
    const simple = simpleName(full);
    const cut = simple.lastIndexOf(SUFFIXES[desc.type]);
    own.add(simple);
    if (cut > 0) own.add(simple.slice(0, cut));
    for (const name of own) names.add(name);
    // `Outer$Value`, which no other class of the package is called.
    own.add(full.slice(full.lastIndexOf('.') + 1));
  }
  const { packageName } = desc;
  if (packageName !== undefined)
    for (const name of ['', ...own]) names.add(name === '' ? packageName : `${packageName}#${name}`);
  return [...names];
}
