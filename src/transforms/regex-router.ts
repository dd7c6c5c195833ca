/** org.apache.kafka.connect.transforms.RegexRouter */
import { JavaPattern } from '../foundation/java-pattern.ts';
import { ConfigDef } from '../sdk/config/index.ts';
import { DataError } from '../sdk/errors/index.ts';
import type { ConnectRecord } from '../sdk/record/index.ts';
import type { Transformation } from '../sdk/transformation.ts';
import { REGEX_VALIDATOR } from './settings.ts';

const CONFIG = ConfigDef.of({
  regex: {
    type: 'STRING',
    validator: REGEX_VALIDATOR,
    importance: 'high',
    documentation: 'A Java regular expression that the whole topic name has to match.',
  },
  replacement: {
    type: 'STRING',
    importance: 'high',
    documentation: 'The new topic name; $1 or ${name} stand for what a group matched.',
  },
});

/** Renames topics that match a pattern; others stay. */
export class RegexRouter implements Transformation {
  private pattern!: JavaPattern;
  private replacement = '';
  /** Nearly all records have the topic of the one before. */
  private lastTopic: string | undefined;
  private lastResult = '';

  config(): ConfigDef {
    return CONFIG;
  }

  configure(config: Readonly<Record<string, string>>): void {
    const { regex, replacement } = CONFIG.parse(config);
    this.pattern = new JavaPattern(regex);
    this.replacement = replacement;
    this.lastTopic = undefined;
  }

  apply(record: ConnectRecord): ConnectRecord {
    const { topic } = record;
    if (topic !== this.lastTopic) {
      this.lastResult = this.route(topic);
      this.lastTopic = topic;
    }
    return this.lastResult === topic ? record : record.newRecord({ topic: this.lastResult });
  }

  /** As Java's replaceFirst, which finds anew: it may replace less than the whole name. */
  private route(topic: string): string {
    if (!this.pattern.matches(topic)) return topic;
    try {
      return this.pattern.replaceFirst(topic, this.replacement);
    } catch (error) {
      throw new DataError((error as Error).message, { cause: error });
    }
  }
}
