/** A snapshot of some subjects of another one, or under other names; ids stay what they are. */
import { agreeing, counted } from '../../foundation/counted.ts';
import { contextOf } from '../../registry/subject-context.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import type { SnapshotFolder } from '../backup/snapshot-folder.ts';
import { SnapshotWriter } from '../backup/snapshot-writer.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';
import { LATEST, referred } from '../records/referenced-subject.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { RowInts } from '../state/row-columns.ts';
import { RowIndex } from '../state/row-index.ts';
import { DamagedRecords, type Fate, LEFT_OUT } from './damaged-records.ts';
import { addWitnessedIds, HighestIds } from './highest-ids.ts';
import { RecordTable } from './record-table.ts';
import { namedByOther } from './renamed-other.ts';
import { renamedRecord } from './renamed-record.ts';
import { DANGLING_REFERENCE, ID_COLLISION, MAP_INVALID } from './restore-errors.ts';
import type { SubjectRules } from './subject-rules.ts';

/** Of a note. */
const NAMED = 20;

const NOT_TAKEN: Fate = [
  'is left out, as not all that it names is chosen, or can be renamed',
  'are left out, as not all that they name is chosen, or can be renamed',
];

export interface MappedSnapshot {
  readonly snapshot: SnapshotFolder;
  /** By the new contexts: what the whole snapshot says to have been given out. */
  readonly maxIds: Readonly<Record<string, number>>;
  /** For the summary of a plan. */
  readonly notes: readonly string[];
}

/**
 * Writes it into a folder that is not there yet. Offsets are kept; NOOPs and settings of the whole registry are left out of a subset.
 * @throws ConfigError `holdfast.recovery.map-invalid`, `dangling-reference` or `id-collision`, naming the subjects
 */
