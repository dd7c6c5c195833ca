/** org.apache.kafka.connect.transforms.TimestampRouter */
import { JavaDateFormat } from '../foundation/java-date-format.ts';
import { ConfigDef } from '../sdk/config/index.ts';
import { ConfigError, DataError } from '../sdk/errors/index.ts';
import type { ConnectRecord } from '../sdk/record/index.ts';
import type { Transformation } from '../sdk/transformation.ts';

const CONFIG = ConfigDef.of({
  'topic.format': {
    type: 'STRING',
    default: '${topic}-${timestamp}',
    importance: 'high',
    documentation:
      'The new topic name, in which ${topic} stands for the old one and ${timestamp} for the timestamp of the record.',
  },
  'timestamp.format': {
    type: 'STRING',
    default: 'yyyyMMdd',
    importance: 'high',
    documentation: 'How the timestamp is written, in UTC: a pattern of java.text.SimpleDateFormat.',
  },
});

/** Puts the timestamp of the record into its topic. */
export class TimestampRouter implements Transformation {
  private topicFormat = '';
  private format!: JavaDateFormat;

  config(): ConfigDef {
    return CONFIG;
  }

  configure(config: Readonly<Record<string, string>>): void {
    const values = CONFIG.parse(config);
    this.topicFormat = values['topic.format'];
    try {
      this.format = new JavaDateFormat(values['timestamp.format']);
    } catch (error) {
      throw new ConfigError((error as Error).message, { cause: error });
    }
  }

  apply(record: ConnectRecord): ConnectRecord {
    if (record.timestamp === null) throw new DataError(`Timestamp missing on record: ${String(record)}`);
    const timestamp = this.format.format(record.timestamp);
    const topic = this.topicFormat
      .replaceAll('${topic}', () => record.topic)
      .replaceAll('${timestamp}', () => timestamp);
    return record.newRecord({ topic });
  }
}
