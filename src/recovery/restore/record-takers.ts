/** Which vendors' registries take what a record says, and which go on with what they had. */
import type { ReadRecord } from '../records/schemas-record.ts';
import type { ReplayVendor } from '../state/registry-state.ts';
import { type ReplayOutcome, StateReplay } from '../state/state-replay.ts';

/** By vendor: whether its registry takes the record. */
export type Takers = Readonly<Record<ReplayVendor, boolean>>;

export const BOTH: Takers = { confluent: true, karapace: true };
export const NONE: Takers = { confluent: false, karapace: false };

/**
 * Confluent's registry drops a second text of an id, Karapace a schema whose references lead nowhere. What the version was before stays in
 * force there. Memory: both vendors' states, some 250 bytes for each version in each.
 */
export class RecordTakers {
  private readonly confluent = new StateReplay({ vendor: 'confluent', readsOn: true });
  private readonly karapace = new StateReplay({ vendor: 'karapace', readsOn: true });

  /** Of the next record; every record of a log has to be told, in its order. */
  of(offset: number, read: ReadRecord): Takers {
    return {
      confluent: isTaken(this.confluent.apply(offset, read)),
      karapace: isTaken(this.karapace.apply(offset, read)),
    };
  }
}

function isTaken({ kind }: ReplayOutcome): boolean {
  return kind !== 'duplicate-id' && kind !== 'dangling-reference' && kind !== 'unreadable';
}
