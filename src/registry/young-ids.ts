/**
 * The ids that a view was given so recently that they are still to be looked at once more, and which records carry them.
 *
 * Invariant 5: until the second look has confirmed an id, a mismatch must be able to name exactly the records that it touches.
 */
import type { Clock } from '../foundation/clock.ts';
import { type RecordRange, RecordRanges } from '../sdk/record/record-ranges.ts';
import type { Acknowledgement } from './registry-knowledge.ts';

interface YoungId {
  /** Ids count per context. */
  readonly context: string;
  readonly until: number;
  readonly records: RecordRanges;
}

/** Kept for that long without a word of the second look: a registry that is away for hours has none. */
const KEPT_MS = 60 * 60_000;
/** The oldest go first. */
const MAX_IDS = 1_000;

export class YoungIds {
  private readonly clock: Clock;
  private readonly secondLookMs: number;
  private readonly ids = new Map<number, YoungId>();

  constructor(options: {
    readonly clock: Clock;
    /** `registry.second.look.ms` after its acknowledgement an id is looked at once more; later when the registry is away then. */
    readonly secondLookMs: number;
  }) {
    this.clock = options.clock;
    this.secondLookMs = options.secondLookMs;
  }

  /** False nearly always. */
  get any(): boolean {
    if (this.ids.size === 0) return false;
    const now = this.clock.now();
    for (const [id, { until }] of this.ids) if (until <= now) this.ids.delete(id);
    return this.ids.size > 0;
  }

  /** An id may be written from now on. One whose acknowledgement is renewed keeps its records. */
  given(context: string, id: number, { at }: Acknowledgement): void {
    const now = this.clock.now();
    if (now - at >= this.secondLookMs && !this.ids.has(id)) return;
    const records = this.ids.get(id)?.records ?? new RecordRanges();
    this.ids.delete(id);
    this.ids.set(id, { context, until: Math.max(at, now) + KEPT_MS, records });
    const [oldest] = this.ids.keys();
    if (this.ids.size > MAX_IDS && oldest !== undefined) this.ids.delete(oldest);
  }

  carried(id: number, topic: string, partition: number, offset: number): void {
    this.ids.get(id)?.records.add(topic, partition, offset);
  }

  confirmed(context: string, ids: readonly number[]): void {
    for (const id of ids) if (this.ids.get(id)?.context === context) this.ids.delete(id);
  }

  /** The records with this id, or with any. */
  recordsOf(id: number | null): readonly RecordRange[] {
    if (id !== null) return this.ids.get(id)?.records.list() ?? [];
    const all = new RecordRanges();
    for (const { records } of this.ids.values()) for (const range of records.list()) all.addRange(range);
    return all.list();
  }
}

/**
 * Keeps for the next run of a task what is known of the one before: an operator who restarts a task that was stopped is told the same
 * records again if nothing has changed.
 */
export class YoungIdsOfTasks {
  private readonly clock: Clock;
  private readonly byOwner = new Map<string, { readonly registryId: string; readonly young: YoungIds }>();

  constructor(options: { readonly clock: Clock }) {
    this.clock = options.clock;
  }

  /** The same for every view of an owner, one after the other, on one registry. */
  of(owner: string, registryId: string, secondLookMs: number): YoungIds {
    const key = JSON.stringify([owner, registryId]);
    let known = this.byOwner.get(key);
    if (known === undefined) {
      known = { registryId, young: new YoungIds({ clock: this.clock, secondLookMs }) };
      this.byOwner.set(key, known);
    }
    return known.young;
  }

  /** A view is closed: what nobody needs is forgotten. */
  tidy(): void {
    for (const [key, { young }] of this.byOwner) if (!young.any) this.byOwner.delete(key);
  }

  confirmed(registryId: string, context: string, ids: readonly number[]): void {
    for (const each of this.byOwner.values()) if (each.registryId === registryId) each.young.confirmed(context, ids);
  }
}
