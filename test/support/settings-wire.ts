/** The settings of a plugin of ours in the form in which ConnectOracle tells those of a Java class. */
import type { ConfigDef } from '../../src/sdk/config/index.ts';
import type { Wire } from './connect-wire.ts';

export function settingsOf(def: ConfigDef | undefined): Wire {
  return [...(def?.keys.values() ?? [])].map((key) => ({
    name: key.name,
    type: key.type,
    required: key.required,
    default: Array.isArray(key.defaultValue)
      ? key.defaultValue.join(',')
      : key.defaultValue === null
        ? null
        : String(key.defaultValue),
    importance: key.importance.toUpperCase(),
    validator: key.validator === null ? null : String(key.validator),
  }));
}
