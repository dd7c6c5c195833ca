/** The predicates of org.apache.kafka.connect.transforms.predicates. */
import { JavaPattern } from '../foundation/java-pattern.ts';
import { ConfigDef, ConfigValidators } from '../sdk/config/index.ts';
import type { ConnectRecord } from '../sdk/record/index.ts';
import type { Predicate } from '../sdk/transformation.ts';
import { REGEX_VALIDATOR } from './settings.ts';

const HEADER_CONFIG = ConfigDef.of({
  name: {
    type: 'STRING',
    validator: ConfigValidators.nonEmpty(),
    importance: 'medium',
    documentation: 'The name of the header.',
  },
});

/** True for records with at least one header of a name. */
export class HasHeaderKey implements Predicate {
  private name = '';

  config(): ConfigDef {
    return HEADER_CONFIG;
  }

  configure(config: Readonly<Record<string, string>>): void {
    this.name = HEADER_CONFIG.parse(config).name;
  }

  test(record: ConnectRecord): boolean {
    return record.hasHeaders && record.headers.lastWithName(this.name) !== undefined;
  }
}

const NO_CONFIG = ConfigDef.empty();

/** True for records whose value is null, whatever their schema. */
export class RecordIsTombstone implements Predicate {
  config(): ConfigDef {
    return NO_CONFIG;
  }

  configure(): void {}

  test(record: ConnectRecord): boolean {
    return record.value === null;
  }
}

const TOPIC_CONFIG = ConfigDef.of({
  pattern: {
    type: 'STRING',
    validator: ConfigValidators.composite(ConfigValidators.nonEmpty(), REGEX_VALIDATOR),
    importance: 'medium',
    documentation: "A Java regular expression that the whole name of the record's topic has to match.",
  },
});

/** True for records whose whole topic name matches a pattern. */
export class TopicNameMatches implements Predicate {
  private pattern!: JavaPattern;

  config(): ConfigDef {
    return TOPIC_CONFIG;
  }

  configure(config: Readonly<Record<string, string>>): void {
    this.pattern = new JavaPattern(TOPIC_CONFIG.parse(config).pattern);
  }

  test(record: ConnectRecord): boolean {
    return record.topic !== null && this.pattern.matches(record.topic);
  }
}
