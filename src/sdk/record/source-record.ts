import { brandClass } from '../../foundation/brand.ts';
import { valuesEqual } from '../data/equality.ts';
import { javaText } from '../data/java-text.ts';
import { ConnectRecord, type ConnectRecordChanges, type ConnectRecordParts, changed } from './connect-record.ts';

/** As the contract of tasks has it: flat and JSON-like. */
type OffsetMap = Readonly<Record<string, string | number | bigint | boolean | null>>;

/** What a {@link SourceRecord} is made of. */
export interface SourceRecordParts extends ConnectRecordParts {
  /** Where in the source system it came from, such as `{filename}`; null if nothing is to be remembered. */
  readonly sourcePartition: OffsetMap | null;
  /** How far the source partition was read with this record, such as `{position}`. */
  readonly sourceOffset: OffsetMap | null;
}

/** A record that a source task read. Its `kafkaPartition`, if not null, is where it has to be written. */
export class SourceRecord extends ConnectRecord {
  readonly sourcePartition: OffsetMap | null;
  readonly sourceOffset: OffsetMap | null;

  constructor(parts: SourceRecordParts) {
    super(parts);
    this.sourcePartition = parts.sourcePartition;
    this.sourceOffset = parts.sourceOffset;
  }

  override newRecord(changes: ConnectRecordChanges): this {
    return new SourceRecord({
      sourcePartition: this.sourcePartition,
      sourceOffset: this.sourceOffset,
      topic: changed(changes.topic, this.topic),
      kafkaPartition: changed(changes.kafkaPartition, this.kafkaPartition),
      keySchema: changed(changes.keySchema, this.keySchema),
      key: changed(changes.key, this.key),
      valueSchema: changed(changes.valueSchema, this.valueSchema),
      value: changed(changes.value, this.value),
      timestamp: changed(changes.timestamp, this.timestamp),
      headers: this.headersFor(changes),
    }) as this;
  }

  override toString(): string {
    const partition = javaText(this.sourcePartition);
    return `SourceRecord{sourcePartition=${partition}, sourceOffset=${javaText(this.sourceOffset)}} ${super.toString()}`;
  }

  override equals(other: unknown): boolean {
    return (
      other instanceof SourceRecord &&
      super.equals(other) &&
      valuesEqual(this.sourcePartition, other.sourcePartition) &&
      valuesEqual(this.sourceOffset, other.sourceOffset)
    );
  }

  static {
    brandClass(SourceRecord, Symbol.for('holdfast.data.SourceRecord'));
  }
}
