/** Settings that every connector has. ConnectorConfig, SourceConnectorConfig and SinkConnectorConfig of Kafka Connect 4.1.1. */
import { NULL_PATTERN } from '../../foundation/java-pattern.ts';
import { ConfigDef, ConfigValidators, invalidValue } from '../../sdk/config/index.ts';
import { ConfigError } from '../../sdk/errors/index.ts';
import { checkRequirement } from './class-names.ts';
import { topicPattern } from './topic-pattern.ts';

const COMMON = 'Common';
const TRANSFORMS = 'Transforms';
const PREDICATES = 'Predicates';
const ERRORS = 'Error Handling';

const uniqueAliases = ConfigValidators.composite(
  ConfigValidators.nonNull(),
  ConfigValidators.listUnique('Duplicate alias provided.'),
);

const validRegex = ConfigValidators.lambda((key, value) => {
  if (value === '') return;
  if (typeof value !== 'string') throw invalidValue(key, value, `Invalid regex: ${NULL_PATTERN}`);
  try {
    topicPattern(value);
  } catch (cause) {
    throw new ConfigError(
      `Invalid value ${value} for configuration ${key}: Invalid regex: ${(cause as Error).message}`,
      { cause },
    );
  }
}, 'valid regex');

const versionRequirement = ConfigValidators.lambda((_key, value) => {
  if (typeof value === 'string') checkRequirement(value);
}, 'a version, a range of versions, or latest');

