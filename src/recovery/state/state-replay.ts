/**
 * Reads records in offset order as one vendor's registry would (specs/registry.md, chapter 5, "Damage behaviour" and "Ids, split brain";
 * Confluent: KafkaStoreMessageHandler, InMemoryCache; Karapace: schema_reader.py, in_memory_database.py). Both are given one id space per
 * context, though Karapace takes `:.context:` for a part of the name; where its references lead goes by their names alone.
 */

import { contextOf } from '../../registry/subject-context.ts';
import type { SchemaReference } from '../../sdk/schema-view.ts';
import { LATEST, referencedSubject } from '../records/referenced-subject.ts';
import type { ReadRecord, SchemasRecord, SchemaValue } from '../records/schemas-record.ts';
import { recordReadBy } from '../records/vendor-reading.ts';
import { contentDigest, textDigest } from './content-digest.ts';
import type { RegistryState, ReplayVendor, VersionState } from './registry-state.ts';
import { RowLists } from './row-lists.ts';
import { SubjectRows } from './subject-rows.ts';
import { type Row, VersionTable } from './version-table.ts';

/** What the vendor made of a record. */
export type ReplayOutcome =
  | { readonly kind: 'applied' | 'no-meaning' | 'unreadable' | 'stale' }
  /** Its id stands for another text already; `holder` is where. Only Confluent's drops it. */
  | { readonly kind: 'duplicate-id'; readonly holder: VersionState }
  /** Only Karapace drops it. */
  | { readonly kind: 'dangling-reference'; readonly reference: SchemaReference }
  /** An empty value is no tombstone to Confluent's, which can't read it and goes on. */
  | { readonly kind: 'empty-ignored' };

const APPLIED: ReplayOutcome = { kind: 'applied' };
const NO_MEANING: ReplayOutcome = { kind: 'no-meaning' };
const UNREADABLE: ReplayOutcome = { kind: 'unreadable' };
const STALE: ReplayOutcome = { kind: 'stale' };
const EMPTY: ReplayOutcome = { kind: 'empty-ignored' };

interface Rules {
  /** Whose version an id answers from; `first` also drops a second text of the id, `all` keeps every version in the order of their coming. */
  readonly byId: 'first' | 'last' | 'all';
  readonly dropsDangling: boolean;
  /** An id goes on answering when its version is purged. */
  readonly keepsPurgedIds: boolean;
  readonly deletesByEmpty: boolean;
  /** Knows MODE and CLEAR_SUBJECT, and a removed level of the whole registry. */
  readonly hasModes: boolean;
  /** A reference without a context is one of the context of its schema; else its subject is that name, whatever it looks like. */
  readonly hasContexts: boolean;
}

const RULES: Readonly<Record<ReplayVendor, Rules>> = {
  confluent: {
    ...{ byId: 'first', dropsDangling: false, keepsPurgedIds: false },
    ...{ deletesByEmpty: false, hasModes: true, hasContexts: true },
  },
  karapace: {
    ...{ byId: 'last', dropsDangling: true, keepsPurgedIds: true },
    ...{ deletesByEmpty: true, hasModes: false, hasContexts: false },
  },
};
const EVERYTHING: Rules = { ...RULES.confluent, byId: 'all', deletesByEmpty: true };

type Setting = NonNullable<ReturnType<RegistryState['config']>>;

export interface StateReplayOptions {
  readonly vendor: ReplayVendor;
  /** Goes on where the vendor's reader dies. */
  readonly readsOn: boolean;
  /**
   * Keeps what the last record of every version says, whatever the vendor makes of it: a second text of an id, dangling references, empty
   * deletions. For looking at records, not at what a registry would answer; `byId` is then the first of several.
   */
  readonly keepsAll?: boolean;
}

export class StateReplay implements RegistryState {
  readonly vendor: ReplayVendor;
  private readonly readsOn: boolean;
  private readonly rules: Rules;
  private readonly table = new VersionTable();
  private readonly bySubject = new SubjectRows({ table: this.table });
  private readonly idsByContext = new Map<string, RowLists>();
  private readonly highest = new Map<string, number>();
  private readonly configs = new Map<string | null, Setting>();
  private readonly modes = new Map<string | null, Setting>();
  private diedAt: number | undefined;

