/** The keys of a connector's configuration that its plugins (connector, converters, transformations…) declare as PASSWORD. Invariant 8. */
import type { ClassNames } from './class-names.ts';
import { namedPlugins } from './named-plugins.ts';
import type { PluginDefinitions } from './plugin-definitions.ts';

export function passwordKeysOf(
  config: Readonly<Record<string, string>>,
  { classes, definitions }: { readonly classes: ClassNames; readonly definitions: PluginDefinitions },
): Set<string> {
  const keys = new Set<string>();
  for (const { setting, type, className, requirement } of namedPlugins(config)) {
    // A plugin that is not there, or can't be asked, is reported by validation.
    const desc = classes.find(type, className, requirement);
    const def = desc === undefined ? null : definitions.of(setting, desc).def;
    for (const [name, key] of def?.keys ?? []) if (key.type === 'PASSWORD') keys.add(`${setting}.${name}`);
  }
  return keys;
}
