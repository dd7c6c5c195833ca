/** Schemas whose text is no schema of its type, or of a type that nobody knows: as `verify` finds them, but all of them. */
import { contextOf } from '../../registry/subject-context.ts';
import { readRecord } from '../records/read-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { StateReplay } from '../state/state-replay.ts';
import { RecordsCheck } from '../verify/check-records.ts';
import { checkReferences } from '../verify/check-references.ts';
import { TextsCheck } from '../verify/check-texts.ts';
import { FindingBook, type FindingPlace } from '../verify/finding-book.ts';
import type { FindingName } from '../verify/finding-kinds.ts';
import { SchemaTexts } from '../verify/schema-texts.ts';
import { SoundTexts } from '../verify/sound-texts.ts';

/** Keeps those of texts; the book itself keeps the first few of each name. */
class TextFaults extends FindingBook {
  readonly reasons = new Map<number, string>();

  override add(name: FindingName, at: FindingPlace, message: string): void {
    if (name !== 'unparsable-schema' && name !== 'unknown-schema-type') return;
    for (const offset of at.offsets ?? []) this.reasons.set(offset, message);
  }
}

/** By offset, why. Only the last record of a version counts: earlier ones are superseded. What is superseded stays. */
export async function findUnparsable(snapshot: Snapshot, signal: AbortSignal): Promise<ReadonlyMap<number, string>> {
  const state = new StateReplay({ vendor: 'confluent', readsOn: true, keepsAll: true });
  const book = new TextFaults();
  const texts = new SchemaTexts();
  const sound = new SoundTexts({ state, texts });
  const records = new RecordsCheck({ state, sound, book, writtenByKarapace: () => false });
  for await (const batch of snapshot.records()) {
    signal.throwIfAborted();
    for (const raw of batch) records.see(raw, readRecord(raw));
  }
  const broken = checkReferences({ state, book, purged: records.purged, readEarly: records.readEarly });
  await new TextsCheck({ state, snapshot, book, texts, broken, sound }).run(() => {}, signal);
  return withSameContent(book.reasons, state);
}

/** A text is looked at once for each id; other versions with the id and the content are as bad. */
function withSameContent(reasons: ReadonlyMap<number, string>, state: StateReplay): ReadonlyMap<number, string> {
  const all = new Map(reasons);
  const table = state.versionTable;
  for (const subject of state.subjects()) {
    for (const { version, offset, id } of state.versions(subject)) {
      const reason = reasons.get(offset);
      const row = state.rowOf(subject, version);
      if (reason === undefined || row === undefined) continue;
      for (const other of state.rowsOf(contextOf(subject), id)) {
        if (table.compareContents(row, other) === 0) all.set(table.offset(other), reason);
      }
    }
  }
  return new Map([...all].sort(([a], [b]) => a - b));
}
