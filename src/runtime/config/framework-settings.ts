/** What every transformation and predicate has beside its own settings, below the same prefix. Kafka Connect 4.1.1 (KIP-585, KIP-891). */
import { ConfigDef } from '../../sdk/config/index.ts';
import type { RawConnectorConfig } from '../herder/herder.ts';
import type { ClassNames, NamedType } from './class-names.ts';

/** What every transformation has. */
export const STAGE = ConfigDef.of({
  predicate: {
    type: 'STRING',
    default: null,
    importance: 'medium',
    documentation: 'The alias of a predicate that says to which records this transformation is applied.',
  },
  negate: {
    type: 'BOOLEAN',
    default: false,
    importance: 'medium',
    documentation: 'Whether the transformation is applied to the records that the predicate does not match.',
  },
});

/**
 * Their values by the names that a recommender of the plugin's own settings sees them under. A text that is not right gives null, as it does
 * where all are validated together.
 * @param setting `transforms.a`, `predicates.a`
 */
export function frameworkValues(
  type: NamedType,
  setting: string,
  { classes, config }: { readonly classes: ClassNames; readonly config: RawConnectorConfig },
): Readonly<Record<string, unknown>> {
  const plain = { importance: 'high', documentation: '' } as const;
  const typeKey = `${setting}.type`;
  const classAndVersion = ConfigDef.of({
    type: { type: 'CLASS', default: null, ...plain },
    'plugin.version': { type: 'STRING', default: classes.find(type, config[typeKey])?.version ?? null, ...plain },
  }) as ConfigDef;
  const def = type === 'transformation' ? classAndVersion.extend(STAGE as ConfigDef) : classAndVersion;
  const prefix = `${setting}.`;
  const values = (ConfigDef.empty().embed(def, { prefix }) as ConfigDef).validate(config, (key, text) =>
    classes.classOf(type, key, text),
  );
  return Object.fromEntries(values.map(({ name, value }) => [name.slice(prefix.length), value]));
}
