/** The modules of the plugins that come with Holdfast, as `import()` takes them. */
const RELATIVE = [
  '../converters/plugin',
  '../transforms/plugin',
  '../runtime/config/providers/plugin',
  '../recovery/connector/plugin',
  '../../connectors/datagen/index',
  '../../connectors/file/index',
  '../../connectors/verifiable/index',
] as const;

export function builtInPlugins(): readonly string[] {
  // Sources run unbuilt in tests, compiled everywhere else.
  const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return RELATIVE.map((path) => new URL(`${path}${ending}`, import.meta.url).href);
}

/** Under which package a built-in plugin may be named in configurations: that of its export, or Holdfast's own. */
export function packageOfBuiltIn(module: string): string | undefined {
  if (!builtInPlugins().includes(module)) return undefined;
  const connector = /\/connectors\/([^/]+)\/index\.[jt]s$/.exec(module)?.[1];
  return connector === undefined ? 'holdfast' : `holdfast/connectors/${connector}`;
}
