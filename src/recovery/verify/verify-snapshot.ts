/** Everything that can be found in one snapshot, whoever wrote it. */

import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { StateReplay } from '../state/state-replay.ts';
import { checkIds } from './check-ids.ts';
import { RecordsCheck } from './check-records.ts';
import { checkReferences } from './check-references.ts';
import { checkSettings } from './check-settings.ts';
import { TextsCheck } from './check-texts.ts';
import { checkTopic } from './check-topic.ts';
import type { Finding } from './finding.ts';
import { FindingBook } from './finding-book.ts';
import { OffsetGaps } from './offset-gaps.ts';
import { SchemaTexts } from './schema-texts.ts';
import { SoundTexts } from './sound-texts.ts';

export interface VerifyOptions {
  readonly signal?: AbortSignal;
  /** After every batch; the snapshot is read twice where many texts refer to others, or are damaged. */
  readonly onProgress?: (progress: { readonly records: number; readonly of: number }) => void;
}

/**
 * Errors first; at most 50 of each name and severity are listed, and the last one says how many more there are. Memory: some 250 bytes for
 * each version. Rejects with the signal's reason, or with what reading the snapshot throws.
 */
export async function verifySnapshot(snapshot: Snapshot, options: VerifyOptions = {}): Promise<Finding[]> {
  const { signal, onProgress } = options;
  const { topic, continuityBreak } = snapshot.facts;
  const book = new FindingBook();
  const of = snapshot.facts.records * 2;
  const progress = (records: number): void => onProgress?.({ records, of });
  if (topic !== undefined) checkTopic(topic, book);
  if (continuityBreak !== undefined) {
    const { before, why } = continuityBreak;
    book.add('continuity-break', {}, `It does not go on from ${before}, the backup before: ${why}.`);
  }
  const state = new StateReplay({ vendor: 'confluent', readsOn: true, keepsAll: true });
  let isKarapaces = false;
  const schemaTexts = new SchemaTexts();
  const sound = new SoundTexts({ state, texts: schemaTexts });
  const records = new RecordsCheck({ state, sound, book, writtenByKarapace: () => isKarapaces });
  const gaps = topic === undefined ? undefined : new OffsetGaps({ topic });
  let seen = 0;
  for await (const batch of snapshot.records()) {
    signal?.throwIfAborted();
    for (const raw of batch) {
      isKarapaces ||= isByKarapace(raw);
      records.see(raw, readRecord(raw));
      gaps?.see(raw.offset);
    }
    seen += batch.length;
    progress(seen);
  }
  records.end();
  gaps?.end(book);
  const limit = Number(topic?.effective['max.message.bytes'] ?? Number.POSITIVE_INFINITY);
  if (records.largestRecord > limit) {
    const message = `The largest record has ${records.largestRecord} bytes, and max.message.bytes is ${limit}.`;
    book.add('max-message-bytes-too-small', {}, message);
  }
  await checkIds({ state, snapshot, book, signal });
  checkSettings(state, book);
  const staysBefore = records.staysBefore.bind(records);
  const { purged, readEarly } = records;
  const broken = checkReferences({ state, book, purged, readEarly, staysBefore, isKarapaces });
  const texts = new TextsCheck({ state, snapshot, book, texts: schemaTexts, broken, sound });
  await texts.run((done) => progress(seen + done), signal);
  return book.findings();
}

function isByKarapace({ headers }: RawRecord): boolean {
  return headers.some(({ key, value }) => {
    return key === 'X-Registry-Version' && value !== null && Buffer.from(value).toString('latin1').includes('karapace');
  });
}
