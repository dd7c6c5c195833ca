/** Looks at what the ids stand for. */
import { agreeing, counted } from '../../foundation/counted.ts';
import { contextOf } from '../../registry/subject-context.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { StateReplay } from '../state/state-replay.ts';
import type { Row } from '../state/version-table.ts';
import type { FindingBook } from './finding-book.ts';
import { isSameForm, schemasAt } from './same-form.ts';

/** Ids with several contents whose texts are compared; what is more is taken for other schemas. */
const MAX_COMPARED = 1000;
const MAX_RANGES = 10;

interface Parts {
  readonly state: StateReplay;
  readonly snapshot: Snapshot;
  readonly book: FindingBook;
  readonly signal: AbortSignal | undefined;
}

export async function checkIds(parts: Parts): Promise<void> {
  await checkDuplicates(parts);
  checkSeveralIds(parts);
  for (const context of parts.state.contexts()) checkGaps(parts, context);
  checkVersions(parts);
}

async function checkDuplicates(parts: Parts): Promise<void> {
  const { state, signal } = parts;
  let compared = 0;
  for (const context of state.contexts()) {
    for (const id of state.ids(context)) {
      const first = state.firstRowOf(context, id);
      const other = first === undefined ? undefined : otherContent(state, first, state.rowsOf(context, id));
      if (first === undefined || other === undefined) continue;
      signal?.throwIfAborted();
      await duplicate(parts, { context, id, first, other, isCompared: compared++ < MAX_COMPARED });
    }
  }
}

function otherContent(state: StateReplay, first: Row, rows: Iterable<Row>): Row | undefined {
  const table = state.versionTable;
  for (const row of rows) if (row !== first && table.compareContents(first, row) !== 0) return row;
  return undefined;
}

async function duplicate(
  { state, snapshot, book }: Parts,
  found: {
    readonly context: string;
    readonly id: number;
    readonly first: Row;
    readonly other: Row;
    readonly isCompared: boolean;
  },
): Promise<void> {
  const { context, id } = found;
  const table = state.versionTable;
  const [a, b] = [table.state(found.first), table.state(found.other)].sort((x, y) => x.offset - y.offset);
  if (a === undefined || b === undefined) return;
  const values = found.isCompared ? await schemasAt(snapshot, [a.offset, b.offset]) : new Map();
  const [one, two] = [values.get(a.offset), values.get(b.offset)];
  const isForm = one !== undefined && two !== undefined && isSameForm(one, two);
  const at = { context, id, subject: b.subject, version: b.version, offsets: [a.offset, b.offset] };
  const holders = `${a.subject} version ${a.version} at ${a.offset}, and ${b.subject} version ${b.version} at ${b.offset}`;
  if (isForm) book.add('same-id-other-form', at, `Id ${id} is one schema in two spellings: ${holders}.`);
  else book.add('duplicate-id', at, `Id ${id} stands for two schemas: ${holders}.`);
}

function checkSeveralIds({ state, book }: Parts): void {
  const table = state.versionTable;
  for (const rows of rowsByPrefix(state)) {
    rows.sort((a, b) => table.compareContents(a, b));
    for (let from = 0; from < rows.length; ) {
      const first = rows[from] ?? 0;
      let to = from + 1;
      while (to < rows.length && table.compareContents(first, rows[to] ?? 0) === 0) to++;
      if (to - from > 1) sameContent(rows.slice(from, to), state, book);
      from = to;
    }
  }
}

/**
 * Those whose contents may be equal, in the order of the contents' first bits. Prefix and row are one number each, so that they are sorted
 * without a comparison in between: by whole contents it takes as long as to read the snapshot.
 */
