/** How the primary of a registry is found out. */
import { ConfigValidators } from '../../sdk/config/index.ts';

export const DETECTION_SETTINGS = {
  'registry.detection': {
    type: 'STRING',
    default: 'auto',
    validator: ConfigValidators.in('auto', 'group', 'health', 'inference', 'off'),
    importance: 'medium',
    documentation:
      "How the primary of the registry is found out. auto: by the registry's group in Kafka, otherwise by its nodes' health resources, otherwise by what requests do. group, health and inference leave out the other ways; off looks for no primary and notices no change.",
  },
  'registry.group.id': {
    type: 'STRING',
    default: null,
    validator: ConfigValidators.nonEmpty(),
    importance: 'medium',
    documentation:
      "The group in the worker's Kafka in which the nodes of the registry elect their primary (schema.registry.group.id of Confluent, group_id of Karapace); unless set, the one that the nodes name, or schema-registry. The worker's user needs DESCRIBE on it.",
  },
  'registry.vendor': {
    type: 'STRING',
    default: 'auto',
    validator: ConfigValidators.in('auto', 'confluent', 'karapace', 'apicurio', 'redpanda', 'other'),
    importance: 'low',
    documentation:
      'Whose registry it is. auto: by what its nodes answer. Apicurio and Redpanda have no primary, and only Karapace has health resources.',
  },
  'registry.poll.interval.ms': {
    type: 'INT',
    default: 1500,
    validator: ConfigValidators.range({ min: 100 }),
    importance: 'low',
    documentation: "How often the group and the nodes' health resources are looked at while all is well.",
  },
  'registry.poll.outage.interval.ms': {
    type: 'INT',
    default: 250,
    validator: ConfigValidators.range({ min: 50 }),
    importance: 'low',
    documentation: 'How often they are looked at during an outage or a change of primary.',
  },
  'registry.detection.retry.ms': {
    type: 'INT',
    default: 60_000,
    validator: ConfigValidators.range({ min: 1000 }),
    importance: 'low',
    documentation:
      'How often a way of detection is tried again that is not to be had: no permission to describe the group, no such group, no health resource.',
  },
  'registry.health.timeout.ms': {
    type: 'INT',
    default: 2000,
    validator: ConfigValidators.range({ min: 50 }),
    importance: 'low',
    documentation:
      'How long a health resource or a description of the group may take. Karapace answers nothing there while its broker is away.',
  },
  'registry.suspect.window.ms': {
    type: 'LONG',
    default: 30_000,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'low',
    documentation:
      'Schema ids acknowledged less than this before the primary was last known to be good, and until the next one is usable, are read back before further records carry them. A group takes up to its session timeout (10 s) to notice that a primary is gone.',
  },
} as const;
