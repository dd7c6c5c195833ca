import { ConfigDef, ConfigValidators } from 'holdfast/sdk';

const TOPIC = {
  type: 'STRING',
  validator: ConfigValidators.nonEmpty(),
  importance: 'high',
  documentation: 'Topic to write to.',
} as const;

const THROUGHPUT = {
  type: 'LONG',
  default: -1,
  importance: 'medium',
  documentation: 'Records per second of a task; less than 1: as fast as it goes.',
} as const;

export const VERIFIABLE_SOURCE_CONFIG = ConfigDef.of({
  topic: TOPIC,
  throughput: THROUGHPUT,
  'complete.record.data': {
    type: 'BOOLEAN',
    default: false,
    importance: 'low',
    documentation: 'Whether values are Structs of all that is printed, instead of the sequence number alone.',
  },
});

export const SCHEMA_SOURCE_CONFIG = ConfigDef.of({
  topic: TOPIC,
  throughput: THROUGHPUT,
  'num.messages': {
    type: 'LONG',
    default: -1,
    importance: 'medium',
    documentation: 'Records of a task, after which it stays idle; less than 0: without end.',
  },
  'multiple.schema': {
    type: 'BOOLEAN',
    default: false,
    importance: 'medium',
    documentation: 'Whether every other record has the second version of the schema.',
  },
  'partition.count': {
    type: 'INT',
    default: 1,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'medium',
    documentation: 'The field partitioning of the values goes round from 0 to this.',
  },
});

export const MOCK_CONFIG = ConfigDef.of({
  mock_mode: {
    type: 'STRING',
    default: '',
    validator: ConfigValidators.in('', 'connector-failure', 'task-failure'),
    importance: 'high',
    documentation: 'What fails: connector-failure, task-failure, or nothing.',
  },
  delay_ms: {
    type: 'LONG',
    default: 15_000,
    validator: ConfigValidators.range({ min: 0 }),
    importance: 'medium',
    documentation: 'How long after its start it fails, in ms.',
  },
});