  constructor(options: StateReplayOptions) {
    this.vendor = options.vendor;
    this.readsOn = options.readsOn;
    this.rules = options.keepsAll === true ? EVERYTHING : RULES[options.vendor];
  }

  apply(offset: number, read: ReadRecord): ReplayOutcome {
    this.seeId(read);
    if (this.staleFrom !== undefined) return STALE;
    const record = recordReadBy(this.vendor, read);
    if (record !== undefined) return this.applyRecord(offset, record);
    if (!read.ok && read.problem === 'unknown-keytype' && this.vendor === 'confluent') this.diedAt ??= offset;
    return UNREADABLE;
  }

  private seeId(read: ReadRecord): void {
    const record = read.ok ? read.record : read.overlooked;
    if (record?.kind !== 'schema') return;
    const context = contextOf(record.subject);
    this.highest.set(context, Math.max(record.value.id, this.highest.get(context) ?? 0));
  }

  private applyRecord(offset: number, record: SchemasRecord): ReplayOutcome {
    const isEmpty = 'absence' in record && record.absence === 'empty';
    if (isEmpty && !this.rules.deletesByEmpty) return EMPTY;
    switch (record.kind) {
      case 'schema':
        return this.applySchema(offset, record.subject, record.version, record.value);
      case 'schema-gone':
        this.purge(record.subject, record.version);
        return APPLIED;
      case 'config':
        if (record.value !== null) this.configs.set(record.subject, { value: record.value, offset });
        // Karapace keeps the whole registry's level until it is set to another one.
        else if (this.rules.hasModes || record.subject !== null) this.configs.delete(record.subject);
        return APPLIED;
      case 'mode':
        if (!this.rules.hasModes) return NO_MEANING;
        if (record.value === null) this.modes.delete(record.subject);
        else this.modes.set(record.subject, { value: record.value, offset });
        return APPLIED;
      case 'delete-subject':
        this.bySubject.softDelete(record.subject, record.version);
        return APPLIED;
      case 'clear-subject':
        if (!this.rules.hasModes) return NO_MEANING;
        this.clear(record.subject);
        return APPLIED;
      case 'delete-subject-gone':
      case 'noop':
      case 'other':
        return NO_MEANING;
    }
  }

  private applySchema(offset: number, subject: string, version: number, value: SchemaValue): ReplayOutcome {
    const context = contextOf(subject);
    const ids = this.idsOf(context);
    const text = textDigest(value.schema);
    if (this.rules.byId === 'first') {
      // The holder may be this very version: an id never gets another text, but by a tombstone first.
      const holder = ids.first(value.id);
      if (holder !== undefined && !this.table.hasText(holder, text)) {
        return { kind: 'duplicate-id', holder: this.table.state(holder) };
      }
    }
    if (this.rules.dropsDangling) {
      const reference = value.references.find((each) => this.target(context, each) === undefined);
      if (reference !== undefined) return { kind: 'dangling-reference', reference };
    }
    const { id, schemaType, references, deleted } = value;
    const content = contentDigest(value, this.vendor);
    this.put({ subject, version, id, schemaType, references, deleted, offset, content, text }, ids);
    return APPLIED;
  }

  private put(version: Parameters<VersionTable['add']>[0], ids: RowLists): void {
    const before = this.bySubject.row(version.subject, version.version);
    if (before !== undefined && this.table.id(before) === version.id) {
      this.table.set(before, version);
      this.bySubject.changed(before);
      if (this.rules.byId === 'last') ids.put(version.id, before);
      return;
    }
    if (before !== undefined && !this.rules.keepsPurgedIds) ids.remove(this.table.id(before), before);
    const row = this.table.add(version);
    this.bySubject.put(row);
    if (this.rules.byId === 'last') ids.put(version.id, row);
    else ids.add(version.id, row);
  }

