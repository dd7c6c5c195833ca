/** What is kept of a registry's answers, and for how long it is believed. */
import { ConfigValidators } from '../../sdk/config/index.ts';

export const CACHING_SETTINGS = {
  'schemas.cache.size': {
    type: 'INT',
    default: null,
    importance: 'low',
    documentation: 'How many schemas a converter keeps at hand; max.schemas.per.subject if not set.',
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
} as const;
