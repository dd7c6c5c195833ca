/** Compares what a topic holds with what a plan wrote, in order. */

import type { Plan } from '../plan/open-plan.ts';
import type { PlannedRecord, PlanStep } from '../plan/plan.ts';
import { isPlanned } from '../plan/planned-record.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { isNoop } from '../records/read-record.ts';

export interface RecordMatch {
  /** The first offset that has something else than what the plan writes there; undefined: none. */
  readonly differsAt: number | undefined;
  /** Offsets of planned records that are not there, and that no later one of the same key explains. */
  readonly lost: readonly number[];
  /** How many of the plan's records were passed, be they there or compacted away. */
  readonly passed: number;
  /** Something comes behind the last record of the plan. */
  readonly hasMore: boolean;
  /** Where the first of what comes behind it lies; undefined: nothing does. */
  readonly moreAt: number | undefined;
}

export interface MatchOptions {
  readonly plan: Plan;
  /** Index of the plan's first record. */
  readonly firstRecord: number;
  readonly base: number;
  readonly end: number;
  /** Where the topic begins: what a delete that is missing would have deleted lies between here and `base`. */
  readonly begin: number;
  readonly read: (from: number, end: number) => AsyncIterable<readonly RawRecord[]>;
  /** What may lie between the plan's records; NOOPs unless told. */
  readonly mayLieBetween?: (record: RawRecord) => boolean;
  readonly onProgress?: (compared: number, of: number) => void;
}

/**
 * Whether the topic's records in [base, end) are the first ones of the plan, in its order. As one idempotent producer outside of transactions
 * writes them, the nth record has the offset `base + n`, but for NOOPs of a registry that was started meanwhile and stopped again (or what
 * else may lie between), which move what follows. Compaction may have removed what a later record of the same key replaced, and NOOPs of those
 * others, whole: so what is missing before one of the plan's records is lost only if the plan has something there. A delete that is missing
 * was there only if nothing of its key is left before it; for that, and where only NOOPs tell, the topic is read before `base` as well.
 */
export async function matchRecords(options: MatchOptions, signal?: AbortSignal): Promise<RecordMatch> {
  const deletes = new MissingDeletes();
  for (;;) {
    const planned = new PlanCursor(options.plan, options.firstRecord, deletes, signal);
    try {
      const found = await match(options, planned, deletes);
      if (!(await deletes.contradicted(options.read(options.begin, options.base)))) return found;
    } finally {
      await planned.close();
    }
  }
}

async function match(
  { base, end, read, mayLieBetween = isNoop, onProgress }: MatchOptions,
  planned: PlanCursor,
  deletes: MissingDeletes,
): Promise<RecordMatch> {
  const gaps = new Gaps();
  let next = base;
  /** Offsets without a record since the last one of the plan: each was the plan's, or that of another one. */
  let missing = 0;
  /** Records since then that others may have written, and the first of them. */
  let others = 0;
  let othersAt: number | undefined;
  let moreAt: number | undefined;
  for await (const records of read(base, end)) {
    for (const record of records) {
      if (moreAt !== undefined) {
        gaps.close(record);
        continue;
      }
      missing += record.offset - next;
      next = record.offset + 1;
      for (; missing > REMEMBERED; missing--) gaps.open(await planned.takeMissing(), record.offset - missing);
      const ahead = await planned.ahead(missing + 1);
      const at = placeOf(record, ahead, missing, deletes);
      if (at !== -1) {
        // In order: what comes before it was written.
        if (isNoop(record)) deletes.assume(ahead.slice(0, at));
        else deletes.prove();
        gaps.open(await planned.take(at), record.offset - at);
        await planned.take(1);
        [missing, others, othersAt] = [0, 0, undefined];
      } else if (ahead.length === 0) moreAt = othersAt ?? record.offset;
      // What is missing may still be of the plan or not: the next of its records tells.
      else if (mayLieBetween(record)) {
        others++;
        othersAt ??= record.offset;
      } else if (await planned.endsWithin(missing, others)) {
        const taken = await planned.take(missing + others);
        deletes.assume(taken);
        gaps.open(taken, next - 1 - missing - others);
        moreAt = othersAt ?? record.offset;
      } else return { differsAt: record.offset, lost: [], passed: planned.passed, hasMore: false, moreAt };
      gaps.close(record);
    }
    onProgress?.(next - base, end - base);
    if (moreAt !== undefined && gaps.isEmpty) break;
  }
  if (moreAt === undefined) {
    const left = await planned.ahead(missing + 1);
    // A delete may be gone with its time. Of anything else, a later one of its key would be there: what is missing is others' then.
    if (left.length > 0 && left.length <= missing && left.every((one) => deletes.mayBe(one))) {
      deletes.assume(await planned.take(left.length));
      moreAt = othersAt;
    }
    for (; next < end; next++) gaps.open(await planned.takeMissing(), next);
  }
  return { differsAt: undefined, lost: gaps.offsets(), passed: planned.passed, hasMore: moreAt !== undefined, moreAt };
}

/** So many records of others that were compacted away between two of the plan's are looked for. */
const REMEMBERED = 256;

