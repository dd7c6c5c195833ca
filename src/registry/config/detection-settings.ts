/** How the primary of a registry is found out. */
import { ConfigValidators } from '../../sdk/config/index.ts';

export const DETECTION_SETTINGS = {
  'registry.group.id': {
    type: 'STRING',
    default: 'schema-registry',
    validator: ConfigValidators.nonEmpty(),
    importance: 'low',
    documentation:
      'The consumer group in which the nodes of the registry elect their primary (schema.registry.group.id of Confluent, group_id of Karapace).',
  },
} as const;