export async function mapSnapshot(
  options: { readonly snapshot: Snapshot; readonly rules: SubjectRules; readonly folder: string },
  signal?: AbortSignal,
): Promise<MappedSnapshot> {
  const { snapshot, rules, folder } = options;
  const ids = new HighestIds();
  const table = await RecordTable.of(snapshot, { see: (read) => ids.saw(read) }, signal);
  await addWitnessedIds(ids, snapshot);
  const { taken, pulled } = chosen(table, rules);
  refuseMerged(table, rules, taken);
  const merges = mergesContexts(rules, taken);
  const names = {
    subjects: taken,
    contexts: new Set([...taken].map(contextOf)),
    targets: new Set([...taken].map((subject) => rules.renamed(subject))),
    merges,
  };
  const writer = await SnapshotWriter.create({ folder });
  let leftOut = 0;
  const nameless: string[] = [];
  const damaged = new DamagedRecords();
  try {
    for await (const records of snapshot.records()) {
      signal?.throwIfAborted();
      const kept: RawRecord[] = [];
      for (const raw of records) {
        const read = readRecord(raw);
        // Whoever plans with this reserves the ids that are told anew, wherever two contexts become one as well.
        if (merges && read.ok && 'subject' in read.record && isReservedSubject(read.record.subject ?? '')) continue;
        const record = renamedRecord(raw, read, rules, names);
        if (record !== undefined) kept.push(record);
        else if (read.ok) {
          leftOut++;
          const { record: left } = read;
          if (left.kind === 'other' && namedByOther(raw, left) === undefined && nameless.length < NAMED) {
            nameless.push(`${left.keytype} at offset ${raw.offset}`);
          }
        } else damaged.add(raw.offset, read);
      }
      if (kept.length > 0) await writer.append(kept);
    }
    const { takenAt, topic, beginOffset, endOffset } = snapshot.facts;
    const made = await writer.finish({ source: 'derived', takenAt, topic, beginOffset, endOffset });
    return {
      snapshot: made,
      maxIds: renamedIds(ids, taken, rules),
      notes: [
        ...notesOf(taken, pulled, leftOut, rules),
        ...namelessIn(nameless),
        ...damaged.lines('', { byNone: LEFT_OUT, differently: NOT_TAKEN }),
      ],
    };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** The subjects that are asked for, and those that their schemas refer to. */
function chosen(
  table: RecordTable,
  rules: SubjectRules,
): { readonly taken: ReadonlySet<string>; readonly pulled: readonly string[] } {
  const taken = new Set([...table.subjects()].filter((subject) => rules.takes(subject)));
  if (!rules.isSubset) return { taken, pulled: [] };
  if (taken.size === 0) {
    throw new ConfigError('No subject of the snapshot is named by --only.', { code: MAP_INVALID });
  }
  const { versions } = table;
  const pulled: string[] = [];
  const dangling: string[] = [];
  const open = [...taken];
  for (let subject = open.pop(); subject !== undefined; subject = open.pop()) {
    for (const row of table.rowsOf(subject)) {
      for (const reference of versions.referencesOf(row)) {
        const { subject: other, version: wanted } = referred(reference, subject);
        const isThere = wanted === LATEST ? table.count(other) > 0 : table.row(other, wanted) !== undefined;
        if (!isThere && !versions.isDeleted(row)) {
          const which = wanted === LATEST ? `the latest version of ${other}` : `${other} version ${wanted}`;
          dangling.push(`${subject} version ${versions.version(row)} refers to ${which}`);
        }
        if (!table.hadSubject(other) || taken.has(other)) continue;
        taken.add(other);
        pulled.push(other);
        open.push(other);
      }
    }
  }
  if (dangling.length > 0) {
    const more = dangling.length > 10 ? ` and ${dangling.length - 10} more` : '';
    throw new ConfigError(
      `Not in the snapshot: ${dangling.slice(0, 10).join('; ')}${more}. Leave those subjects out.`,
      {
        code: DANGLING_REFERENCE,
      },
    );
  }
  return { taken, pulled: pulled.sort() };
}

/** Two subjects under one name, or one id for two schemas in one context. */
function refuseMerged(table: RecordTable, rules: SubjectRules, taken: ReadonlySet<string>): void {
  if (!rules.renames) return;
  const { versions } = table;
  const names = new Map<string, string>();
  /** By number of the subject, that of the context which it comes into. */
  const into = new RowInts();
  const contexts = new Map<string, number>();
  const holders = new RowIndex({
    first: (row) => versions.id(row),
    second: (row) => into.get(versions.subjectNumber(row)),
  });
  for (const subject of taken) {
    if (isReservedSubject(subject)) continue;
    const to = rules.renamed(subject);
    const other = names.get(to);
    if (other !== undefined) {
      throw new ConfigError(`--map gives ${other} and ${subject} one name, ${to}.`, { code: MAP_INVALID });
    }
    names.set(to, subject);
    const context = contexts.get(contextOf(to)) ?? contexts.size;
    contexts.set(contextOf(to), context);
    into.set(versions.numberOf(subject) ?? 0, context);
    for (const row of table.rowsOf(subject)) {
      const holder = holders.find(versions.id(row), context);
      if (holder === undefined) holders.put(row);
      // Within one context it was so before, and is for `verify` to tell.
      else if (!versions.hasSameContent(holder, row) && versions.context(holder) !== versions.context(row)) {
        throw new ConfigError(
          `--map brings ${versions.subject(holder)} and ${subject} into one context, where the id ${versions.id(row)} would stand for two schemas.`,
          { code: ID_COLLISION },
        );
      }
    }
  }
}

/** Whether one context gets the subjects of several. */
function mergesContexts(rules: SubjectRules, taken: ReadonlySet<string>): boolean {
  const from = new Map<string, string>();
  for (const subject of taken) {
    const [context, to] = [contextOf(subject), contextOf(rules.renamed(subject))];
    if ((from.get(to) ?? context) !== context) return true;
    from.set(to, context);
  }
  return false;
}

function renamedIds(
  ids: HighestIds,
  taken: ReadonlySet<string>,
  rules: SubjectRules,
): Readonly<Record<string, number>> {
  const renamed: Record<string, number> = {};
  for (const subject of taken) {
    const to = contextOf(rules.renamed(subject));
    renamed[to] = Math.max(renamed[to] ?? 0, ids.highest[contextOf(subject)] ?? 0);
  }
  return renamed;
}

/** They are whatever subject's, so that nobody takes them for done. */
function namelessIn(nameless: readonly string[]): readonly string[] {
  return nameless.length === 0
    ? []
    : [`Left out, as they name neither a subject nor a context: ${nameless.join(', ')}`];
}

function notesOf(
  taken: ReadonlySet<string>,
  pulled: readonly string[],
  leftOut: number,
  rules: SubjectRules,
): readonly string[] {
  const notes: string[] = [];
  if (rules.isSubset) {
    notes.push(
      `--only takes ${counted(taken.size - pulled.length, 'subject')}; ${counted(leftOut, 'other record')} ${agreeing(leftOut, ...LEFT_OUT)}`,
    );
  } else if (leftOut > 0)
    notes.push(
      `${counted(leftOut, 'record')} without a name to change, or of a context that needs none, ${agreeing(leftOut, ...LEFT_OUT)}`,
    );
  if (pulled.length > 0) {
    const more = pulled.length > 10 ? ` and ${pulled.length - 10} more` : '';
    notes.push(`with them come ${pulled.slice(0, 10).join(', ')}${more}, to which they refer`);
  }
  const renamed = [...taken].filter((subject) => rules.renamed(subject) !== subject && !isReservedSubject(subject));
  for (const subject of renamed.slice(0, 10)) notes.push(`${subject} becomes ${rules.renamed(subject)}`);
  if (renamed.length > 10)
    notes.push(`${counted(renamed.length - 10, 'more subject')} ${agreeing(renamed.length - 10, 'is', 'are')} renamed`);
  return notes;
}
