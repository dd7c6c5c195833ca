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
  'registry.barrier.timeout.ms': {
    type: 'LONG',
    default: 2000,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    documentation:
      'How long a new schema id is read back at a stretch until registry.barrier is met. What happens then, registry.barrier.timeout.action says.',
  },
  'registry.barrier.timeout.action': {
    type: 'STRING',
    default: 'wait',
    validator: ConfigValidators.in('wait', 'continue'),
    importance: 'medium',
    documentation:
      'What happens to records with a new schema id when registry.barrier is not met in time: they wait, at a gate of their own, until it is (wait), or they are written all the same, which is logged (continue). Other content under the id stops them in either case.',
  },
  'registry.barrier.hits': {
    type: 'INT',
    default: 5,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    documentation:
      'With one URL, behind which several nodes may stand: so many reads in a row, each on a connection of its own, must find a new schema id. That makes it probable, not certain, that every node knows it: list all nodes in schema.registry.url to be certain.',
  },
} as const;
