/** Where an undo in place has to go on in a topic that its plan, late answers and others have written to. */
import type { Plan } from '../plan/open-plan.ts';
import { appendedRecord, isPlanned } from '../plan/planned-record.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { isNoop } from '../records/read-record.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import { matchRecords } from './match-records.ts';
import { RecordsOfPlans } from './only-made-by.ts';
import { wouldBeLost } from './run-refusals.ts';
import type { TopicRun } from './topic-run.ts';
import { TouchedByUndo } from './touched-by-undo.ts';

/** Of the topic from where the plan began that is taken back. */
export interface UndoSight {
  /** Records of others that stay, as nothing that the undo writes concerns them; NOOPs not counted. */
  readonly others: number;
  /** The plan has written nothing but NOOPs, and nothing is missing that could have been its. */
  readonly hasNothing: boolean;
  /** The plan writes nothing but NOOPs, and one that may be its is there. */
  readonly hasNoop: boolean;
  /** The last record that a plan wrote, NOOPs not counted; -1: none. */
  readonly lastOwn: number;
  /** Where the undo may have begun: offsets of its first record. */
  readonly begins: readonly number[];
  /** Whether a record is of neither plan, or a NOOP. */
  readonly isOthers: (record: RawRecord) => boolean;
}

/** So many of the last beginnings are compared. */
const BEGINNINGS = 16;

/**
 * Reads the topic once.
 * @param made the plan that is taken back
 * @throws ConfigError `holdfast.recovery.target-changed`, naming the record of others that would be lost or contradicted
 */
export async function seeUndo(
  run: TopicRun,
  { made, from, end }: { readonly made: Plan; readonly from: number; readonly end: number },
): Promise<UndoSight> {
  const { plan, target, signal } = run;
  const [mades, both] = [await RecordsOfPlans.of([made], signal), await RecordsOfPlans.of([made, plan], signal)];
  const touched = await TouchedByUndo.of(plan, signal);
  const isOthers = (record: RawRecord): boolean => isNoop(record) || !both.has(record);
  const first = await firstRecord(plan, signal);
  const firstMade = await firstRecord(made, signal);
  // A plan's NOOP is its last record.
  const writesNoop = firstMade !== undefined && isNoop(appendedRecord(firstMade));
  const begins: number[] = [];
  let [others, seen, lastOwn, hasMade, hasNoop] = [0, 0, -1, false, false];
  for await (const records of target.read(from, end, signal)) {
    signal.throwIfAborted();
    for (const record of records) {
      seen++;
      if (first !== undefined && isPlanned(record, first) && begins.push(record.offset) > BEGINNINGS) begins.shift();
      if (isNoop(record)) {
        hasNoop ||= writesNoop && mades.has(record);
        continue;
      }
      if (both.has(record)) {
        lastOwn = record.offset;
        hasMade ||= mades.has(record);
        continue;
      }
      const conflict = touched.conflict(record);
      if (conflict !== undefined) throw wouldBeLost(target.topic, record.offset, conflict, run.written);
      others++;
    }
  }
  return { others, hasNothing: !hasMade && seen === end - from, hasNoop, lastOwn, begins, isOthers };
}

export interface UndoPosition {
  /** Where its first record lies, or will. */
  readonly base: number;
  /** How many of its records are there from then on. */
  readonly passed: number;
}

/**
 * Where a run of the undo began of which every record up to the topic's end is there, in order, and nothing of either plan besides: what came late
 * would be in force otherwise. Without such a one it begins anew at the end: said twice, it means the same.
 *
 * @param begun where its first run began; undefined: none did
 */
export async function undoPosition(
  run: TopicRun,
  {
    sight,
    begun,
    facts: { beginOffset: begin, endOffset: end },
    firstRecord: at,
  }: {
    readonly sight: UndoSight;
    readonly begun: number | undefined;
    /** The topic up to where it was seen. */
    readonly facts: TopicFacts;
    readonly firstRecord: number;
  },
): Promise<UndoPosition> {
  const { plan, target, signal } = run;
  if (begun === undefined) return { base: end, passed: 0 };
  for (const base of new Set([begun, ...sight.begins.filter((offset) => offset > begun)])) {
    const { differsAt, lost, passed, moreAt } = await matchRecords(
      {
        ...{ plan, firstRecord: at, base, end, begin, mayLieBetween: sight.isOthers },
        read: (from, until) => target.read(from, until, signal),
        onProgress: (done, total) => run.progress('comparing with the plan', done, total),
      },
      signal,
    );
    const isLate = moreAt !== undefined && sight.lastOwn >= moreAt;
    if (differsAt === undefined && lost.length === 0 && !isLate) return { base, passed };
  }
  return { base: end, passed: 0 };
}

async function firstRecord(plan: Plan, signal: AbortSignal) {
  for await (const steps of plan.read(0, signal)) {
    for (const step of steps) if (step.do === 'produce') return step.record;
  }
  return undefined;
}
