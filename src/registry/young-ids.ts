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
  readonly records: RecordRanges | null;
}

/** Kept for that long without a word of the second look: a registry that is away for hours has none. */
const KEPT_MS = 60 * 60_000;
/** Ids whose records are kept apart, as many as are queued for their second look. What carries the oldest beyond them is kept in sum. */
const MAX_IDS = 20_000;

export class YoungIds {
  private readonly clock: Clock;
  private readonly secondLookMs: number;
  /** By age. */
  private readonly ids = new Map<number, YoungId>();
  private readonly maxIds: number;
  /** By id: the context. Their records are in `together`. */
  private readonly crowded = new Map<number, string>();
  private together = new RecordRanges();
  private togetherUntil = 0;

  constructor(options: {
    readonly clock: Clock;
    /** `registry.second.look.ms` after its acknowledgement an id is looked at once more; later when the registry is away then. */
    readonly secondLookMs: number;
    /** 20,000 by default. */
    readonly maxIds?: number;
  }) {
    this.clock = options.clock;
    this.secondLookMs = options.secondLookMs;
    this.maxIds = options.maxIds ?? MAX_IDS;
  }

  /** False nearly always. */
  get any(): boolean {
    if (this.ids.size === 0 && this.crowded.size === 0) return false;
    const now = this.clock.now();
    for (const [id, { until }] of this.ids) {
      if (until > now) break;
      this.ids.delete(id);
    }
    if (this.crowded.size > 0 && this.togetherUntil <= now) this.forgetCrowded();
    return this.ids.size > 0 || this.crowded.size > 0;
  }

  /** An id may be written from now on. One whose acknowledgement is renewed keeps its records. */
  given(context: string, id: number, { at }: Acknowledgement): void {
    const now = this.clock.now();
    const before = this.ids.get(id);
    if (now - at >= this.secondLookMs && before === undefined) return;
    this.ids.delete(id);
    this.ids.set(id, { context, until: now + KEPT_MS, records: before?.records ?? null });
    if (this.ids.size > this.maxIds) this.crowdOut();
  }

  carried(id: number, topic: string, partition: number, offset: number): void {
    const young = this.ids.get(id);
    if (young !== undefined) {
      const records = young.records ?? new RecordRanges();
      if (young.records === null) this.ids.set(id, { ...young, records });
      records.add(topic, partition, offset);
    } else if (this.crowded.has(id)) {
      this.together.addRange({ topic, partition, first: offset, last: offset, isCoarse: true });
    }
  }

  confirmed(context: string, ids: readonly number[]): void {
    for (const id of ids) {
      if (this.ids.get(id)?.context === context) this.ids.delete(id);
      if (this.crowded.get(id) === context) this.crowded.delete(id);
    }
    if (this.crowded.size === 0) this.forgetCrowded();
  }

  /** The records with this id, or with any; coarse ones where ids were too many to keep their records apart. */
  recordsOf(id: number | null): readonly RecordRange[] {
    const found = new RecordRanges();
    const addAll = (records: RecordRanges | null | undefined): void => {
      for (const range of records?.list() ?? []) found.addRange(range);
    };
    if (id === null) for (const { records } of this.ids.values()) addAll(records);
    else addAll(this.ids.get(id)?.records);
    if (id === null || this.crowded.has(id)) addAll(this.together);
    return found.list();
  }

  /** Invariant 5: the oldest is no more told from others like it, but what carries it is not forgotten. */
  private crowdOut(): void {
    const [oldest] = this.ids;
    if (oldest === undefined) return;
    const [id, { context, until, records }] = oldest;
    this.ids.delete(id);
    this.crowded.set(id, context);
    this.togetherUntil = Math.max(this.togetherUntil, until);
    for (const range of records?.list() ?? []) this.together.addRange({ ...range, isCoarse: true });
  }

  private forgetCrowded(): void {
    this.crowded.clear();
    this.together = new RecordRanges();
  }
}

/**
 * Keeps for the next run of a task what is known of the one before: an operator who restarts a task that was stopped is told the same
 * records again if nothing has changed.
 */
export class YoungIdsOfTasks {
  private readonly clock: Clock;
  private readonly byOwner = new Map<
    string,
    { readonly registryId: string; readonly young: YoungIds; views: number }
  >();

  constructor(options: { readonly clock: Clock }) {
    this.clock = options.clock;
  }

  /** A view opens: it shares them with every other view of its owner on this registry. Call the returned function when it closes. */
  open(
    owner: string,
    registryId: string,
    secondLookMs: number,
  ): { readonly young: YoungIds; readonly close: () => void } {
    const key = JSON.stringify([owner, registryId]);
    const entry = this.byOwner.get(key) ?? {
      registryId,
      young: new YoungIds({ clock: this.clock, secondLookMs }),
      views: 0,
    };
    this.byOwner.set(key, entry);
    entry.views += 1;
    return {
      young: entry.young,
      close: () => {
        entry.views -= 1;
        this.tidy();
      },
    };
  }

  confirmed(registryId: string, context: string, ids: readonly number[]): void {
    for (const each of this.byOwner.values()) if (each.registryId === registryId) each.young.confirmed(context, ids);
  }

  /** What no view uses, and has nothing to tell the next one, is forgotten. */
  private tidy(): void {
    for (const [key, { young, views }] of this.byOwner) if (views === 0 && !young.any) this.byOwner.delete(key);
  }
}
