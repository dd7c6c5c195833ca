/** Which id was the highest that a context ever gave out, and whether a record that stays still has it. */
import { contextOf } from '../../registry/subject-context.ts';
import { isReservedSubject, reservedSchema } from '../records/reserved-id.ts';
import type { ReadRecord, SchemasRecord, SchemaValue } from '../records/schemas-record.ts';
import { type DifferentlyRead, isReadDifferently } from '../records/vendor-reading.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

interface ContextIds {
  highest: number;
  /** Subjects and versions whose newest record has the highest id. */
  readonly holders: Set<string>;
  /** Of the subject that reserves ids. */
  reservedVersion: number;
  /** A record that vendors read differently has the highest id, or has taken the place of one that has it. */
  isDisputed: boolean;
}

/** Java's int: no registry gives out an id beyond it. */
const MAX_ID = 2_147_483_647;

/** Sees the records of one log in their order. Memory grows with contexts alone. */
export class HighestIds {
  private readonly contexts = new Map<string, ContextIds>();
  private readonly leavesOutUnreadable: boolean;

  /** `leavesOutUnreadable`: a record that no registry reads will not be there, so what had its key before stays. */
  constructor({ leavesOutUnreadable = false }: { readonly leavesOutUnreadable?: boolean } = {}) {
    this.leavesOutUnreadable = leavesOutUnreadable;
  }

  /** Counts ids of records that nobody can read, too: they were given out all the same, but such a record holds none. */
  saw(read: ReadRecord): void {
    if (read.ok) this.sawRecord(read.record);
    else if (isReadDifferently(read)) this.sawDisputed(read);
    else {
      if (read.claimed !== undefined) this.atLeast(contextOf(read.claimed.subject), read.claimed.id);
      // It has taken the key of a holder, if by nonsense: compaction removes the one before.
      if (!this.leavesOutUnreadable && read.subject !== undefined && read.version !== undefined) {
        this.ids(contextOf(read.subject)).holders.delete(`${read.version} ${read.subject}`);
      }
    }
  }

  private sawRecord(record: SchemasRecord): void {
    if (record.kind === 'schema') {
      const { subject, version, value } = record;
      const context = contextOf(subject);
      this.atLeast(context, value.id);
      const ids = this.ids(context);
      const place = `${version} ${subject}`;
      if (value.id === ids.highest) ids.holders.add(place);
      else ids.holders.delete(place);
      if (isReservedSubject(subject)) ids.reservedVersion = Math.max(ids.reservedVersion, version);
    } else if (record.kind === 'schema-gone') {
      this.ids(contextOf(record.subject)).holders.delete(`${record.version} ${record.subject}`);
    }
  }

  /**
   * Confluent's registry passes a record with another magic byte over: it holds no id, and its key is no other record's. One whose value is of
   * another place than its key holds its id as any does, by the key, which both registries keep until compaction takes it.
   */
  private sawDisputed(read: DifferentlyRead): void {
    const { overlooked, problem } = read;
    if (overlooked.kind !== 'schema') return;
    const { subject, version, value } = overlooked;
    for (const each of [overlooked, value]) {
      const context = contextOf(each.subject);
      this.atLeast(context, value.id);
      const ids = this.ids(context);
      if (isReservedSubject(each.subject)) ids.reservedVersion = Math.max(ids.reservedVersion, each.version);
      if (value.id === ids.highest) ids.isDisputed = true;
    }
    if (problem !== 'key-value-mismatch') return;
    const ids = this.ids(contextOf(subject));
    const place = `${version} ${subject}`;
    if (value.id === ids.highest) ids.holders.add(place);
    // Karapace goes by the value, and goes on reading the one before.
    else if (ids.holders.delete(place)) ids.isDisputed = true;
  }

  /** An id that is known to have been given out, from wherever; no record of this log has it yet. */
  atLeast(context: string, id: number): void {
    const ids = this.ids(context);
    if (id <= ids.highest) return;
    ids.highest = id;
    ids.isDisputed = false;
    ids.holders.clear();
  }

  /** By context; those without an id are left out. */
  get highest(): Readonly<Record<string, number>> {
    const known = [...this.contexts].filter(([, { highest }]) => highest > 0);
    return Object.fromEntries(known.map(([context, { highest }]) => [context, highest]));
  }

  /**
   * The schemas to write so that no id is given out twice. An id that stands for something to one vendor is left to it, and the next one
   * reserved: Karapace would read what reserves it in its place.
   * Invariant 10: a restore never lowers the highest id.
   */
  reservations(): readonly { readonly context: string; readonly schema: SchemaValue }[] {
    return [...this.contexts]
      .filter(([, { highest, holders }]) => highest > 0 && holders.size === 0)
      .map(([context, ids]) => ({ ...ids, context, id: ids.isDisputed ? ids.highest + 1 : ids.highest }))
      .filter(({ id }) => id <= MAX_ID)
      .map(({ context, id, reservedVersion }) => ({
        context,
        schema: reservedSchema(context, id, reservedVersion + 1),
      }));
  }

  private ids(context: string): ContextIds {
    const known = this.contexts.get(context);
    if (known !== undefined) return known;
    const fresh: ContextIds = { highest: 0, holders: new Set(), reservedVersion: 0, isDisputed: false };
    this.contexts.set(context, fresh);
    return fresh;
  }
}

/** Adds what the registry itself said at the time: it may know of ids that no record has any more. */
export async function addWitnessedIds(ids: HighestIds, snapshot: Snapshot): Promise<void> {
  for await (const witness of snapshot.witnesses()) {
    for (const [context, id] of Object.entries(witness.maxIds)) ids.atLeast(context, id);
    for await (const versions of witness.versions()) {
      for (const { subject, id } of versions) ids.atLeast(contextOf(subject), id);
    }
  }
}
