import { ConfigDef, ConfigValidators } from 'holdfast/sdk';

const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** Kafka Connect 4.1.1's keys of FileStreamSourceConnector, and `max.line.bytes`. */
export const FILE_STREAM_SOURCE_CONFIG = ConfigDef.of({
  file: {
    type: 'STRING',
    default: null,
    importance: 'high',
    documentation: 'Source filename. If not specified, the standard input will be used',
  },
  topic: {
    type: 'STRING',
    validator: ConfigValidators.nonEmpty(),
    importance: 'high',
    documentation: 'The topic to publish data to',
  },
  'batch.size': {
    type: 'INT',
    default: 2000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    documentation: 'The maximum number of records the source task can read from the file each time it is polled',
  },
  'max.line.bytes': {
    type: 'INT',
    default: MAX_LINE_BYTES,
    // Beyond half a gibibyte a line can't become a JavaScript string.
    validator: ConfigValidators.range({ min: 1, max: 500_000_000 }),
    importance: 'low',
    documentation:
      'The longest line that is read, in bytes. A longer one fails the task instead of filling the memory. Kafka Connect has no such limit.',
  },
});

/** Kafka Connect 4.1.1's key of FileStreamSinkConnector. */
export const FILE_STREAM_SINK_CONFIG = ConfigDef.of({
  file: {
    type: 'STRING',
    default: null,
    importance: 'high',
    documentation: 'Destination filename. If not specified, the standard output will be used',
  },
});

/** The file that a configuration names; null for the standard streams. An empty name is none, as with Kafka Connect. */
export function fileOf(config: { readonly file: string | null }): string | null {
  return config.file === null || config.file === '' ? null : config.file;
}
