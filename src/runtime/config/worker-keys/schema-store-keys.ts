/** Where schemas are kept that were learned, and how many. */
import { ConfigValidators } from '../../../sdk/config/index.ts';
import { ConfigError } from '../../../sdk/errors/index.ts';

const HOLDFAST = 'Holdfast';

export const SCHEMA_STORE_KEYS = {
  'schema.store.dir': {
    type: 'STRING',
    default: null,
    importance: 'medium',
    group: HOLDFAST,
    documentation:
      'Folder of the durable schema store, from which a worker decodes and encodes what it knew while the whole registry is down; by default the folder schema-store beside the offset file. Not together with schema.store.topic.',
  },
  'schema.store.topic': {
    type: 'STRING',
    default: null,
    validator: ConfigValidators.nonEmpty(),
    importance: 'medium',
    group: HOLDFAST,
    documentation:
      'Keeps the schema store in this topic instead of a folder, for workers that lose their disk. It needs one partition and cleanup.policy=compact, and is created so when it is missing. Several workers may share it.',
  },
  'schema.store.replication.factor': {
    type: 'SHORT',
    default: -1,
    validator: ConfigValidators.lambda((key, value) => {
      if (typeof value === 'number' && value !== -1 && value < 1) {
        throw new ConfigError(
          `Invalid value ${value} for configuration ${key}: it must be positive, or -1 for the broker's default.`,
        );
      }
    }, "positive, or -1 for the broker's default"),
    importance: 'low',
    group: HOLDFAST,
    documentation: "Replicas of schema.store.topic when it is created; -1 for the broker's default.",
  },
  'schema.store.load.timeout.ms': {
    type: 'LONG',
    default: 10_000,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'How long converters wait for schema.store.topic to be read after a start, in ms while the broker is there. After that they go on, and the store fills meanwhile.',
  },
  'schema.store.max.entries': {
    type: 'INT',
    default: 200_000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'How many schemas, proofs and versions the schema store keeps. Those written or used longest ago make room. Workers that share a topic need the same limits.',
  },
  'schema.store.max.bytes': {
    type: 'LONG',
    default: 64 * 1024 * 1024,
    validator: ConfigValidators.range({ min: 1024 * 1024 }),
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'How many bytes of them the schema store keeps, as for schema.store.max.entries. The file may take some four times as much until it is rewritten.',
  },
} as const;
