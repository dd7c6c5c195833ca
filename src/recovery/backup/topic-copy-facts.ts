/** What a copy of a registry's topic says of itself: a record with a key of its own, written first and at the end of each run. */
import type { RawRecord } from '../records/raw-record.ts';
import type { SnapshotFacts } from '../snapshot/snapshot.ts';
import type { AppendedRecord } from '../topic/topic-appender.ts';

/** No JSON: a registry that is pointed at the copy logs it and passes over it. */
const KEY = Buffer.from('holdfast-schemas-backup');
const KIND = 'holdfast-schemas-copy';
const FORMAT = 1;

export interface TopicCopyFacts
  extends Pick<SnapshotFacts, 'source' | 'takenAt' | 'topic' | 'beginOffset' | 'endOffset'> {
  readonly notes: readonly string[];
}

export function factsRecord(facts: TopicCopyFacts): AppendedRecord {
  const value = Buffer.from(JSON.stringify({ kind: KIND, format: FORMAT, ...facts }));
  return { key: KEY, value, headers: [], timestamp: -1 };
}

/** undefined: it is another record. */
export function factsOf({ key, value }: RawRecord): TopicCopyFacts | undefined {
  if (key === null || value === null || !KEY.equals(key)) return undefined;
  try {
    const { kind, format, ...facts } = JSON.parse(Buffer.from(value).toString('utf8')) as TopicCopyFacts & {
      readonly kind: unknown;
      readonly format: unknown;
    };
    return kind === KIND && format === FORMAT ? facts : undefined;
  } catch {
    return undefined;
  }
}
