/** Looks at where references lead. */
import { contextOf } from '../../registry/subject-context.ts';
import type { SchemaReference } from '../../sdk/schema-view.ts';
import { LATEST, referencedSubject } from '../records/referenced-subject.ts';
import type { StateReplay } from '../state/state-replay.ts';
import type { Row } from '../state/version-table.ts';
import type { FindingBook, FindingPlace } from './finding-book.ts';
import { type PurgedVersions, placeOf } from './purged-versions.ts';

interface Parts {
  readonly state: StateReplay;
  readonly book: FindingBook;
  readonly purged: PurgedVersions;
  readonly readEarly: ReadonlySet<Row>;
  /** Whether compaction leaves a version below an offset under an older encoding of its key; none unless told, as in a topic that is made anew. */
  readonly staysBefore?: (subject: string, version: number, offset: number) => boolean;
  /** Karapace reads the topic: it wrote some of it. False unless told. */
  readonly isKarapaces?: boolean;
}

/** Returns the rows whose references do not lead to the end, because they are broken or go in a circle: their texts can't be judged. */
export function checkReferences(parts: Parts): ReadonlySet<Row> {
  const { state, book, readEarly } = parts;
  const broken = new Set<Row>();
  for (const row of referring(state)) {
    const references = state.versionTable.referencesOf(row);
    const whole = references.filter((reference) => checkReference(parts, row, reference));
    if (whole.length < references.length) broken.add(row);
    else if (readEarly.has(row)) {
      const message = `${nameOf(state, row)} lies before what it refers to.`;
      book.add('reference-before-target', placeOfRow(state, row), message);
    } else {
      const later = writtenAgainLater(parts, row);
      if (later === undefined) continue;
      const at = state.versionTable.offset(later);
      const message = `${nameOf(state, row)} lies before what it refers to once the log is compacted: ${nameOf(state, later)} was written again at ${at}.`;
      book.add('reference-before-target', placeOfRow(state, row), message);
    }
  }
  findCircles(state, {
    inCircle: (row) => broken.add(row),
    closed: (circle, length) => {
      const [first] = circle;
      if (first === undefined) return;
      const names = circle.map((row) => foundOf(state, row));
      const more = length > circle.length ? ` -> ${length - circle.length} more` : '';
      const message = `In a circle: ${names.join(' -> ')}${more} -> ${nameOf(state, first)}.`;
      book.add('cyclic-reference', placeOfRow(state, first), message);
    },
  });
  return broken;
}

/** Whether it leads to a version. */
function checkReference(
  { state, book, purged, isKarapaces = false }: Parts,
  row: Row,
  reference: SchemaReference,
): boolean {
  const table = state.versionTable;
  const target = state.rowReferred(table.subject(row), reference);
  const isLatest = reference.version === LATEST;
  const to = isLatest
    ? `the latest version of ${reference.subject}`
    : `${reference.subject} version ${reference.version}`;
  const from = nameOf(state, row);
  const subject = referencedSubject(contextOf(table.subject(row)), reference.subject);
  if (target !== undefined) {
    if (subject !== reference.subject && !isNamed(state, reference)) {
      const severity = isKarapaces ? 'warning' : 'note';
      const message = `${foundOf(state, row)} refers to ${to}, which Confluent's registry takes for ${subject}; Karapace takes the name as it is, finds nothing, and passes the schema over.`;
      book.add('reference-in-context', { ...placeOfRow(state, row), severity }, message);
    }
    if (table.isDeleted(target) && !table.isDeleted(row)) {
      book.add('reference-to-deleted', placeOfRow(state, row), `${from} refers to ${to}, which is soft-deleted.`);
    }
    return true;
  }
  // Registries let people delete what nothing but soft-deleted versions refer to.
  const severity = table.isDeleted(row) ? { severity: 'warning' as const } : {};
  const place = { ...placeOfRow(state, row), ...severity };
  const gone = purged.get(placeOf(subject, reference.version));
  if (subject !== reference.subject && isNamed(state, reference)) {
    book.add(
      'dangling-reference',
      place,
      `${foundOf(state, row)} refers to ${to}, which Confluent's registry takes for ${subject} and does not find; Karapace takes the name as it is, and finds it: leave it where only Karapace reads this topic.`,
    );
  } else if (gone === undefined) {
    book.add('dangling-reference', place, `${foundOf(state, row)} refers to ${to}, which is not there.`);
  } else {
    const offsets = [gone.offset, table.offset(row)];
    const at = { subject, version: reference.version, id: gone.id, ...severity, offsets };
    book.add('deleted-but-referred', at, `${to} was deleted at ${gone.offset}, and ${from} refers to it.`);
  }
  return false;
}

