/**
 * The ids that a view was given so recently that they are still to be looked at once more, and which records carry them.
 *
 * Invariant 5: until the second look has confirmed an id, a mismatch must be able to name exactly the records that it touches.
 */
import type { Clock } from '../foundation/clock.ts';
import { steadyNow } from '../foundation/steady-time.ts';
import { type RecordRange, RecordRanges } from '../sdk/record/record-ranges.ts';
import type { Acknowledgement } from './registry-knowledge.ts';

interface YoungId {
  readonly until: number;
  records: RecordRanges | null;
}

/** Kept for that long without a word of the second look: a registry that is away for hours has none. */
const KEPT_MS = 60 * 60_000;
/** Ids whose records are kept apart, as many as are queued for their second look. What carries the oldest beyond them is kept in sum. */
const MAX_IDS = 20_000;

export class YoungIds {
  private readonly clock: Clock;
  private readonly secondLookMs: number;
  /** By context, in which ids count: by age. */
  private readonly ids = new Map<string, Map<number, YoungId>>();
  private count = 0;
  private readonly maxIds: number;
  /** By context. Their records are in `together`. */
  private readonly crowded = new Map<string, Set<number>>();
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
    if (this.count === 0 && this.crowded.size === 0) return false;
    const now = steadyNow(this.clock);
    for (const [context, ids] of this.ids) {
      for (const [id, { until }] of ids) {
        if (until > now) break;
        this.take(context, id);
      }
    }
    if (this.crowded.size > 0 && this.togetherUntil <= now) this.forgetCrowded();
    return this.count > 0 || this.crowded.size > 0;
  }

  /** An id may be written from now on. One whose acknowledgement is renewed keeps its records. */
  given(context: string, id: number, { at }: Acknowledgement): void {
    const now = steadyNow(this.clock);
    const before = this.take(context, id);
    if (now - at >= this.secondLookMs && before === undefined) return;
    const ids = this.ids.get(context) ?? new Map<number, YoungId>();
    this.ids.set(context, ids);
    ids.set(id, { until: now + KEPT_MS, records: before?.records ?? null });
    this.count += 1;
    if (this.count > this.maxIds) this.crowdOut();
  }

  /** `isCoarse`: it may as well be the id of another context that the record carries. */
  carried(context: string, id: number, topic: string, partition: number, offset: number, isCoarse = false): void {
    const young = this.ids.get(context)?.get(id);
    if (young !== undefined) {
      young.records ??= new RecordRanges();
      if (isCoarse) young.records.addRange({ topic, partition, first: offset, last: offset, isCoarse });
      else young.records.add(topic, partition, offset);
    } else if (this.crowded.get(context)?.has(id) === true) {
      this.together.addRange({ topic, partition, first: offset, last: offset, isCoarse: true });
    }
  }

  confirmed(context: string, ids: readonly number[]): void {
    const crowded = this.crowded.get(context);
    for (const id of ids) {
      this.take(context, id);
      crowded?.delete(id);
    }
    if (crowded?.size === 0) this.crowded.delete(context);
    if (this.crowded.size === 0) this.forgetCrowded();
  }

  /** The records with this id of that context; coarse ones where ids were too many to keep their records apart. */
  recordsOf(context: string, id: number): readonly RecordRange[] {
    const found = new RecordRanges();
    addAll(found, this.ids.get(context)?.get(id)?.records);
    if (this.crowded.get(context)?.has(id) === true) addAll(found, this.together);
    return found.list();
  }

  /** The records with any of them. */
  allRecords(): readonly RecordRange[] {
    const found = new RecordRanges();
    for (const ids of this.ids.values()) for (const { records } of ids.values()) addAll(found, records);
    addAll(found, this.together);
    return found.list();
  }

  private take(context: string, id: number): YoungId | undefined {
    const ids = this.ids.get(context);
    const young = ids?.get(id);
    if (ids === undefined || young === undefined) return undefined;
    ids.delete(id);
    if (ids.size === 0) this.ids.delete(context);
    this.count -= 1;
    return young;
  }

  /** Invariant 5: the oldest is no more told from others like it, but what carries it is not forgotten. */
  private crowdOut(): void {
    let oldest: { readonly context: string; readonly id: number; readonly until: number } | undefined;
    for (const [context, ids] of this.ids) {
      for (const [id, { until }] of ids) {
        if (oldest === undefined || until < oldest.until) oldest = { context, id, until };
        break;
      }
    }
    if (oldest === undefined) return;
    const { context, id, until } = oldest;
    const records = this.take(context, id)?.records;
    const crowded = this.crowded.get(context) ?? new Set<number>();
    this.crowded.set(context, crowded.add(id));
    this.togetherUntil = Math.max(this.togetherUntil, until);
    for (const range of records?.list() ?? []) this.together.addRange({ ...range, isCoarse: true });
  }

  private forgetCrowded(): void {
    this.crowded.clear();
    this.together = new RecordRanges();
  }
}

function addAll(to: RecordRanges, records: RecordRanges | null | undefined): void {
  for (const range of records?.list() ?? []) to.addRange(range);
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
