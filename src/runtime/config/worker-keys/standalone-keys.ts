/** Comforts of a standalone worker. */
import { ConfigValidators } from '../../../sdk/config/index.ts';

const HOLDFAST = 'Holdfast';

export const STANDALONE_KEYS = {
  'status.parked.enable': {
    type: 'BOOLEAN',
    default: true,
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'Whether the status of a task has fields that Kafka Connect does not know: parked, what it waits for, and stuck, which method of its plugin does not return. Turn it off for clients that refuse unknown fields.',
  },
  'config.storage.dir': {
    type: 'STRING',
    default: null,
    validator: ConfigValidators.nonEmpty(),
    importance: 'medium',
    group: HOLDFAST,
    documentation:
      'Folder that keeps connectors, their configurations and target states over a restart: those of the REST API, and what it did to those of connector files. It is created, for its owner only, as configurations hold passwords. Without it connectors live as long as the worker.',
  },
  'connector.files.dir': {
    type: 'STRING',
    default: null,
    importance: 'low',
    group: HOLDFAST,
    documentation:
      'Folder whose .properties and .json files are started as connectors, in the order of their names, after those of the command line.',
  },
  'log.level': {
    type: 'STRING',
    default: 'info',
    validator: ConfigValidators.inIgnoreCase('trace', 'debug', 'info', 'warn', 'error', 'fatal'),
    importance: 'low',
    group: HOLDFAST,
    documentation: 'The least level that is logged.',
  },
  'embedded.num.partitions': {
    type: 'INT',
    default: 1,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    group: HOLDFAST,
    documentation: 'Partitions of topics that the embedded broker creates by itself.',
  },
} as const;
