/** The settings of what a connector is configured with whose type is PASSWORD, as their plugins declare them. Invariant 8. */
import type { ConfigDef } from '../../sdk/config/index.ts';
import type { PluginDesc, PluginType } from '../plugins/plugin-desc.ts';
import type { Plugins } from '../plugins/plugins.ts';
import { listOf } from './alias-list.ts';

type Raw = Readonly<Record<string, string>>;

export function passwordKeysOf(plugins: Plugins, config: Raw): Set<string> {
  const keys = new Set<string>();
  const add = (plugin: PluginDesc | undefined, prefix: string): void => {
    for (const key of passwordsOf(plugin)) keys.add(prefix + key);
  };
  const named = (type: PluginType, key: string): PluginDesc | undefined =>
    plugins.find([type], (config[key] ?? '').trim());
  add(named('converter', 'key.converter'), 'key.converter.');
  add(named('converter', 'value.converter'), 'value.converter.');
  add(named('header_converter', 'header.converter'), 'header.converter.');
  for (const alias of listOf(config['transforms'])) {
    add(named('transformation', `transforms.${alias}.type`), `transforms.${alias}.`);
  }
  for (const alias of listOf(config['predicates'])) {
    add(named('predicate', `predicates.${alias}.type`), `predicates.${alias}.`);
  }
  return keys;
}

function passwordsOf(desc: PluginDesc | undefined): string[] {
  if (desc === undefined) return [];
  try {
    const def = (new desc.create() as { config?: () => ConfigDef | null }).config?.();
    return [...(def?.keys.values() ?? [])].filter(({ type }) => type === 'PASSWORD').map(({ name }) => name);
  } catch {
    // Validation is where a plugin that can't be asked is told of.
    return [];
  }
}