/** Whether Karapace, to which a context is a part of the name, finds what is referred to; it looks among those that are not soft-deleted. */
function isNamed(state: StateReplay, { subject, version }: SchemaReference): boolean {
  const isAlive = (row: Row): boolean => !state.versionTable.isDeleted(row);
  if (version === LATEST) return [...state.rows(subject)].some(isAlive);
  const row = state.rowOf(subject, version);
  return row !== undefined && isAlive(row);
}

/**
 * What a row refers to and compaction leaves behind it alone, as of the last records. A target that is soft-deleted is none: Karapace takes no
 * reference to it in any order, and `reference-to-deleted` tells. An older record under another encoding of its key stays before; re-key, which
 * deletes it, writes what refers to it again.
 */
function writtenAgainLater({ state, staysBefore = () => false }: Parts, row: Row): Row | undefined {
  const table = state.versionTable;
  const from = table.subject(row);
  const at = table.offset(row);
  const isBefore = (target: Row): boolean =>
    table.offset(target) <= at || staysBefore(table.subject(target), table.version(target), at);
  for (const reference of table.referencesOf(row)) {
    const target = state.rowReferred(from, reference);
    if (target === undefined || table.isDeleted(target) || isBefore(target)) continue;
    if (reference.version !== LATEST) return target;
    // Any living version does that lies before.
    const living = [...state.rows(table.subject(target))].filter((each) => !table.isDeleted(each));
    if (!living.some((each) => each !== row && isBefore(each))) return target;
  }
  return undefined;
}

function* referring(state: StateReplay): Iterable<Row> {
  for (const subject of state.subjects()) {
    for (const row of state.rows(subject)) {
      if (state.versionTable.referencesOf(row).length > 0) yield row;
    }
  }
}

interface Step {
  readonly row: Row;
  readonly targets: Row[];
  /** The earliest place of the path that is reached from here. */
  low: number;
}

/** Versions of a circle that its finding names. */
const NAMED = 10;

/**
 * Walks in depth, without recursion and without reading a path more than once, however many circles share it.
 * `closed` is told of each reference that closes one, with the first few of it and how many there are; `inCircle` of every row in any.
 */
function findCircles(
  state: StateReplay,
  tell: { readonly inCircle: (row: Row) => void; readonly closed: (circle: readonly Row[], length: number) => void },
): void {
  const done = new Set<Row>();
  for (const start of referring(state)) {
    if (done.has(start)) continue;
    const path: Step[] = [];
    const placeOnPath = new Map<Row, number>();
    const enter = (row: Row): void => {
      placeOnPath.set(row, path.length);
      path.push({ row, targets: targetsOf(state, row), low: path.length });
    };
    enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.targets.pop();
      const at = next === undefined ? undefined : placeOnPath.get(next);
      if (next === undefined) {
        path.pop();
        done.add(top.row);
        placeOnPath.delete(top.row);
        const before = path.at(-1);
        if (before !== undefined) before.low = Math.min(before.low, top.low);
        if (top.low < path.length) tell.inCircle(top.row);
      } else if (at !== undefined) {
        top.low = Math.min(top.low, at);
        tell.inCircle(next);
        tell.closed(
          path.slice(at, at + NAMED).map(({ row }) => row),
          path.length - at,
        );
      } else if (!done.has(next)) enter(next);
    }
  }
}

function targetsOf(state: StateReplay, row: Row): Row[] {
  const subject = state.versionTable.subject(row);
  return state.versionTable.referencesOf(row).flatMap((reference) => state.rowReferred(subject, reference) ?? []);
}

function nameOf(state: StateReplay, row: Row): string {
  return `${state.versionTable.subject(row)} version ${state.versionTable.version(row)}`;
}

/** With where it lies, for `--drop-offset`. */
function foundOf(state: StateReplay, row: Row): string {
  return `${nameOf(state, row)} (offset ${state.versionTable.offset(row)})`;
}

function placeOfRow(state: StateReplay, row: Row): FindingPlace {
  const { subject, version, id, offset } = state.versionTable.state(row);
  return { subject, version, id, context: contextOf(subject), offsets: [offset] };
}
