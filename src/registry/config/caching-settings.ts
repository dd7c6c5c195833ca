/** What is kept of a registry's answers, and for how long it is believed. */
import { ConfigValidators } from '../../sdk/config/index.ts';

export const CACHING_SETTINGS = {
  'schemas.cache.size': {
    type: 'INT',
    default: null,
    validator: ConfigValidators.nullOr(ConfigValidators.range({ min: 0 })),
    importance: 'low',
    documentation: 'How many schemas a converter keeps at hand, one at least; max.schemas.per.subject if not set.',
  },
  'max.schemas.per.subject': {
    type: 'INT',
    default: 1000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    documentation: 'How many schemas a converter keeps at hand.',
  },
  'latest.cache.ttl.sec': {
    type: 'LONG',
    default: 60,
    validator: ConfigValidators.range({ min: -1 }),
    importance: 'low',
    documentation:
      'How long the latest version of a subject is believed without asking again; -1 without limit. While the registry is away, the last known one goes on being used.',
  },
  'latest.cache.size': {
    type: 'INT',
    default: 1000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    documentation:
      'Of how many subjects the worker keeps the latest version, for a second, beside what each converter keeps.',
  },
  'registry.cache.size': {
    type: 'INT',
    default: 10_000,
    validator: ConfigValidators.range({ min: 100 }),
    importance: 'low',
    documentation:
      'How many schemas, and how many answers, the worker keeps of a registry in memory, for all converters together. What the schema store keeps has limits of its own.',
  },
  'registry.second.look.ms': {
    type: 'LONG',
    default: 60_000,
    validator: ConfigValidators.range({ min: 1000 }),
    importance: 'low',
    documentation:
      'How long after its acknowledgement each new schema id is read once more, because a change of primary may be noticed late or never.',
  },
  'registry.refresh.interval.ms': {
    type: 'LONG',
    default: 900_000,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    documentation:
      'How often some of the known schema ids are read again and compared, those first that were read longest ago; 0 for never.',
  },
  'registry.refresh.sample.size': {
    type: 'INT',
    default: 20,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    documentation: 'How many known schema ids are read again each time, and after each change of primary.',
  },
  'registry.revalidate.max.per.second': {
    type: 'INT',
    default: 20,
    validator: ConfigValidators.range({ min: 1, max: 1000 }),
    importance: 'low',
    documentation:
      'How many schema ids per second are read back in the background: suspect ones after a change of primary, those due for a second look, samples.',
  },
} as const;
