/** What may be wrong with single records. */
import type { FindingKind } from './finding.ts';

const SKIPPED = 'passed over, with a line in its log; what it should say is missing';
const DROP =
  'holdfast schemas repair corrupt-records leaves it out; what it should have said comes back from a backup (restore).';
/** What one vendor reads is left out only when it is asked for. */
const DROP_DOUBTFUL =
  'holdfast schemas repair corrupt-records --drop-doubtful leaves it out; what it should have said comes back from a backup (restore).';

export const RECORD_KINDS = {
  'null-key': {
    severity: 'error',
    what: 'A record without a key: compaction can neither keep nor replace it.',
    vendors: { confluent: `${SKIPPED}; some versions stop reading here`, karapace: SKIPPED },
    mend: DROP,
  },
  'key-not-json': {
    severity: 'error',
    what: 'A key that is no JSON object.',
    vendors: { confluent: SKIPPED, karapace: SKIPPED },
    mend: DROP,
  },
  'value-not-json': {
    severity: 'error',
    what: 'A value that is no JSON object. After compaction it is all that is left under its key.',
    vendors: { confluent: SKIPPED, karapace: SKIPPED },
    mend: DROP,
  },
  'unknown-keytype': {
    severity: 'error',
    what: 'A keytype that no registry knows.',
    vendors: {
      confluent: 'its reader dies here: reads are stale from then on, writes fail with 50002, a restart does not help',
      karapace: SKIPPED,
    },
    mend: DROP,
  },
  'unsupported-magic': {
    severity: 'error',
    what: 'A SCHEMA key whose magic byte is neither 0 nor 1.',
    vendors: { confluent: SKIPPED, karapace: 'reads it as any other: it does not look at the magic byte' },
    mend: DROP_DOUBTFUL,
  },
  'incomplete-key': {
    severity: 'error',
    what: 'A key that lacks a subject or a version.',
    vendors: { confluent: SKIPPED, karapace: SKIPPED },
    mend: DROP,
  },
  'incomplete-value': {
    severity: 'error',
    what: 'A value that lacks an id, a text, a mode or a version, or has an impossible one.',
    vendors: { confluent: SKIPPED, karapace: SKIPPED },
    mend: DROP,
  },
  'key-value-mismatch': {
    severity: 'error',
    what: 'A value that is of another subject or version than its key.',
    vendors: { confluent: 'goes by the key', karapace: 'goes by the value' },
    mend: DROP_DOUBTFUL,
  },
  'superseded-record': {
    severity: 'note',
    what: 'A damaged record whose key was written again or deleted since: compaction removes it.',
    mend: 'Nothing to do.',
  },
  'empty-delete': {
    severity: 'warning',
    what: 'A deletion by an empty value instead of null: compaction never removes it. (A note where Karapace wrote it, as it always does.)',
    vendors: { confluent: 'no JSON to it: the version is still there', karapace: 'deleted' },
    mend: 'holdfast schemas repair tombstone-empty',
  },
  'two-keys': {
    severity: 'error',
    what: 'One version, or one setting, under two encodings of its key: compaction keeps both, and a deletion of one lets the other come back.',
    vendors: { confluent: 'the last record wins', karapace: 'the last record wins' },
    mend: 'holdfast schemas repair re-key',
  },
  'legacy-key': {
    severity: 'note',
    what: 'Keys in another encoding than registries write today: of older Karapace, or with magic 0.',
    mend: 'Nothing, while one registry writes; before another one takes over: holdfast schemas repair re-key.',
  },
  'version-rewritten': {
    severity: 'error',
    what: 'A version was written again with another text under the same id, or with another id, and not deleted first.',
    vendors: {
      confluent: 'keeps the first text of an id until compaction has removed it, then it has the second',
      karapace: 'has the last one at once',
    },
    mend: 'Find out which one the data was written with; restore that one in place (it deletes first) from a backup, with --overwrite-id.',
  },
  'reborn-version': {
    severity: 'note',
    what: 'A version was purged and then written again with another id; data with the old id needs a backup to be read.',
    mend: 'Nothing, if the purge was meant.',
  },
  'ids-backwards': {
    severity: 'note',
    what: 'Ids that are lower than ids given out before them: an import, a compacted log, or two primaries at once (split brain).',
    mend: 'If nothing was imported, look for duplicate-id and version-rewritten, and at --used-by.',
  },
  'large-record': {
    severity: 'warning',
    what: "A record beyond 1 MiB, which is where a registry's producer ends by default: it can't be written again, not even to be deleted.",
    mend: "Raise max.request.size of the registry's producer, and max.message.bytes of the topic.",
  },
  'missing-offsets': {
    severity: 'note',
    what: 'Offsets without a record. Compaction explains them where the topic is compacted (a warning where it is not).',
    mend: 'Where the topic is not compacted: compare with a backup.',
  },
} as const satisfies Readonly<Record<string, FindingKind>>;
