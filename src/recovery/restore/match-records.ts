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
  readonly read: (from: number, end: number) => AsyncIterable<readonly RawRecord[]>;
  /** What may lie between the plan's records; NOOPs unless told. */
  readonly mayLieBetween?: (record: RawRecord) => boolean;
  readonly onProgress?: (compared: number, of: number) => void;
}

/**
 * Whether the topic's records in [base, end) are the first ones of the plan, in its order. As one idempotent producer outside of transactions
 * writes them, the nth record has the offset `base + n`, but for NOOPs of a registry that was started meanwhile and stopped again (or what
 * else may lie between), which move what follows. Compaction may have removed what a later record of the same key replaced.
 */
export async function matchRecords(options: MatchOptions, signal?: AbortSignal): Promise<RecordMatch> {
  const planned = new PlanCursor(options.plan, options.firstRecord, signal);
  try {
    return await match(options, planned);
  } finally {
    await planned.close();
  }
}

async function match(
  { base, end, read, mayLieBetween = isNoop, onProgress }: MatchOptions,
  planned: PlanCursor,
): Promise<RecordMatch> {
  const gaps = new Gaps();
  let next = base;
  let moreAt: number | undefined;
  for await (const records of read(base, end)) {
    for (const record of records) {
      if (moreAt !== undefined) {
        gaps.close(record);
        continue;
      }
      const skipped = await skip(planned, gaps, next, record.offset);
      next = record.offset + 1;
      const wanted = await planned.next();
      if (wanted !== undefined && isPlanned(record, wanted)) gaps.open(skipped);
      else {
        if (wanted !== undefined) planned.giveBack([wanted]);
        // NOOPs of others among what was compacted away: then so much of the plan comes later.
        const at = skipped.findLastIndex(({ record: one }) => isPlanned(record, one));
        gaps.open(at === -1 ? skipped : skipped.slice(0, at));
        if (at !== -1) planned.giveBack(skipped.slice(at + 1).map(({ record: one }) => one));
        else if (wanted === undefined) moreAt = record.offset;
        else if (!mayLieBetween(record)) {
          return { differsAt: record.offset, lost: [], passed: planned.passed, hasMore: false, moreAt };
        }
      }
      gaps.close(record);
    }
    onProgress?.(next - base, end - base);
    if (moreAt !== undefined && gaps.isEmpty) break;
  }
  if (moreAt === undefined) gaps.open(await skip(planned, gaps, next, end));
  return { differsAt: undefined, lost: gaps.offsets(), passed: planned.passed, hasMore: moreAt !== undefined, moreAt };
}

interface Skipped {
  readonly record: PlannedRecord;
  readonly offset: number;
}

/** So many NOOPs of others between two records of the plan are looked for. */
const REMEMBERED = 16;

/** The last records of the plan for the offsets in [from, to), where the topic has none; those before them are gaps at once. */
async function skip(planned: PlanCursor, gaps: Gaps, from: number, to: number): Promise<Skipped[]> {
  const skipped: Skipped[] = [];
  for (let offset = from; offset < to; offset++) {
    const record = await planned.next();
    if (record === undefined) break;
    skipped.push({ record, offset });
    if (skipped.length > REMEMBERED) gaps.open(skipped.splice(0, 1));
  }
  return skipped;
}

/** What is missing, by key, until something later of that key explains it. */
class Gaps {
  private readonly missing = new Map<string, number>();

  get isEmpty(): boolean {
    return this.missing.size === 0;
  }

  open(skipped: readonly Skipped[]): void {
    for (const { record, offset } of skipped) {
      // A delete may be gone as well, once its time has come; it explains what is missing before it all the same.
      if (record.value === null) this.missing.delete(record.key ?? '');
      else this.missing.set(record.key ?? '', offset);
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

/** The plan's records one by one, of which some may be given back. */
class PlanCursor {
  passed = 0;
  private readonly planned: AsyncGenerator<PlannedRecord, undefined>;
  private back: PlannedRecord[] = [];

  constructor(plan: Plan, from: number, signal: AbortSignal | undefined) {
    this.planned = plannedRecords(plan, from, signal);
  }

  async next(): Promise<PlannedRecord | undefined> {
    const found = this.back.length > 0 ? this.back.shift() : (await this.planned.next()).value;
    if (found !== undefined) this.passed++;
    return found;
  }

  giveBack(records: readonly PlannedRecord[]): void {
    this.back = [...records, ...this.back];
    this.passed -= records.length;
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
