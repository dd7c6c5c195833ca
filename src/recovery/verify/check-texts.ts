/** Looks at the texts of all versions, each content of an id once. */

import { LruCache } from '../../foundation/lru-cache.ts';
import { contextOf } from '../../registry/subject-context.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';
import type { SchemaValue } from '../records/schemas-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { StateReplay } from '../state/state-replay.ts';
import type { Row } from '../state/version-table.ts';
import type { FindingBook } from './finding-book.ts';
import type { NamedText } from './named-text.ts';
import { schemasAt } from './same-form.ts';
import { NO_TEXTS, needsTexts, type ReferredTexts, type SchemaTexts } from './schema-texts.ts';
import type { SoundTexts } from './sound-texts.ts';

/** Referenced texts that are kept: the same few are referred to by many. */
const KEPT_TEXTS = 500;
/** Of one schema, its references' own counted: what has more is looked at with the names that its own references define. */
const MAX_REFERRED = 50;
/** Records that are read by their offsets at a time. */
const BATCH = 50;
/** Fewer than one in so many: they are read by their offsets, and not all of the snapshot. */
const FEW = 64;

export class TextsCheck {
  private readonly state: StateReplay;
  private readonly snapshot: Snapshot;
  private readonly book: FindingBook;
  private readonly texts: SchemaTexts;
  private readonly broken: ReadonlySet<Row>;
  private readonly sound: SoundTexts;
  private readonly byOffset = new LruCache<number, string>({ maxEntries: KEPT_TEXTS });

  constructor(parts: {
    readonly state: StateReplay;
    readonly snapshot: Snapshot;
    readonly book: FindingBook;
    readonly texts: SchemaTexts;
    /** Whose references do not lead to the end: they can't be parsed, and have findings of their own. */
    readonly broken: ReadonlySet<Row>;
    /** What was judged already while the state was read. */
    readonly sound: SoundTexts;
  }) {
    this.state = parts.state;
    this.snapshot = parts.snapshot;
    this.book = parts.book;
    this.texts = parts.texts;
    this.broken = parts.broken;
    this.sound = parts.sound;
  }

  async run(progress: (records: number) => void, signal: AbortSignal | undefined): Promise<void> {
    let records = 0;
    for await (const batch of this.toJudge(signal)) {
      signal?.throwIfAborted();
      for (const raw of batch) {
        const read = readRecord(raw);
        const record = read.ok ? read.record : read.overlooked;
        if (record?.kind !== 'schema') continue;
        const row = this.state.rowOf(record.subject, record.version);
        if (row === undefined || this.state.versionTable.offset(row) !== raw.offset) continue;
        if (!this.sound.has(row) && this.isFirst(row)) await this.check(row, record.value);
      }
      records += batch.length;
      progress(records);
    }
  }

  /** The records of all that is not known to be sound, and maybe others. */
  private async *toJudge(signal: AbortSignal | undefined): AsyncIterable<readonly RawRecord[]> {
    const { snapshot } = this;
    const offsets = this.offsetsBesideSound();
    if (offsets.length * FEW > snapshot.facts.records) {
      yield* snapshot.records();
      return;
    }
    for (let at = 0; at < offsets.length; at += BATCH) {
      signal?.throwIfAborted();
      const found = await snapshot.at([...offsets.subarray(at, at + BATCH)]);
      yield found.filter((raw): raw is RawRecord => raw !== undefined);
    }
  }

  /** Ascending. */
  private offsetsBesideSound(): Float64Array {
    const { state, sound } = this;
    const offsets: number[] = [];
    for (const subject of state.subjects()) {
      for (const row of state.rows(subject)) if (!sound.has(row)) offsets.push(state.versionTable.offset(row));
    }
    return Float64Array.from(offsets).sort();
  }

  /** Whether no earlier version of the same id has this content. */
  private isFirst(row: Row): boolean {
    const table = this.state.versionTable;
    const first = this.state.firstRowOf(contextOf(table.subject(row)), table.id(row));
    return first === undefined || first === row || table.compareContents(first, row) !== 0;
  }

