/** Which id was the highest that a context ever gave out, and whether a record that stays still has it. */
import { contextOf } from '../../registry/subject-context.ts';
import { isReservedSubject, reservedSchema } from '../records/reserved-id.ts';
import type { ReadRecord, SchemaValue } from '../records/schemas-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

interface ContextIds {
  highest: number;
  /** Subjects and versions whose newest record has the highest id. */
  readonly holders: Set<string>;
  /** Of the subject that reserves ids. */
  reservedVersion: number;
}

/** Sees the records of one log in their order. Memory grows with contexts alone. */
export class HighestIds {
  private readonly contexts = new Map<string, ContextIds>();
  private readonly leavesOutUnreadable: boolean;

  /** `leavesOutUnreadable`: a record that can't be read will not be there, so what had its key before stays. */
  constructor({ leavesOutUnreadable = false }: { readonly leavesOutUnreadable?: boolean } = {}) {
    this.leavesOutUnreadable = leavesOutUnreadable;
  }

  /** Counts ids of records that nobody can read, too: they were given out all the same, but such a record holds none. */
  saw(read: ReadRecord): void {
    if (!read.ok) {
      if (read.claimed !== undefined) this.atLeast(contextOf(read.claimed.subject), read.claimed.id);
      if (read.overlooked?.kind === 'schema') {
        const { subject, value } = read.overlooked;
        this.atLeast(contextOf(subject), value.id);
      }
      // It has taken the key of a holder, if by nonsense: compaction removes the one before.
      if (!this.leavesOutUnreadable && read.subject !== undefined && read.version !== undefined) {
        this.ids(contextOf(read.subject)).holders.delete(`${read.version} ${read.subject}`);
      }
      return;
    }
    const { record } = read;
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

  /** An id that is known to have been given out, from wherever; no record of this log has it yet. */
  atLeast(context: string, id: number): void {
    const ids = this.ids(context);
    if (id <= ids.highest) return;
    ids.highest = id;
    ids.holders.clear();
  }

  /** By context; those without an id are left out. */
  get highest(): Readonly<Record<string, number>> {
    const known = [...this.contexts].filter(([, { highest }]) => highest > 0);
    return Object.fromEntries(known.map(([context, { highest }]) => [context, highest]));
  }

  /**
   * The schemas to write so that no id is given out twice.
   * Invariant 10: a restore never lowers the highest id.
   */
  reservations(): readonly { readonly context: string; readonly schema: SchemaValue }[] {
    return [...this.contexts]
      .filter(([, { highest, holders }]) => highest > 0 && holders.size === 0)
      .map(([context, { highest, reservedVersion }]) => ({
        context,
        schema: reservedSchema(context, highest, reservedVersion + 1),
      }));
  }

  private ids(context: string): ContextIds {
    const known = this.contexts.get(context);
    if (known !== undefined) return known;
    const fresh: ContextIds = { highest: 0, holders: new Set(), reservedVersion: 0 };
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
