/** Which records a topic that is made anew goes without: those nobody can read, and those that somebody chose. None is thrown away unlisted. */

import { counted } from '../../foundation/counted.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';
import type { ReadRecord, SchemasRecord } from '../records/schemas-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { shownKey, shownList, shownVersion } from './shown.ts';
import { placeKey } from './version-writes.ts';

export interface LeaveOutRules {
  /** Chosen one by one. */
  readonly offsets: ReadonlySet<number>;
  /** Deletions at or behind this offset or time (ms) are left out; what they deleted is back as far as the log still has it. */
  readonly deletesFrom: { readonly offset: number } | { readonly time: number } | undefined;
  /** Leave out too what one vendor reads and the other doesn't. */
  readonly doubtful: boolean;
  /** Why, by offset, of schemas whose text can't be parsed. */
  readonly unparsable: ReadonlyMap<number, string>;
}

export interface LeftOut {
  /** Why, in words, by offset, ascending. */
  readonly reasons: ReadonlyMap<number, string>;
  readonly summary: readonly string[];
}

/** What one record comes to. */
interface Verdict {
  readonly kind: 'unreadable' | 'unparsable' | 'chosen' | 'delete' | 'doubtful' | 'lost';
  readonly reason: string;
}

const KINDS: Readonly<Record<Verdict['kind'], string>> = {
  unreadable: 'that no registry can read',
  unparsable: 'whose schema can not be parsed',
  chosen: 'that were chosen by offset',
  delete: 'that delete',
  doubtful: 'that only one vendor reads',
  lost: 'that hold the only text of a deleted version',
};

/** @throws RangeError for a chosen offset at which there is no record */
export async function chooseLeftOut(snapshot: Snapshot, rules: LeaveOutRules): Promise<LeftOut> {
  const reasons = new Map<number, string>();
  const kept = new Map<number, string>();
  const counts = new Map<Verdict['kind'], number>();
  const live = new Set<string>();
  const missing = new Set(rules.offsets);
  for await (const batch of snapshot.records()) {
    for (const raw of batch) {
      const read = readRecord(raw);
      const verdict = judge(raw, read, rules, live);
      missing.delete(raw.offset);
      if (read.ok && read.record.kind === 'schema' && !read.record.value.deleted) live.add(placeKey(read.record));
      if (verdict === undefined) continue;
      const isKept = verdict.kind === 'lost' || (verdict.kind === 'doubtful' && !rules.doubtful);
      (isKept ? kept : reasons).set(raw.offset, `${shownKey(raw.key)}: ${verdict.reason}`);
      if (!isKept) counts.set(verdict.kind, (counts.get(verdict.kind) ?? 0) + 1);
    }
  }
  const [unknown] = missing;
  if (unknown !== undefined) {
    throw new RangeError(
      `There is no record at offset ${unknown}. The log has ${snapshot.facts.beginOffset} to ${snapshot.facts.endOffset - 1}, with gaps.`,
    );
  }
  return { reasons, summary: summaryOf(reasons, kept, counts, rules) };
}

function judge(raw: RawRecord, read: ReadRecord, rules: LeaveOutRules, live: ReadonlySet<string>): Verdict | undefined {
  if (rules.offsets.has(raw.offset)) return { kind: 'chosen', reason: 'chosen' };
  if (!read.ok) return { kind: read.overlooked === undefined ? 'unreadable' : 'doubtful', reason: read.reason };
  const unparsable = rules.unparsable.get(raw.offset);
  if (unparsable !== undefined) return { kind: 'unparsable', reason: unparsable };
  const { record } = read;
  if (!deletes(record) || !isBehind(raw, rules.deletesFrom)) return undefined;
  if (record.kind !== 'schema') return { kind: 'delete', reason: `deletes ${whatOf(record)}` };
  // Its text may be nowhere else: without an earlier record the schema itself would be lost.
  return live.has(placeKey(record))
    ? { kind: 'delete', reason: `soft-deletes ${shownVersion(record)}` }
    : {
        kind: 'lost',
        reason: `soft-deletes ${shownVersion(record)}; run \`holdfast schemas repair undelete\` for it afterwards`,
      };
}

function deletes(record: SchemasRecord): boolean {
  switch (record.kind) {
    case 'schema':
      return record.value.deleted;
    case 'config':
    case 'mode':
      return record.value === null;
    default:
      return record.kind === 'schema-gone' || record.kind === 'delete-subject' || record.kind === 'clear-subject';
  }
}

function isBehind({ offset, timestamp }: RawRecord, from: LeaveOutRules['deletesFrom']): boolean {
  if (from === undefined) return false;
  return 'offset' in from ? offset >= from.offset : timestamp >= from.time;
}

function whatOf(record: SchemasRecord): string {
  const subject = 'subject' in record ? (record.subject ?? 'the whole registry') : '';
  switch (record.kind) {
    case 'schema-gone':
      return `${subject} version ${record.version} for good`;
    case 'delete-subject':
      return `${subject} up to version ${record.version}`;
    case 'clear-subject':
      return `for good what was soft-deleted of ${subject}`;
    default:
      return `the ${record.kind} of ${subject}`;
  }
}

function summaryOf(
  reasons: ReadonlyMap<number, string>,
  kept: ReadonlyMap<number, string>,
  counts: ReadonlyMap<Verdict['kind'], number>,
  rules: LeaveOutRules,
): readonly string[] {
  const lines = (list: ReadonlyMap<number, string>): readonly string[] =>
    shownList([...list].map(([offset, reason]) => `offset ${offset}: ${reason}`));
  const left =
    reasons.size === 0
      ? ['Every record is copied as it is: none is left out.']
      : [
          `Left out: ${[...counts].map(([kind, count]) => `${counted(count, 'record')} ${KINDS[kind]}`).join(', ')}.`,
          ...lines(reasons),
        ];
  if (kept.size === 0) return left;
  const how = rules.doubtful ? '' : ' Those that one vendor reads are left out with --drop-doubtful.';
  return [...left, `Copied all the same, but look at them: ${counted(kept.size, 'record')}.${how}`, ...lines(kept)];
}