function* rowsByPrefix(state: StateReplay): Iterable<Row[]> {
  const { versionTable: table } = state;
  const { size } = table;
  // What both are together must be a safe integer.
  const shift = size > 2 ** 21 ? 2 ** Math.ceil(Math.log2(size) - 21) : 1;
  const keys = new Float64Array(size);
  let count = 0;
  for (const row of liveRows(state)) keys[count++] = Math.floor(table.contentPrefix(row) / shift) * size + row;
  const sorted = keys.subarray(0, count).sort();
  for (let from = 0; from < count; ) {
    const prefix = Math.floor((sorted[from] ?? 0) / size);
    const rows: Row[] = [];
    for (; from < count && Math.floor((sorted[from] ?? 0) / size) === prefix; from++) {
      rows.push((sorted[from] ?? 0) - prefix * size);
    }
    if (rows.length > 1) yield rows;
  }
}

function sameContent(rows: readonly Row[], state: StateReplay, book: FindingBook): void {
  const table = state.versionTable;
  const firstId = new Map<string, Row>();
  for (const row of rows.toSorted((a, b) => table.offset(a) - table.offset(b))) {
    const context = contextOf(table.subject(row));
    const first = firstId.get(context);
    if (first === undefined) firstId.set(context, row);
    else if (table.id(first) !== table.id(row)) {
      const [a, b] = [table.state(first), table.state(row)];
      const at = { context, id: b.id, subject: b.subject, version: b.version, offsets: [a.offset, b.offset] };
      const message = `${b.subject} version ${b.version} has id ${b.id} for the schema that ${a.subject} version ${a.version} has as id ${a.id}.`;
      book.add('same-content-several-ids', at, message);
    }
  }
}

function* liveRows(state: StateReplay): Iterable<Row> {
  for (const subject of state.subjects()) {
    if (isReservedSubject(subject)) continue;
    for (const row of state.rows(subject)) if (!state.versionTable.isDeleted(row)) yield row;
  }
}

function checkGaps({ state, book }: Parts, context: string): void {
  const ids = state.idsInOrder(context);
  const max = state.maxId(context);
  const name = context === '' ? '' : ` of context ${context}`;
  book.add(
    'max-id',
    { context, id: max },
    `The highest id${name} is ${max}; ${counted(ids.length, 'id')} ${agreeing(ids.length, 'is', 'are')} there.`,
  );
  const ranges: string[] = [];
  let missing = 0;
  let gaps = 0;
  let next = 1;
  for (let at = 0; at <= ids.length; at++) {
    const id = ids[at] ?? max + 1;
    if (id > next) {
      missing += id - next;
      gaps++;
      if (ranges.length < MAX_RANGES) ranges.push(next === id - 1 ? `${next}` : `${next}-${id - 1}`);
    }
    next = Math.max(next, id + 1);
  }
  if (missing === 0) return;
  const more = gaps > ranges.length ? `, and ${gaps - ranges.length} ranges more` : '';
  book.add(
    'id-gap',
    { context },
    `${counted(missing, 'id')}${name} up to ${max} ${agreeing(missing, 'is', 'are')} missing: ${ranges.join(', ')}${more}.`,
  );
}

function checkVersions({ state, book }: Parts): void {
  const table = state.versionTable;
  let deleted = 0;
  let all = 0;
  for (const subject of state.subjects()) {
    const versions: number[] = [];
    for (const row of state.rows(subject)) {
      all++;
      if (table.isDeleted(row)) deleted++;
      versions.push(table.version(row));
    }
    const highest = versions.reduce((a, b) => Math.max(a, b), 0);
    if (highest === versions.length) continue;
    const there = new Set(versions);
    const missing: number[] = [];
    for (let version = 1; version <= highest && missing.length < MAX_RANGES; version++) {
      if (!there.has(version)) missing.push(version);
    }
    const count = highest - versions.length;
    const message = `${subject} lacks ${count} of its versions up to ${highest}: ${missing.join(', ')}${count > missing.length ? ', ...' : ''}.`;
    book.add('version-gap', { subject }, message);
  }
  if (deleted > 0)
    book.add(
      'soft-deleted',
      {},
      `${deleted} of ${counted(all, 'version')} ${agreeing(deleted, 'is', 'are')} soft-deleted.`,
    );
}
