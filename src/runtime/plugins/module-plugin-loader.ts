/** Loads classes of plugins by module specifier, in whatever thread it is. */
import { ConfigError } from '../../sdk/errors/kinds.ts';
import type { LoadedPluginKind, PluginLoader } from '../host/plugin-loader.ts';
import type { PluginRef } from '../host/protocol.ts';
import type { PluginType } from './plugin-desc.ts';
import { descsOf, importPlugin, PLUGIN_NOT_FOUND } from './plugins.ts';

const TYPES: Readonly<Record<LoadedPluginKind, readonly PluginType[]>> = {
  connector: ['source', 'sink'],
  converter: ['converter'],
  'header converter': ['header_converter'],
  transformation: ['transformation'],
  predicate: ['predicate'],
};

export class ModulePluginLoader implements PluginLoader {
  async load(ref: PluginRef, kind: LoadedPluginKind): Promise<new () => unknown> {
    const plugin = await importPlugin(ref.module);
    const desc = descsOf(plugin, { module: ref.module, location: ref.module }).find(
      ({ className, type }) => className === ref.className && TYPES[kind].includes(type),
    );
    if (desc !== undefined) return desc.create;
    throw new ConfigError(`The plugin ${plugin.name} offers no ${kind} ${ref.className}.`, { code: PLUGIN_NOT_FOUND });
  }
}
