/** The modules of the plugins that come with Holdfast, as `import()` takes them. */
const RELATIVE = [
  '../converters/plugin',
  '../transforms/plugin',
  '../runtime/config/providers/plugin',
  '../../connectors/datagen/index',
  '../../connectors/file/index',
  '../../connectors/verifiable/index',
] as const;

export function builtInPlugins(): readonly string[] {
  // Sources run unbuilt in tests, compiled everywhere else.
  const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return RELATIVE.map((path) => new URL(`${path}${ending}`, import.meta.url).href);
}
