/** How a task host gets at classes of plugins. */
import type { PluginRef } from './protocol.ts';

export type LoadedPluginKind = 'connector' | 'converter' | 'header converter' | 'transformation' | 'predicate';

export interface PluginLoader {
  /** Imports the module and looks the class up in its manifest. Rejects with ConfigError when it isn't there. */
  load(ref: PluginRef, kind: LoadedPluginKind): Promise<new () => unknown>;
}