  private async check(row: Row, value: SchemaValue): Promise<void> {
    const { schemaType, schema } = value;
    const { subject, version, id, offset } = this.state.versionTable.state(row);
    const referred = needsTexts(value) ? await this.referredTexts(row) : NO_TEXTS;
    if (referred === undefined) return;
    const problem = this.texts.problemOf(schemaType, schema, referred);
    if (problem === undefined) return;
    const at = { subject, version, id, context: contextOf(subject), offsets: [offset] };
    const name = `${subject} version ${version} (id ${id})`;
    if (problem.kind === 'unknown-type') {
      this.book.add('unknown-schema-type', at, `${name} is of type ${schemaType.slice(0, 80)}.`);
    } else if (problem.kind === 'unknown-draft') {
      this.book.add('unchecked-json-schema', at, `${name} says to be of ${problem.reason}.`);
    } else if (problem.kind === 'unchecked') {
      this.book.add('unchecked-schema', at, `${name} can't be parsed here as ${schemaType}: ${problem.reason}.`);
    } else if (problem.kind === 'unparsable') {
      this.book.add('unparsable-schema', at, `${name} is no ${schemaType} schema: ${problem.reason}.`);
    } else this.book.add('invalid-json-schema', at, `${name}: ${problem.reason}.`);
  }

  /** undefined: some of it is missing or goes in a circle, which has a finding of its own. */
  private async referredTexts(row: Row): Promise<ReferredTexts | undefined> {
    const all = this.inOrder(row);
    if (all === 'broken') return undefined;
    const direct = this.referencesOf(row);
    if (all === 'many' && direct.length > KEPT_TEXTS) return undefined;
    const texts = await this.textsOf([...(all === 'many' ? [] : all), ...direct].map((each) => each.row));
    const named = ({ name, row: of }: Referred): NamedText => ({
      name,
      text: texts.get(this.state.versionTable.offset(of)) ?? '',
    });
    return { direct: direct.map(named), all: all === 'many' ? undefined : all.map(named) };
  }

  /** All that a schema needs, those first that the later ones need; not all of it where that is too much. */
  private inOrder(row: Row): readonly Referred[] | 'broken' | 'many' {
    const { broken } = this;
    const found = new Map<Row, string>();
    const open: { readonly row: Row; readonly name: string; isVisited: boolean }[] = [
      { row, name: '', isVisited: false },
    ];
    let visited = 0;
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      if (broken.has(top.row)) return 'broken';
      if (top.isVisited || found.has(top.row)) {
        open.pop();
        if (!found.has(top.row)) found.set(top.row, top.name);
        continue;
      }
      if (visited++ > MAX_REFERRED) return 'many';
      top.isVisited = true;
      for (const each of this.referencesOf(top.row).toReversed()) {
        if (!found.has(each.row)) open.push({ ...each, isVisited: false });
      }
    }
    found.delete(row);
    return [...found].map(([of, name]) => ({ row: of, name }));
  }

  private referencesOf(row: Row): readonly Referred[] {
    const { state } = this;
    const subject = state.versionTable.subject(row);
    return state.versionTable.referencesOf(row).flatMap((reference) => {
      const target = state.rowReferred(subject, reference);
      return target === undefined ? [] : { row: target, name: reference.name };
    });
  }

  /** By offset. */
  private async textsOf(rows: readonly Row[]): Promise<ReadonlyMap<number, string>> {
    const texts = new Map<number, string>();
    const lacking: number[] = [];
    for (const row of rows) {
      const offset = this.state.versionTable.offset(row);
      const text = this.byOffset.get(offset);
      if (text === undefined) lacking.push(offset);
      else texts.set(offset, text);
    }
    for (const [offset, { schema }] of await schemasAt(this.snapshot, lacking)) {
      texts.set(offset, schema);
      this.byOffset.set(offset, schema);
    }
    return texts;
  }
}

interface Referred {
  readonly row: Row;
  /** As the reference calls it. */
  readonly name: string;
}
