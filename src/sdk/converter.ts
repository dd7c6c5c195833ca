/** Bytes <-> Connect data. Kafka Connect's Converter and HeaderConverter, plus the asynchronous `prepare` of ours. */
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { ConfigDef } from './config/config-def.ts';
import type { ConnectHeaders } from './data/headers.ts';
import type { Schema } from './data/schema.ts';
import type { SchemaAndValue } from './data/schema-and-value.ts';
import type { DependencyGates } from './dependency-gate.ts';
import type { ConnectError } from './errors/connect-error.ts';
import type { ConfigProblem } from './errors/kinds.ts';
import type { PluginMetrics } from './plugin-metrics.ts';
import type { ConnectRecord } from './record/connect-record.ts';
import type { RecordRange } from './record/record-ranges.ts';
import type { SchemaView } from './schema-view.ts';

/** What a converter or header converter is handed by the worker that runs it. */
export interface ConverterContext {
  /** Kafka Connect's `converter.type`. */
  readonly converterType: 'key' | 'value' | 'header';
  readonly logger: Logger;
  /** To measure and wait by, in place of the machine's own. */
  readonly clock: Clock;
  /** Where what a converter depends on is waited for: an EnvironmentError names one by its id. */
  readonly gates: DependencyGates;
  /**
   * A view on the registry that these converter settings name (`schema.registry.url`, credentials, timeouts: prefix
   * already stripped). Throws ConfigError for settings that name none.
   */
  schemaView(config: Readonly<Record<string, string>>): SchemaView;
  /** Metrics of the converter's own (KIP-877). A test context may have none. */
  readonly pluginMetrics?: PluginMetrics;
}

/** A header as fetched, before conversion. */
export interface RawHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** A record as fetched, before conversion. Bytes are views into a fetch buffer. */
export interface RawRecord {
  readonly topic: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** Absent: none, or not known. */
  readonly headers?: readonly RawHeader[];
}

/**
 * Guarantees of the runtime: `configure` once, before anything else; the synchronous methods only after a `prepare` of
 * the batch they belong to, when the converter has one; one call at a time.
 *
 * Duties: an environment failure is thrown as EnvironmentError (with the gate's id), bad data as DataError, a wrong
 * setting as ConfigError. Returned bytes are the caller's to keep.
 */
export interface Converter {
  /** @param config the converter's own settings, prefix stripped. Throws ConfigError naming every mistake. */
  configure(config: Readonly<Record<string, string>>, context: ConverterContext): void;
  /** Its settings, which connector configurations are checked against before it is configured. */
  config?(): ConfigDef;
  /**
   * What is wrong among settings that {@link config} has nothing against one by one, under the keys without prefix. Asked of an instance
   * that is not configured, before a connector is created; `config` has the worker's defaults, and no setting that is wrong by itself.
   */
  checkSettings?(
    config: Readonly<Record<string, string>>,
    converterType: 'key' | 'value' | 'header',
  ): readonly ConfigProblem[];
  /**
   * Gets what the synchronous call will need for these records (key or value, by its converterType). Keeps failures per
   * schema: the synchronous call throws them for the records concerned. Returns undefined when nothing is lacking.
   */
  prepareFromConnectData?(records: readonly ConnectRecord[], signal: AbortSignal): Promise<void> | undefined;
  /** As {@link prepareFromConnectData}, for records that were fetched. */
  prepareToConnectData?(records: readonly RawRecord[], signal: AbortSignal): Promise<void> | undefined;
  /** null bytes: a tombstone. */
  fromConnectData(topic: string, schema: Schema | null, value: unknown, headers?: ConnectHeaders): Uint8Array | null;
  /** `headers`: those of the record as fetched; absent: none. */
  toConnectData(topic: string, bytes: Uint8Array | null, headers?: readonly RawHeader[]): SchemaAndValue;
  /**
   * True while the converter wants to be told by {@link written} what became of its bytes, because something they were made with has
   * still to be confirmed. Asked once per acknowledged batch; false nearly always.
   */
  tracksWritten?(): boolean;
  /**
   * The broker acknowledged these records: `partitions` and `offsets` are parallel to them, an offset of -1 is one that was not written.
   * Key and value converter are each told, and look at their own part.
   */
  written?(records: readonly RawRecord[], partitions: ArrayLike<number>, offsets: ArrayLike<number>): void;
  /** Which of the records that were written an integrity error is about; empty for errors that are not the converter's. */
  writtenWith?(error: ConnectError): readonly RecordRange[];
  /** An operator had the record skipped whose conversion waited with this error: what only that record needed is needed no more. */
  skipped?(error: ConnectError): void;
  /** The task that it converts for has ended. */
  close?(): void;
}

/** Converts header by header, synchronously. Throws as a {@link Converter} does. */
export interface HeaderConverter {
  /** Once, before anything else, with settings whose prefix is stripped. */
  configure(config: Readonly<Record<string, string>>, context: ConverterContext): void;
  config?(): ConfigDef;
  fromConnectHeader(topic: string, key: string, schema: Schema | null, value: unknown): Uint8Array | null;
  toConnectHeader(topic: string, key: string, bytes: Uint8Array | null): SchemaAndValue;
  close?(): void;
}
