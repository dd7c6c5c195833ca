/**
 * Every id that a view was given, what was said against them since, and which records carry those that are still to be confirmed.
 *
 * Invariant 6: who has used an id that turns out to mean something else stops, however idle it is, and though the view may have forgotten
 * the answer.
 */
import { type ConnectError, errorFromWire, IntegrityError } from '../sdk/errors/index.ts';
import type { RecordRange } from '../sdk/record/record-ranges.ts';
import type { RegisteredSchema } from '../sdk/schema-view.ts';
import { contentFingerprint } from './fingerprint.ts';
import { RegistryIntegrityError } from './registry-errors.ts';
import type { Acknowledgement } from './registry-knowledge.ts';
import type { RegistryNotice } from './registry-notices.ts';
import type { YoungIds } from './young-ids.ts';

export type Contradiction = Extract<RegistryNotice, { kind: 'contradicted' | 'distrusted' }>;

interface IdInContext {
  readonly context: string;
  readonly id: number;
}

export class IdsInUse {
  readonly young: YoungIds;
  private readonly stop: ((error: ConnectError) => void) | undefined;
  /** By context and id: what it means; null for kinds of schemas of which a registry gives more than one form. */
  private readonly used = new Map<string, Map<number, string | null>>();
  /** By message; the id it is about, or null for the whole registry. */
  private readonly contradictions = new Map<string, IdInContext | null>();

  constructor(options: {
    readonly young: YoungIds;
    /** Told once per contradiction of something that is used. */
    readonly stop: ((error: ConnectError) => void) | undefined;
  }) {
    this.young = options.young;
    this.stop = options.stop;
  }

  /**
   * The view was given an id. Returns the error if it means something else than before: the coordinator compares too, and remembers for
   * longer, but nobody else knows what this very task has used.
   */
  given(context: string, schema: RegisteredSchema, acknowledgement: Acknowledgement): ConnectError | null {
    const { id } = schema;
    const meaning = schema.schemaType === 'AVRO' ? contentFingerprint(schema) : null;
    const ids = this.used.get(context) ?? new Map<number, string | null>();
    this.used.set(context, ids);
    const before = ids.get(id) ?? null;
    if (before !== null && before !== meaning) {
      const error = new RegistryIntegrityError(
        `Schema id ${id} resolves to other content than this task was given before. Compare the versions of its schema in the _schemas ` +
          'topic before going on.',
        { details: { id, context, before, now: meaning } },
      );
      this.told(error, { context, id });
      return error;
    }
    ids.set(id, meaning);
    this.young.given(context, id, acknowledgement);
    return null;
  }

  /** Stops who has used what is contradicted. Returns the error for whoever asks again. */
  contradicted(notice: Contradiction): ConnectError {
    const decoded = errorFromWire(notice.error);
    const error = decoded instanceof IntegrityError ? decoded : new RegistryIntegrityError(decoded.message);
    const isUsed =
      notice.kind === 'distrusted' ? this.used.size > 0 : this.used.get(notice.context)?.has(notice.id) === true;
    if (isUsed) this.told(error, notice.kind === 'contradicted' ? notice : null);
    return error;
  }

  /**
   * A record with this id was written. It doesn't say of which context the id is: of one that the view was given it for, and if it was for
   * several, the record counts for each.
   */
  carried(id: number, topic: string, partition: number, offset: number): void {
    let first: string | undefined;
    let isShared = false;
    for (const [context, ids] of this.used) {
      if (!ids.has(id)) continue;
      isShared = first !== undefined;
      if (isShared) break;
      first = context;
    }
    if (first === undefined) return;
    if (!isShared) this.young.carried(first, id, topic, partition, offset);
    else
      for (const [context, ids] of this.used)
        if (ids.has(id)) this.young.carried(context, id, topic, partition, offset, true);
  }

  /** The records that carry what the error is about. */
  recordsOf(error: ConnectError): readonly RecordRange[] {
    const known = this.contradictions.get(error.message);
    if (known === null) return this.young.allRecords();
    if (known !== undefined) return this.young.recordsOf(known.context, known.id);
    const { id, context } = (error instanceof IntegrityError ? error.details : undefined) ?? {};
    if (typeof id !== 'number') return [];
    return this.young.recordsOf(typeof context === 'string' ? context : '', id);
  }

  private told(error: ConnectError, about: IdInContext | null): void {
    if (this.contradictions.has(error.message)) return;
    this.contradictions.set(error.message, about);
    this.stop?.(error);
  }
}
