/** What has to be true before a record carries a schema id that was just given out. */
import { ConfigValidators } from '../../sdk/config/index.ts';

export const WRITING_SETTINGS = {
  'registry.barrier': {
    type: 'STRING',
    default: 'all',
    validator: ConfigValidators.in('off', 'primary', 'all'),
    importance: 'medium',
    documentation:
      'Which nodes must answer for a new schema id, with equal content, before a record carries it: every node that is ready (all), the one that writes (primary), or none (off).',
  },
} as const;
