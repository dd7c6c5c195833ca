/** What a registry knows that has read a snapshot to its end. */
import { readRecord } from '../records/read-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { RegistryState, ReplayVendor } from './registry-state.ts';
import { StateReplay } from './state-replay.ts';

export interface ReplayOptions {
  readonly signal?: AbortSignal;
  /** After every batch. */
  readonly onProgress?: (progress: { readonly records: number; readonly of: number }) => void;
  /**
   * Goes on behind a record at which the vendor's reader dies. For whoever wants to know what is in the records, and not what a registry
   * would answer: a plan that restores, for example.
   */
  readonly readsOn?: boolean;
  /** Keeps what the last record of every version says, whatever the vendor would make of it; reads on as well. */
  readonly keepsAll?: boolean;
}

/** Reads the snapshot once. Memory: some 250 bytes for each version that there is. Rejects with the signal's reason, or with what reading throws. */
export async function replay(
  snapshot: Snapshot,
  vendor: ReplayVendor,
  options: ReplayOptions = {},
): Promise<RegistryState> {
  const { signal, onProgress, keepsAll = false, readsOn = keepsAll } = options;
  const state = new StateReplay({ vendor, readsOn, keepsAll });
  let records = 0;
  for await (const batch of snapshot.records()) {
    signal?.throwIfAborted();
    for (const raw of batch) state.apply(raw.offset, readRecord(raw));
    records += batch.length;
    onProgress?.({ records, of: snapshot.facts.records });
  }
  return state;
}