export const COMMON_CONFIG = ConfigDef.of({
  name: {
    type: 'STRING',
    validator: ConfigValidators.nonEmptyWithoutControlChars(),
    importance: 'high',
    group: COMMON,
    orderInGroup: 1,
    width: 'MEDIUM',
    displayName: 'Connector name',
    documentation: 'Globally unique name to use for this connector.',
  },
  'connector.class': {
    type: 'STRING',
    importance: 'high',
    group: COMMON,
    orderInGroup: 2,
    width: 'LONG',
    displayName: 'Connector class',
    documentation:
      'Name or alias of the class for this connector. Must be a subclass of org.apache.kafka.connect.connector.Connector. If the connector is org.apache.kafka.connect.file.FileStreamSinkConnector, you can either specify this full name,  or use "FileStreamSink" or "FileStreamSinkConnector" to make the configuration a bit shorter',
  },
  'connector.plugin.version': {
    type: 'STRING',
    default: null,
    validator: versionRequirement,
    importance: 'medium',
    group: COMMON,
    orderInGroup: 3,
    width: 'MEDIUM',
    displayName: 'Connector version',
    documentation: 'Version of the connector.',
  },
  'tasks.max': {
    type: 'INT',
    default: 1,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'high',
    group: COMMON,
    orderInGroup: 4,
    width: 'SHORT',
    displayName: 'Tasks max',
    documentation: 'Maximum number of tasks to use for this connector.',
  },
  'tasks.max.enforce': {
    type: 'BOOLEAN',
    default: true,
    importance: 'low',
    group: COMMON,
    orderInGroup: 5,
    width: 'SHORT',
    displayName: 'Enforce tasks max',
    documentation: 'Whether to enforce that the tasks.max property is respected by the connector.',
  },
  'key.converter': {
    type: 'CLASS',
    default: null,
    importance: 'low',
    group: COMMON,
    orderInGroup: 6,
    width: 'SHORT',
    displayName: 'Key converter class',
    documentation: 'Converter of record keys; the one of the worker by default.',
  },
  'key.converter.plugin.version': {
    type: 'STRING',
    default: null,
    validator: versionRequirement,
    importance: 'low',
    group: COMMON,
    orderInGroup: 7,
    width: 'SHORT',
    displayName: 'Key converter version',
    documentation: 'Version of the key converter.',
  },
  'value.converter': {
    type: 'CLASS',
    default: null,
    importance: 'low',
    group: COMMON,
    orderInGroup: 8,
    width: 'SHORT',
    displayName: 'Value converter class',
    documentation: 'Converter of record values; the one of the worker by default.',
  },
  'value.converter.plugin.version': {
    type: 'STRING',
    default: null,
    validator: versionRequirement,
    importance: 'low',
    group: COMMON,
    orderInGroup: 9,
    width: 'SHORT',
    displayName: 'Value converter version',
    documentation: 'Version of the value converter.',
  },
  'header.converter': {
    type: 'CLASS',
    default: null,
    importance: 'low',
    group: COMMON,
    orderInGroup: 10,
    width: 'SHORT',
    displayName: 'Header converter class',
    documentation: 'Converter of record headers; the one of the worker by default.',
  },
  'header.converter.plugin.version': {
    type: 'STRING',
    default: null,
    validator: versionRequirement,
    importance: 'low',
    group: COMMON,
    orderInGroup: 11,
    width: 'SHORT',
    displayName: 'Header converter version',
    documentation: 'Version of the header converter.',
  },
  transforms: {
    type: 'LIST',
    default: [],
    validator: uniqueAliases,
    importance: 'low',
    group: TRANSFORMS,
    orderInGroup: 12,
    width: 'LONG',
    displayName: 'Transforms',
    documentation: 'Aliases for the transformations to be applied to records.',
  },
  predicates: {
    type: 'LIST',
    default: [],
    validator: uniqueAliases,
    importance: 'low',
    group: PREDICATES,
    orderInGroup: 13,
    width: 'LONG',
    displayName: 'Predicates',
    documentation: 'Aliases for the predicates used by transformations.',
  },
  'config.action.reload': {
    type: 'STRING',
    default: 'restart',
    validator: ConfigValidators.in('none', 'restart'),
    importance: 'low',
    group: COMMON,
    orderInGroup: 14,
    width: 'MEDIUM',
    displayName: 'Reload Action',
    documentation:
      "The action that Connect should take on the connector when changes in external configuration providers result in a change in the connector's configuration properties.",
  },
  'errors.retry.timeout': {
    type: 'LONG',
    default: 0,
    importance: 'medium',
    group: ERRORS,
    orderInGroup: 1,
    width: 'MEDIUM',
    displayName: 'Retry Timeout for Errors',
    documentation:
      'The maximum duration in milliseconds that a failed operation will be reattempted. The default is 0, which means no retries will be attempted. Use -1 for infinite retries.',
  },
  'errors.retry.delay.max.ms': {
    type: 'LONG',
    default: 60_000,
    importance: 'medium',
    group: ERRORS,
    orderInGroup: 2,
    width: 'MEDIUM',
    displayName: 'Maximum Delay Between Retries for Errors',
    documentation:
      'The maximum duration in milliseconds between consecutive retry attempts. Jitter will be added to the delay once this limit is reached to prevent thundering herd issues.',
  },
  'errors.tolerance': {
    type: 'STRING',
    default: 'none',
    validator: ConfigValidators.in('none', 'all'),
    importance: 'medium',
    group: ERRORS,
    orderInGroup: 3,
    width: 'SHORT',
    displayName: 'Error Tolerance',
    documentation:
      "Behavior for tolerating errors during connector operation. 'none' is the default value and signals that any error will result in an immediate connector task failure; 'all' changes the behavior to skip over problematic records.",
  },
  'errors.log.enable': {
    type: 'BOOLEAN',
    default: false,
    importance: 'medium',
    group: ERRORS,
    orderInGroup: 4,
    width: 'SHORT',
    displayName: 'Log Errors',
    documentation:
      "If true, write each error and the details of the failed operation and problematic record to the Connect application log. This is 'false' by default, so that only errors that are not tolerated are reported.",
  },
  'errors.log.include.messages': {
    type: 'BOOLEAN',
    default: false,
    importance: 'medium',
    group: ERRORS,
    orderInGroup: 5,
    width: 'SHORT',
    displayName: 'Log Error Details',
    documentation: 'Whether to include in the log the Connect record that resulted in a failure.',
  },
});

