import type { ConfigDef } from '../../src/sdk/config/index.ts';
import { parseConfigValue, renderConfigValue } from '../../src/sdk/config/index.ts';
import { PROBES, recorded } from './config-probes.ts';

/** A setting as far as Kafka Connect and ours can be compared. */
export interface DescribedKey {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly default: string | null;
  readonly importance: string;
  /** What is said to those of the probes that are refused. */
  readonly refused: Readonly<Record<string, string>>;
}

type RecordedOf = 'standalone' | 'distributed' | 'source' | 'sink' | 'producer' | 'consumer' | 'admin';

/** What Kafka 4.1.1 says of its settings, by name. */
export function recordedDefinition(of: RecordedOf): DescribedKey[] {
  const refusals = recorded<Record<string, string>>('refusals.jsonl');
  return recorded<DescribedKey & { of: RecordedOf; refusals: number }>('definitions.jsonl')
    .filter((key) => key.of === of)
    .map(({ name, type, required, default: byDefault, importance, refusals: at }) => ({
      ...{ name, type, required, default: byDefault, importance },
      refused: Object.fromEntries(
        Object.entries(refusals[at] ?? {}).map(([probe, message]) => [probe, message.replaceAll('{key}', name)]),
      ),
    }));
}

/** The same of a definition of ours. */
export function describeDefinition(def: ConfigDef, isChosen: (key: string) => boolean = () => true): DescribedKey[] {
  return [...def.keys.values()]
    .filter(({ name }) => isChosen(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((key) => ({
      name: key.name,
      type: key.type,
      required: key.required,
      default: key.required ? null : renderConfigValue(key.defaultValue, key.type),
      importance: key.importance.toUpperCase(),
      refused: Object.fromEntries(
        PROBES.flatMap((probe) => {
          try {
            const value = parseConfigValue(key.name, probe, key.type);
            key.validator?.ensureValid(key.name, value);
            return [];
          } catch (error) {
            return [[probe, (error as Error).message]];
          }
        }),
      ),
    }));
}