  /** Karapace goes on answering for the id. */
  private purge(subject: string, version: number): void {
    const row = this.bySubject.row(subject, version);
    if (row === undefined) return;
    this.bySubject.remove(subject, version);
    if (!this.rules.keepsPurgedIds) this.idsOf(contextOf(subject)).remove(this.table.id(row), row);
  }

  /** Purges what is soft-deleted: of a subject, of a context (`:.context:`), or of all (InMemoryCache.clearSubjects). */
  private clear(scope: string | null): void {
    const isContext = scope !== null && /^:\.[^:]*:$/.test(scope);
    const subjects = scope === null || isContext ? this.bySubject.maybeDeleted() : [scope];
    for (const subject of subjects) {
      const context = contextOf(subject);
      if (isContext && context !== contextOf(scope)) continue;
      for (const row of this.bySubject.takeDeleted(subject)) this.idsOf(context).remove(this.table.id(row), row);
    }
  }

  /** As the vendor finds it now: Karapace looks among those that are not soft-deleted (schema_reader.py, `_resolve_reference`). */
  private target(context: string, reference: SchemaReference): Row | undefined {
    const subject = this.rules.hasContexts ? referencedSubject(context, reference.subject) : reference.subject;
    if (reference.version !== LATEST) {
      const row = this.bySubject.row(subject, reference.version);
      return row !== undefined && this.table.isDeleted(row) ? undefined : row;
    }
    return this.bySubject.latest(subject);
  }

  private idsOf(context: string): RowLists {
    const known = this.idsByContext.get(context);
    if (known !== undefined) return known;
    const made = new RowLists({ table: this.table });
    this.idsByContext.set(context, made);
    return made;
  }

  get staleFrom(): number | undefined {
    return this.readsOn ? undefined : this.diedAt;
  }

  subjects(): Iterable<string> {
    return this.bySubject.names();
  }

  versions(subject: string): readonly VersionState[] {
    const states = [...this.bySubject.rows(subject)].map((row) => this.table.state(row));
    return states.sort((a, b) => a.version - b.version);
  }

  version(subject: string, version: number): VersionState | undefined {
    const row = this.bySubject.row(subject, version);
    return row === undefined ? undefined : this.table.state(row);
  }

  byId(context: string, id: number): VersionState | undefined {
    const row = this.idsByContext.get(context)?.first(id);
    return row === undefined ? undefined : this.table.state(row);
  }

  /** All versions that carry the id, where all are kept; one row each, in the order of their coming. */
  rowsOf(context: string, id: number): Iterable<Row> {
    return this.idsByContext.get(context)?.all(id) ?? [];
  }

  /** The first of {@link rowsOf}. */
  firstRowOf(context: string, id: number): Row | undefined {
    return this.idsByContext.get(context)?.first(id);
  }

  rowOf(subject: string, version: number): Row | undefined {
    return this.bySubject.row(subject, version);
  }

  rows(subject: string): Iterable<Row> {
    return this.bySubject.rows(subject);
  }

  /** The columns behind the rows. */
  get versionTable(): VersionTable {
    return this.table;
  }

  /** The row that a reference leads to, soft-deleted or not. */
  rowReferred(from: string, { subject, version }: SchemaReference): Row | undefined {
    const target = referencedSubject(contextOf(from), subject);
    return version === LATEST ? this.bySubject.latest(target) : this.bySubject.row(target, version);
  }

  ids(context: string): Iterable<number> {
    return this.idsByContext.get(context)?.keys() ?? [];
  }

  /** As {@link ids}, ascending, in 4 bytes each. */
  idsInOrder(context: string): Int32Array {
    return this.idsByContext.get(context)?.inOrder() ?? new Int32Array();
  }

  contexts(): Iterable<string> {
    return this.highest.keys();
  }

  maxId(context: string): number {
    return this.highest.get(context) ?? 0;
  }

  config(subject: string | null): Setting | undefined {
    return this.configs.get(subject);
  }

  mode(subject: string | null): Setting | undefined {
    return this.modes.get(subject);
  }

  configSubjects(): Iterable<string | null> {
    return this.configs.keys();
  }

  modeSubjects(): Iterable<string | null> {
    return this.modes.keys();
  }
}
