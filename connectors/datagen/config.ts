import { ConfigDef, ConfigValidators, type ParsedConfig } from 'holdfast/sdk';
import { QUICKSTARTS } from './quickstarts.ts';

const names = [...QUICKSTARTS.keys()];

/** The keys of Confluent's DatagenConnector. */
export const DATAGEN_CONFIG = ConfigDef.of({
  'kafka.topic': {
    type: 'STRING',
    validator: ConfigValidators.nonEmpty(),
    importance: 'high',
    documentation: 'Topic to write to.',
  },
  'max.interval': {
    type: 'LONG',
    default: 500,
    importance: 'high',
    documentation:
      'The longest pause between two messages of a task, in ms; pauses are random. Less than 1: as fast as it goes.',
  },
  iterations: {
    type: 'INT',
    default: -1,
    importance: 'high',
    documentation: 'Number of messages to send from each task, or less than 1 for unlimited. The task then stays idle.',
  },
  'schema.string': {
    type: 'STRING',
    default: '',
    importance: 'high',
    documentation: 'The Avro schema to generate for, as JSON. Its types may carry arg.properties.',
  },
  'schema.filename': {
    type: 'STRING',
    default: '',
    importance: 'high',
    documentation: 'File that holds the Avro schema to generate for.',
  },
  'schema.keyfield': {
    type: 'STRING',
    default: '',
    importance: 'high',
    documentation: "Name of the field to use as the message key. By default the quickstart's own, or no key.",
  },
  quickstart: {
    type: 'STRING',
    default: '',
    validator: ConfigValidators.inIgnoreCase('', ...names),
    importance: 'high',
    documentation: `A well-known data set: ${names.join(', ')}. Set exactly one of quickstart, schema.string and schema.filename.`,
  },
  'random.seed': {
    type: 'LONG',
    default: null,
    importance: 'low',
    documentation: 'The same seed gives the same data. By default every connector gets data of its own.',
  },
});

type ParsedOf<D> = D extends ConfigDef<infer K> ? ParsedConfig<K> : never;
export type DatagenConfig = ParsedOf<typeof DATAGEN_CONFIG>;

export const SOURCES = ['quickstart', 'schema.string', 'schema.filename'] as const;
