import { brandClass } from '../../foundation/brand.ts';
import { valuesEqual } from '../data/equality.ts';
import { ConnectHeaders } from '../data/headers.ts';
import { javaText } from '../data/java-text.ts';
import { type Schema, schemasEqual } from '../data/schema.ts';

/** What source and sink records have in common. Absent means null. */
export interface ConnectRecordParts {
  readonly topic: string;
  readonly kafkaPartition?: number | null;
  readonly keySchema?: Schema | null;
  readonly key?: unknown;
  readonly valueSchema?: Schema | null;
  readonly value?: unknown;
  /** Milliseconds since the epoch. */
  readonly timestamp?: number | null;
  /** Taken over, not copied. */
  readonly headers?: ConnectHeaders | null;
}

/** What `newRecord` changes; what is absent stays. */
export type ConnectRecordChanges = Partial<ConnectRecordParts>;

/**
 * A record on its way through the worker. Treat it as immutable (headers aside, until it is handed on): a transformation makes another one
 * with `newRecord`.
 *
 * Offsets and timestamps are numbers, exact up to 2^53 - 1: at a million records per second a partition takes 285 years to get there.
 */
export abstract class ConnectRecord {
  readonly topic: string;
  readonly kafkaPartition: number | null;
  readonly keySchema: Schema | null;
  readonly key: unknown;
  readonly valueSchema: Schema | null;
  readonly value: unknown;
  /** Milliseconds since the epoch, or null. */
  readonly timestamp: number | null;
  private ownHeaders: ConnectHeaders | null;

  constructor(parts: ConnectRecordParts) {
    this.topic = parts.topic;
    this.kafkaPartition = parts.kafkaPartition ?? null;
    this.keySchema = parts.keySchema ?? null;
    this.key = parts.key ?? null;
    this.valueSchema = parts.valueSchema ?? null;
    this.value = parts.value ?? null;
    this.timestamp = parts.timestamp ?? null;
    this.ownHeaders = parts.headers ?? null;
  }

  /** The record's headers; made when first asked for. */
  get headers(): ConnectHeaders {
    this.ownHeaders ??= new ConnectHeaders();
    return this.ownHeaders;
  }

  /** True if there is at least one header; cheaper than asking `headers`. */
  get hasHeaders(): boolean {
    return this.ownHeaders !== null && !this.ownHeaders.isEmpty;
  }

  /**
   * A record with some parts changed. Keeps where the record came from: the source partition and offset, or the original coordinates.
   * Headers that are not given are duplicated, so that the two records' headers change independently.
   */
  abstract newRecord(changes: ConnectRecordChanges): this;

  /** The headers for a changed record. */
  protected headersFor(changes: ConnectRecordChanges): ConnectHeaders | null {
    if (changes.headers !== undefined) return changes.headers;
    return this.hasHeaders ? this.headers.duplicate() : null;
  }

  /** As Kafka Connect's log lines show it, values included. */
  toString(): string {
    const key = javaText(this.key, this.keySchema);
    const value = javaText(this.value, this.valueSchema);
    const headers = this.hasHeaders ? this.headers.toString() : 'ConnectHeaders(headers=)';
    return (
      `ConnectRecord{topic='${this.topic}', kafkaPartition=${this.kafkaPartition}, key=${key}, ` +
      `keySchema=${String(this.keySchema)}, value=${value}, valueSchema=${String(this.valueSchema)}, ` +
      `timestamp=${this.timestamp}, headers=${headers}}`
    );
  }

  /** True for a record of equal parts. */
  equals(other: unknown): boolean {
    if (this === other) return true;
    if (!(other instanceof ConnectRecord)) return false;
    return (
      this.topic === other.topic &&
      this.kafkaPartition === other.kafkaPartition &&
      this.timestamp === other.timestamp &&
      schemasEqual(this.keySchema, other.keySchema) &&
      schemasEqual(this.valueSchema, other.valueSchema) &&
      valuesEqual(this.key, other.key) &&
      valuesEqual(this.value, other.value) &&
      this.headers.equals(other.headers)
    );
  }

  static {
    brandClass(ConnectRecord, Symbol.for('holdfast.data.ConnectRecord'));
  }
}

/** The changed part if it is given, else the present one. Null is a value to change to. */
export function changed<T>(change: T | undefined, present: T): T {
  return change === undefined ? present : change;
}
