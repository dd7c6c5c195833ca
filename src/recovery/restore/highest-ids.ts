/** Which id was the highest that a context ever gave out, and whether a record that stays still has it. */
import { contextOf } from '../../registry/subject-context.ts';
import { isReservedSubject, reservedSchema } from '../records/reserved-id.ts';
import type { ReadRecord, SchemasRecord, SchemaValue } from '../records/schemas-record.ts';
import { type DifferentlyRead, isReadDifferently } from '../records/vendor-reading.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

interface ContextIds {
  /** Of the log's records. */
  highest: number;
  /** That is known from elsewhere. */
  known: number;
  /** Keys whose newest record has the highest id. */
  readonly holders: Set<string>;
  /** A registry may have it from a record of before the writing, or gets it by what is written. */
  isHeld: boolean;
  /** While it was written, no record had it, nor a higher one. */
  wasLetGo: boolean;
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
  private isWriting = false;

  /** `leavesOutUnreadable`: a record that no registry reads will not be there, so what had its key before stays; keys in an old form become those of today. */
  constructor({ leavesOutUnreadable = false }: { readonly leavesOutUnreadable?: boolean } = {}) {
    this.leavesOutUnreadable = leavesOutUnreadable;
  }

  /** What was seen is there, and what is seen from now on is written behind it, after the {@link reservations}. */
  writes(): void {
    this.isWriting = true;
    for (const ids of this.contexts.values()) if (ids.holders.size > 0) ids.isHeld = true;
  }

  /** Counts ids of records that nobody can read, too: they were given out all the same, but such a record holds none. */
  saw(read: ReadRecord): void {
    if (read.ok) this.sawRecord(read.record, read.hasCanonicalKey || this.leavesOutUnreadable);
    else if (isReadDifferently(read)) this.sawDisputed(read);
    else {
      if (read.claimed !== undefined) this.atLeast(contextOf(read.claimed.subject), read.claimed.id);
      // It has taken the key of a holder, if by nonsense: compaction removes the one before.
      const { subject, version } = read;
      if (!this.leavesOutUnreadable && subject !== undefined && version !== undefined) {
        for (const isCanonical of [true, false]) this.replace(subject, version, isCanonical);
      }
    }
  }

  private sawRecord(record: SchemasRecord, isCanonical: boolean): void {
    if (record.kind === 'schema') {
      const { subject, version, value } = record;
      const ids = this.raised(contextOf(subject), value.id);
      if (value.id < ids.highest) this.replace(subject, version, isCanonical);
      else {
        ids.holders.add(keyOf(subject, version, isCanonical));
        ids.isHeld ||= this.isWriting;
      }
      if (isReservedSubject(subject)) ids.reservedVersion = Math.max(ids.reservedVersion, version);
    } else if (record.kind === 'schema-gone') {
      this.letGo(record.subject, record.version, isCanonical);
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
      const ids = this.raised(contextOf(each.subject), value.id);
      if (isReservedSubject(each.subject)) ids.reservedVersion = Math.max(ids.reservedVersion, each.version);
      if (value.id === ids.highest) ids.isDisputed = true;
    }
    if (problem !== 'key-value-mismatch') return;
    const ids = this.ids(contextOf(subject));
    if (value.id === ids.highest) ids.holders.add(keyOf(subject, version, true));
    // Karapace goes by the value, and goes on reading the one before.
    else {
      for (const isCanonical of [true, false]) {
        if (ids.holders.has(keyOf(subject, version, isCanonical))) ids.isDisputed = true;
        this.replace(subject, version, isCanonical);
      }
    }
  }

  /** A record has the id. */
  private raised(context: string, id: number): ContextIds {
    const ids = this.ids(context);
    if (id > ids.highest) {
      ids.highest = id;
      ids.holders.clear();
      ids.isHeld = false;
      ids.isDisputed = false;
    }
    return ids;
  }

  /** By something that a registry may drop, and then goes on with what it had. */
  private replace(subject: string, version: number, isCanonical: boolean): void {
    const ids = this.ids(contextOf(subject));
    if (ids.holders.has(keyOf(subject, version, isCanonical))) {
      ids.isHeld = true;
      this.letGo(subject, version, isCanonical);
    }
  }

  private letGo(subject: string, version: number, isCanonical: boolean): void {
    const ids = this.ids(contextOf(subject));
    ids.holders.delete(keyOf(subject, version, isCanonical));
    // Where no record had it from the start, what goes may have the highest that was left.
    if (this.isWriting && ids.holders.size === 0) ids.wasLetGo = true;
  }

  /** An id that is known to have been given out, from wherever; a record of this log may have it, or none. */
  atLeast(context: string, id: number): void {
    const ids = this.ids(context);
    ids.known = Math.max(ids.known, id);
  }

  /** By context; those without an id are left out. */
  get highest(): Readonly<Record<string, number>> {
    const known = [...this.contexts].map(([context, ids]) => [context, highestOf(ids)] as const);
    return Object.fromEntries(known.filter(([, highest]) => highest > 0));
  }

  /**
   * The schemas to write so that no id is given out twice. An id that stands for something to one vendor is left to it, and the next one
   * reserved: Karapace would read what reserves it in its place. Where something is written, they come before all of that, so that none is where it
   * is ended at any record and compacted: and as Confluent's registry drops a second text of an id, the next one is reserved where a version
   * has the highest, or gets it.
   * Invariant 10: a restore never lowers the highest id.
   */
  reservations(): readonly { readonly context: string; readonly schema: SchemaValue }[] {
    return [...this.contexts].flatMap(([context, ids]) => {
      const highest = highestOf(ids);
      if (highest === 0 || (ids.known <= ids.highest && ids.holders.size > 0 && !ids.wasLetGo)) return [];
      const isTaken = ids.known <= ids.highest && (ids.isDisputed || (this.isWriting && ids.isHeld));
      const id = isTaken ? highest + 1 : highest;
      if (id > MAX_ID) return [];
      return [{ context, schema: reservedSchema(context, id, ids.reservedVersion + 1) }];
    });
  }

  private ids(context: string): ContextIds {
    const known = this.contexts.get(context);
    if (known !== undefined) return known;
    const fresh: ContextIds = {
      ...{ highest: 0, known: 0, holders: new Set<string>() },
      ...{ isHeld: false, wasLetGo: false, reservedVersion: 0, isDisputed: false },
    };
    this.contexts.set(context, fresh);
    return fresh;
  }
}

function highestOf({ highest, known }: ContextIds): number {
  return Math.max(highest, known);
}

/** To compaction, a key in an old form is another one. */
function keyOf(subject: string, version: number, isCanonical: boolean): string {
  return `${version}${isCanonical ? '' : '~'} ${subject}`;
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
