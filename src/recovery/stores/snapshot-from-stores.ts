/**
 * Rebuilds a registry's records from what workers' durable schema stores know, where there is no backup: ids, contents and references;
 * subjects and versions as far as workers used them. Nothing in the stores is changed.
 *
 * Memory: as large as the stores, which their own limit (`schema.store.max.bytes`, 64 MiB) bounds.
 */
import { ConfigError } from '../../sdk/errors/index.ts';
import type { UsedIds } from '../data/used-ids.ts';
import { readRecord } from '../records/read-record.ts';
import type { RecordSink } from '../snapshot/record-sink.ts';
import { StateReplay } from '../state/state-replay.ts';
import type { Finding } from '../verify/finding.ts';
import { inContext, mergeStores } from './merge-stores.ts';
import { rebuiltVersions, recordOf } from './rebuilt-records.ts';
import { chosenCluster } from './store-clusters.ts';
import { readStore, type StoreContents, type StoreSource } from './store-contents.ts';
import { storeFindings } from './store-findings.ts';
import { STORES_PREFER } from './stores-errors.ts';

export interface SnapshotFromStoresOptions {
  readonly stores: readonly StoreSource[];
  /** Gets the records, from offset 0 on. */
  readonly writer: RecordSink;
  /** Which registry; the only one, if nothing is said. */
  readonly cluster?: string;
  /** The name of the store that is believed where they contradict. */
  readonly prefer?: string;
  /** Where data carries which ids: of an id without a subject, the topic then names it, `<topic>-value` as clients do. */
  readonly used?: UsedIds;
}

export interface RebuiltFromStores {
  readonly cluster: string;
  /** Also the offset behind the last. */
  readonly records: number;
  readonly ids: number;
  readonly subjects: number;
  /** By context: the highest id that is known. */
  readonly maxIds: Readonly<Record<string, number>>;
  /**
   * By context, which ids have to count as given out beside the records: one above the highest where Karapace passes over its schema, as what
   * that refers to is in no store, and would give its id out again.
   */
  readonly minIds: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
}

const BATCH = 500;

/** @throws ConfigError when it is not clear which registry is meant, or `prefer` is no store; what reading a store throws */
export async function snapshotFromStores(
  options: SnapshotFromStoresOptions,
  signal: AbortSignal,
): Promise<RebuiltFromStores> {
  const { stores: sources, writer, prefer, used } = options;
  if (prefer !== undefined && !sources.some(({ name }) => name === prefer)) {
    throw new ConfigError(
      `--prefer names '${prefer}', which is none of the stores: ${sources.map(({ name }) => name).join(', ')}.`,
      { code: STORES_PREFER },
    );
  }
  const stores: StoreContents[] = [];
  for (const source of sources) {
    signal.throwIfAborted();
    stores.push(await readStore(source, signal));
  }
  const cluster = chosenCluster(stores, options.cluster);
  const merged = mergeStores(stores, cluster, prefer);
  const versions = rebuiltVersions(merged, subjectFromData(used));
  const state = new StateReplay({ vendor: 'karapace', readsOn: true });
  for (let from = 0; from < versions.length; from += BATCH) {
    signal.throwIfAborted();
    const records = versions.slice(from, from + BATCH).map((version, index) => recordOf(from + index, version));
    for (const raw of records) state.apply(raw.offset, readRecord(raw));
    await writer.append(records);
  }
  const highest = [...merged.ids].map(([context, ids]) => [context, Math.max(0, ...lastOf(ids.keys()))] as const);
  const passedOver = highest.filter(([context, id]) => id > 0 && state.byId(context, id) === undefined);
  return {
    cluster,
    records: versions.length,
    ids: [...merged.ids.values()].reduce((sum, { size }) => sum + size, 0),
    subjects: new Set(versions.map(({ subject }) => subject)).size,
    maxIds: Object.fromEntries(highest),
    minIds: Object.fromEntries(passedOver.map(([context, id]) => [context, id + 1])),
    findings: storeFindings(stores, merged, versions),
  };
}

/** Ids come ascending. */
function lastOf(ids: Iterable<number>): readonly number[] {
  let last: number | undefined;
  for (const id of ids) last = id;
  return last === undefined ? [] : [last];
}

/** Only where all records with the id are keys, or all values, of one topic. */
function subjectFromData(used: UsedIds | undefined): (context: string, id: number) => string | undefined {
  const subjects = new Map<string, string | null>();
  for (const { context, id, topic, part } of used?.ids ?? []) {
    const key = `${id} ${context}`;
    const subject = inContext(context, `${topic}-${part}`);
    const known = subjects.get(key);
    subjects.set(key, known === undefined || known === subject ? subject : null);
  }
  return (context, id) => subjects.get(`${id} ${context}`) ?? undefined;
}
