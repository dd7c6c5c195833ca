/** Single message transformations and predicates, as in Kafka Connect. */
import type { ConfigDef } from './config/config-def.ts';
import type { PluginMetrics } from './plugin-metrics.ts';
import type { ConnectRecord } from './record/connect-record.ts';

/** What a transformation or predicate is handed by the worker that runs it. */
export interface PluginContext {
  /** Metrics of the plugin's own (KIP-877). */
  readonly pluginMetrics: PluginMetrics;
}

/**
 * Called for each record in order, synchronously, once per record even when the record later waits at a gate
 * (invariant 4). Must not change the record it is given: `record.newRecord(...)` makes the changed one.
 */
export interface Transformation<R extends ConnectRecord = ConnectRecord> {
  config(): ConfigDef;
  /** `context` is absent where no worker runs it, as in tests. */
  configure(config: Readonly<Record<string, string>>, context?: PluginContext): void;
  /** null filters the record out; that is no error. Throw DataError for a record that can't be transformed. */
  apply(record: R): R | null;
  close?(): void;
}

/** Decides for which records a transformation applies (KIP-585). Called as a {@link Transformation} is. */
export interface Predicate<R extends ConnectRecord = ConnectRecord> {
  config(): ConfigDef;
  /** `context` is absent where no worker runs it, as in tests. */
  configure(config: Readonly<Record<string, string>>, context?: PluginContext): void;
  test(record: R): boolean;
  close?(): void;
}
