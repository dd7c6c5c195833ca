/** What a backup holds and no request can say: told before a restore through REST, as it is lost by that. */

import { counted } from '../../foundation/counted.ts';
import { readRecord } from '../records/read-record.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import { isReadDifferently } from '../records/vendor-reading.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { VersionState } from '../state/registry-state.ts';

export interface NotCarriedOptions {
  readonly snapshot: Snapshot;
  /** Versions that are imported; what is there already loses nothing. */
  readonly imported: Iterable<VersionState>;
  /** The registry keeps metadata and rules of schemas. */
  readonly keepsMetadata: boolean;
  readonly signal: AbortSignal;
}

/** How many by kind; a kind that there is none of is left out. */
export type NotCarried = Readonly<Record<string, number>>;

/**
 * Kinds are keytypes of records without a request of their own (`CONTEXT`, `ASSOC`, ...), `unreadable` for records that no registry can read, the
 * problem (`unsupported-magic`, `key-value-mismatch`) for those that vendors read differently, and of the versions that are imported `headers`
 * (records that have some), `timestamps`, `metadata` and `ruleSet`. Reads the snapshot once; holds the offsets of the imported versions.
 */
export async function notCarried({
  snapshot,
  imported,
  keepsMetadata,
  signal,
}: NotCarriedOptions): Promise<NotCarried> {
  const counts: Record<string, number> = {};
  const count = (kind: string, by = 1): void => {
    counts[kind] = (counts[kind] ?? 0) + by;
  };
  const offsets = new Set<number>();
  for (const { subject, offset } of imported) if (!isReservedSubject(subject)) offsets.add(offset);
  if (offsets.size > 0) count('timestamps', offsets.size);
  for await (const batch of snapshot.records()) {
    signal.throwIfAborted();
    for (const raw of batch) {
      const read = readRecord(raw);
      if (!read.ok) count(isReadDifferently(read) ? read.problem : 'unreadable');
      else if (read.record.kind === 'other') {
        if (raw.value !== null) count(read.record.keytype);
      } else if (read.record.kind === 'schema' && offsets.has(raw.offset)) {
        const { metadata, ruleSet } = read.record.value;
        if (raw.headers.length > 0) count('headers');
        if (!keepsMetadata && metadata !== undefined) count('metadata');
        if (!keepsMetadata && ruleSet !== undefined) count('ruleSet');
      }
    }
  }
  return counts;
}

/** Of one, and of several. */
const WORDS: Readonly<Record<string, readonly [string, string]>> = {
  unreadable: ['record that can not be read', 'records that can not be read'],
  'unsupported-magic': [
    'record with an unknown magic byte, which Karapace alone reads',
    'records with an unknown magic byte, which Karapace alone reads',
  ],
  'key-value-mismatch': [
    'record whose value is of another version than its key, as Karapace reads it, by the value',
    'records whose value is of another version than their key, as Karapace reads them, by the value',
  ],
  headers: ['record with headers', 'records with headers'],
  timestamps: ['time of registration', 'times of registration'],
  metadata: ['schema with metadata', 'schemas with metadata'],
  ruleSet: ['schema with rules', 'schemas with rules'],
};

/** Lines of a plan's summary. */
export function notCarriedInWords(counts: NotCarried): readonly string[] {
  const kinds = Object.entries(counts).map(([kind, count]) =>
    counted(count, ...(WORDS[kind] ?? [`record ${kind}`, `records ${kind}`])),
  );
  return kinds.length === 0
    ? []
    : [`Not brought back, as no request to this registry carries it: ${kinds.join(', ')}.`];
}