/** Which of the next records of the plan it is: the last that can be, as then most of what is missing is the plan's; -1: none. */
function placeOf(record: RawRecord, ahead: readonly PlannedRecord[], missing: number, deletes: MissingDeletes): number {
  const last = ahead[missing];
  const at =
    last !== undefined && isPlanned(record, last) ? missing : ahead.findLastIndex((one) => isPlanned(record, one));
  // A NOOP of the plan looks like one of a registry, and can not tell that what came before it was there.
  return at > 0 && isNoop(record) && !ahead.slice(0, at).every((one) => deletes.mayBe(one)) ? -1 : at;
}

/** Compaction removes a delete in time, but only after everything of its key: one before which something of it is left was never written. */
class MissingDeletes {
  private readonly assumed = new Set<string>();
  private readonly unwritten = new Set<string>();

  /** Whether it is a delete that may be gone; a NOOP is one. */
  mayBe(one: PlannedRecord): boolean {
    return one.value === null && !this.isUnwritten(one);
  }

  /** That they were there, though no record of the plan behind them proves it. */
  assume(missing: readonly PlannedRecord[]): void {
    for (const { key, value } of missing) {
      if (value === null && key !== null && !isNoop({ key: Buffer.from(key, 'base64'), value })) this.assumed.add(key);
    }
  }

  /** All that was assumed so far. */
  prove(): void {
    this.assumed.clear();
  }

  isUnwritten({ key, value }: PlannedRecord): boolean {
    return value === null && this.unwritten.has(key ?? '');
  }

  /** @param before what the topic holds before the plan's first record */
  async contradicted(before: AsyncIterable<readonly RawRecord[]>): Promise<boolean> {
    const known = this.unwritten.size;
    if (this.assumed.size > 0) {
      for await (const records of before) {
        for (const { key, value } of records) {
          if (key === null || value === null) continue;
          const text = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('base64');
          if (this.assumed.has(text)) this.unwritten.add(text);
        }
      }
    }
    this.assumed.clear();
    return this.unwritten.size > known;
  }
}

/** What is missing, by key, until something later of that key explains it. */
class Gaps {
  private readonly missing = new Map<string, number>();

  get isEmpty(): boolean {
    return this.missing.size === 0;
  }

  /** @param at of the first of them; where others' records lie between them, those of the rest are near it */
  open(skipped: readonly PlannedRecord[], at: number): void {
    for (const [n, { key, value }] of skipped.entries()) {
      // A delete may be gone as well, once its time has come; it explains what is missing before it all the same.
      if (value === null) this.missing.delete(key ?? '');
      else this.missing.set(key ?? '', at + n);
    }
  }

  close({ key }: RawRecord): void {
    if (this.missing.size === 0 || key === null) return;
    this.missing.delete(Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('base64'));
  }

  offsets(): readonly number[] {
    return [...this.missing.values()].sort((a, b) => a - b).slice(0, 20);
  }
}

/** The plan's records one by one; some are looked at before they are passed. */
class PlanCursor {
  passed = 0;
  private readonly planned: AsyncGenerator<PlannedRecord, undefined>;
  private seen: PlannedRecord[] = [];
  private readonly deletes: MissingDeletes;

  constructor(plan: Plan, from: number, deletes: MissingDeletes, signal: AbortSignal | undefined) {
    this.deletes = deletes;
    this.planned = plannedRecords(plan, from, signal);
  }

  /** The next ones, `count` unless the plan ends before. */
  async ahead(count: number): Promise<readonly PlannedRecord[]> {
    while (this.seen.length < count) {
      const { value } = await this.planned.next();
      if (value === undefined) break;
      this.seen.push(value);
    }
    return this.seen.slice(0, count);
  }

  /** Whether all that is left of it fits in so many missing records, and so many that are there, of which it may have written NOOPs. */
  async endsWithin(missing: number, others: number): Promise<boolean> {
    const left = await this.ahead(missing + Math.min(others, REMEMBERED) + 1);
    if (left.length > missing + others || left.some((one) => this.deletes.isUnwritten(one))) return false;
    return left.filter((one) => !this.deletes.mayBe(one)).length <= missing;
  }

  /** Passes the next one, for an offset without a record; none where that was not the plan's. */
  async takeMissing(): Promise<readonly PlannedRecord[]> {
    const [next] = await this.ahead(1);
    if (next === undefined || this.deletes.isUnwritten(next)) return [];
    const taken = await this.take(1);
    this.deletes.assume(taken);
    return taken;
  }

  /** Passes the next ones, `count` unless the plan ends before. */
  async take(count: number): Promise<readonly PlannedRecord[]> {
    if (count === 0) return [];
    await this.ahead(count);
    const taken = this.seen.splice(0, count);
    this.passed += taken.length;
    return taken;
  }

  async close(): Promise<void> {
    await this.planned.return(undefined);
  }
}

async function* plannedRecords(
  plan: Plan,
  from: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<PlannedRecord, undefined> {
  for await (const steps of plan.read(from, signal)) {
    for (const step of steps) if (isRecord(step)) yield step.record;
  }
  return undefined;
}

function isRecord(step: PlanStep): step is Extract<PlanStep, { readonly do: 'produce' }> {
  return step.do === 'produce';
}
