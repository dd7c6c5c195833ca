/** Looks at the texts of all versions, each content of an id once. */

import { LruCache } from '../../foundation/lru-cache.ts';
import { contextOf } from '../../registry/subject-context.ts';
import { readRecord } from '../records/read-record.ts';
import type { SchemaValue } from '../records/schemas-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { StateReplay } from '../state/state-replay.ts';
import type { Row } from '../state/version-table.ts';
import type { FindingBook } from './finding-book.ts';
import { schemasAt } from './same-form.ts';
import type { SchemaTexts } from './schema-texts.ts';

/** Referenced texts that are kept: the same few are referred to by many. */
const KEPT_TEXTS = 500;

export class TextsCheck {
  private readonly state: StateReplay;
  private readonly snapshot: Snapshot;
  private readonly book: FindingBook;
  private readonly texts: SchemaTexts;
  private readonly broken: ReadonlySet<Row>;
  private readonly byOffset = new LruCache<number, string>({ maxEntries: KEPT_TEXTS });

  constructor(parts: {
    readonly state: StateReplay;
    readonly snapshot: Snapshot;
    readonly book: FindingBook;
    readonly texts: SchemaTexts;
    /** Whose references do not lead to the end: they can't be parsed, and have findings of their own. */
    readonly broken: ReadonlySet<Row>;
  }) {
    this.state = parts.state;
    this.snapshot = parts.snapshot;
    this.book = parts.book;
    this.texts = parts.texts;
    this.broken = parts.broken;
  }

  async run(progress: (records: number) => void, signal: AbortSignal | undefined): Promise<void> {
    let records = 0;
    for await (const batch of this.snapshot.records()) {
      signal?.throwIfAborted();
      for (const raw of batch) {
        const read = readRecord(raw);
        const record = read.ok ? read.record : read.overlooked;
        if (record?.kind !== 'schema') continue;
        const row = this.state.rowOf(record.subject, record.version);
        if (row === undefined || this.state.versionTable.offset(row) !== raw.offset) continue;
        if (this.isFirst(row)) await this.check(row, record.value);
      }
      records += batch.length;
      progress(records);
    }
  }

  /** Whether no earlier version of the same id has this content. */
  private isFirst(row: Row): boolean {
    const table = this.state.versionTable;
    const [first] = this.state.rowsOf(contextOf(table.subject(row)), table.id(row));
    return first === undefined || first === row || table.compareContents(first, row) !== 0;
  }

  private async check(row: Row, { schemaType, schema, references }: SchemaValue): Promise<void> {
    const { subject, version, id, offset } = this.state.versionTable.state(row);
    let texts: readonly string[] = [];
    if (schemaType === 'AVRO' && references.length > 0) {
      const targets = this.inOrder(row);
      if (targets === undefined) return;
      texts = await this.textsOf(targets);
    }
    const problem = this.texts.problemOf(schemaType, schema, texts);
    if (problem === undefined) return;
    const at = { subject, version, id, context: contextOf(subject), offsets: [offset] };
    const name = `${subject} version ${version} (id ${id})`;
    if (problem.kind === 'unknown-type') {
      this.book.add('unknown-schema-type', at, `${name} is of type ${schemaType.slice(0, 80)}.`);
    } else if (problem.kind === 'unparsable') {
      this.book.add('unparsable-schema', at, `${name} is no ${schemaType} schema: ${problem.reason}.`);
    } else this.book.add('invalid-json-schema', at, `${name}: ${problem.reason}.`);
  }

  /** All that a schema needs, those first that the later ones need; undefined: some of it is missing or goes in a circle. */
  private inOrder(row: Row): readonly Row[] | undefined {
    const { state, broken } = this;
    const found = new Set<Row>();
    const open: { readonly row: Row; isVisited: boolean }[] = [{ row, isVisited: false }];
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      if (broken.has(top.row)) return undefined;
      if (top.isVisited || found.has(top.row)) {
        open.pop();
        found.add(top.row);
        continue;
      }
      top.isVisited = true;
      const subject = state.versionTable.subject(top.row);
      for (const reference of state.versionTable.referencesOf(top.row).toReversed()) {
        const target = state.rowReferred(subject, reference);
        if (target === undefined) return undefined;
        if (!found.has(target)) open.push({ row: target, isVisited: false });
      }
    }
    found.delete(row);
    return [...found];
  }

  private async textsOf(rows: readonly Row[]): Promise<readonly string[]> {
    const offsets = rows.map((row) => this.state.versionTable.offset(row));
    const texts = new Map<number, string>();
    for (const offset of offsets) {
      const text = this.byOffset.get(offset);
      if (text !== undefined) texts.set(offset, text);
    }
    const lacking = offsets.filter((offset) => !texts.has(offset));
    for (const [offset, { schema }] of await schemasAt(this.snapshot, lacking)) {
      texts.set(offset, schema);
      this.byOffset.set(offset, schema);
    }
    return offsets.map((offset) => texts.get(offset) ?? '');
  }
}