export const SOURCE_CONNECTOR_CONFIG = COMMON_CONFIG.extend(
  ConfigDef.of({
    'topic.creation.groups': {
      type: 'LIST',
      default: [],
      validator: uniqueAliases,
      importance: 'low',
      group: 'Topic Creation',
      orderInGroup: 1,
      width: 'LONG',
      displayName: 'Topic Creation Groups',
      documentation: 'Groups of configurations for topics created by source connectors',
    },
    'exactly.once.support': {
      type: 'STRING',
      default: 'requested',
      validator: ConfigValidators.inIgnoreCase('REQUIRED', 'REQUESTED'),
      importance: 'medium',
      group: 'Exactly Once Support',
      orderInGroup: 2,
      width: 'SHORT',
      displayName: 'Exactly once support',
      documentation:
        'Permitted values are requested, required. If set to "required", forces a preflight check for the connector to ensure that it can provide exactly-once semantics with the given configuration.',
    },
    'transaction.boundary': {
      type: 'STRING',
      default: 'poll',
      validator: ConfigValidators.inIgnoreCase('INTERVAL', 'POLL', 'CONNECTOR'),
      importance: 'medium',
      group: 'Exactly Once Support',
      orderInGroup: 3,
      width: 'SHORT',
      displayName: 'Transaction Boundary',
      documentation: 'Where transactions of exactly-once sources begin and end.',
    },
    'transaction.boundary.interval.ms': {
      type: 'LONG',
      default: null,
      validator: ConfigValidators.nullOr(ConfigValidators.range({ min: 0 })),
      importance: 'low',
      group: 'Exactly Once Support',
      orderInGroup: 4,
      width: 'SHORT',
      displayName: 'Transaction boundary interval',
      documentation: 'If transaction.boundary is interval, how often transactions are committed, in ms.',
    },
    'offsets.storage.topic': {
      type: 'STRING',
      default: null,
      validator: ConfigValidators.nullOr(ConfigValidators.nonEmpty()),
      importance: 'low',
      group: 'offsets.topic',
      orderInGroup: 1,
      width: 'LONG',
      displayName: 'Offsets topic',
      documentation: 'A separate offsets topic for this connector.',
    },
  }),
);

export const SINK_CONNECTOR_CONFIG = COMMON_CONFIG.extend(
  ConfigDef.of({
    topics: {
      type: 'LIST',
      default: [],
      importance: 'high',
      group: COMMON,
      orderInGroup: 4,
      width: 'LONG',
      displayName: 'Topics',
      documentation: 'List of topics to consume, separated by commas',
    },
    'topics.regex': {
      type: 'STRING',
      default: '',
      validator: validRegex,
      importance: 'high',
      group: COMMON,
      orderInGroup: 4,
      width: 'LONG',
      displayName: 'Topics regex',
      documentation:
        'Regular expression giving topics to consume. Only one of topics or topics.regex should be specified.',
    },
    'errors.deadletterqueue.topic.name': {
      type: 'STRING',
      default: '',
      importance: 'medium',
      group: ERRORS,
      orderInGroup: 6,
      width: 'MEDIUM',
      displayName: 'Dead Letter Queue Topic Name',
      documentation:
        'The name of the topic to be used as the dead letter queue (DLQ) for messages that result in an error when processed by this sink connector, or its transformations or converters. The topic name is blank by default, which means that no messages are to be recorded in the DLQ.',
    },
    'errors.deadletterqueue.topic.replication.factor': {
      type: 'SHORT',
      default: 3,
      importance: 'medium',
      group: ERRORS,
      orderInGroup: 7,
      width: 'MEDIUM',
      displayName: 'Dead Letter Queue Topic Replication Factor',
      documentation: "Replication factor used to create the dead letter queue topic when it doesn't already exist.",
    },
    'errors.deadletterqueue.context.headers.enable': {
      type: 'BOOLEAN',
      default: false,
      importance: 'medium',
      group: ERRORS,
      orderInGroup: 8,
      width: 'MEDIUM',
      displayName: 'Enable Error Context Headers',
      documentation: 'If true, add headers containing error context to the messages written to the dead letter queue.',
    },
  }),
);
