/** Writes what is left of a plan's records, and reads back that the topic holds what the plan says. */
import { counted } from '../../foundation/counted.ts';
import { appendedRecord } from '../plan/planned-record.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { isNoop } from '../records/read-record.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import { matchRecords } from './match-records.ts';
import type { PlanShape } from './plan-shape.ts';
import { notAsPlanned, othersWrite, wroteBefore } from './run-refusals.ts';
import { checkBegin, oddPolicy } from './target-checks.ts';
import type { TopicRun } from './topic-run.ts';

export interface PlannedWrite {
  /** Where the plan's first record lies, or will. */
  readonly base: number;
  /** As the topic was looked at last; records are appended at its end. */
  readonly facts: TopicFacts;
  /** How many of its records are there already. */
  readonly before: number;
  /** What may lie between its records; NOOPs unless told. */
  readonly mayLieBetween?: (record: RawRecord) => boolean;
}

/**
 * The topic's settings first. Resolves when the topic was read back and holds everything.
 * @throws ConfigError `holdfast.recovery.target-changed` where others write, DataError `not-as-planned`; what the broker throws
 */
export async function writePlanned(run: TopicRun, shape: PlanShape, write: PlannedWrite): Promise<void> {
  const { plan, target, signal } = run;
  const { facts, before } = write;
  if (before < shape.records) await checkUnchanged(run, facts);
  for (const { configs } of shape.alter) await target.alter(configs, signal);
  let next = facts.endOffset;
  for await (const steps of plan.read(shape.firstRecord + before, signal)) {
    const records = steps.flatMap((step) => (step.do === 'produce' ? [appendedRecord(step.record)] : []));
    const offsets = await target.append(records, signal);
    run.written += records.length;
    // As nobody else writes, each record lies where the plan's order puts it; by that a killed run is found again.
    const odd = offsets.findIndex((offset, n) => offset !== next + n);
    if (odd !== -1) throw othersWrite(target.topic, next + odd, offsets[odd]);
    next += records.length;
    run.progress('writing', next - facts.endOffset + before, shape.records);
  }
  if (shape.records > 0) await readBack(run, shape, { ...write, end: next });
}

/** Saving a large topic takes a while: nothing is written behind what others wrote meanwhile. */
async function checkUnchanged({ target, signal, written }: TopicRun, facts: TopicFacts): Promise<void> {
  const last = await target.facts(signal);
  // Brokers hear of a topic that was just made one after the other.
  if (last === undefined || (last.endOffset === facts.endOffset && last.topicId === facts.topicId)) return;
  throw wroteBefore(target.topic, facts.endOffset, written);
}

async function readBack(
  run: TopicRun,
  shape: PlanShape,
  { base, end, facts: before, mayLieBetween = isNoop }: PlannedWrite & { readonly end: number },
): Promise<void> {
  const { plan, target, signal } = run;
  const { topic } = target;
  const facts = await target.facts(signal);
  if (facts === undefined) throw notAsPlanned(topic, 'it is not there any more');
  checkBegin(plan, facts);
  if (facts.topicId !== before.topicId) throw notAsPlanned(topic, 'it was deleted and made anew meanwhile');
  const policy = oddPolicy(shape, facts);
  if (policy !== undefined) throw notAsPlanned(topic, policy);
  if (facts.endOffset < end) throw notAsPlanned(topic, `it ends at ${facts.endOffset} instead of ${end}`);
  const { differsAt, lost, passed, moreAt } = await matchRecords(
    {
      ...{ plan, firstRecord: shape.firstRecord, base, end: facts.endOffset, begin: facts.beginOffset, mayLieBetween },
      read: (from, until) => target.read(from, until, signal),
      onProgress: (done, total) => run.progress('reading back', done, total),
    },
    signal,
  );
  if (differsAt !== undefined) throw notAsPlanned(topic, `it has something else at offset ${differsAt}`);
  if (lost.length > 0) throw notAsPlanned(topic, `the records at the offsets ${lost.join(', ')} are missing`);
  if (passed !== shape.records) throw notAsPlanned(topic, `it has ${passed} of ${counted(shape.records, 'record')}`);
  if (moreAt !== undefined) await onlyNoopsBehind(run, moreAt, facts.endOffset);
}

/** A registry that came up at the very end has appended NOOPs, which say nothing. */
async function onlyNoopsBehind({ target, notes, signal }: TopicRun, from: number, end: number): Promise<void> {
  const { topic } = target;
  let count = 0;
  for await (const records of target.read(from, end, signal)) {
    const other = records.find((record) => !isNoop(record));
    if (other !== undefined) {
      throw notAsPlanned(topic, `all of it is there, but somebody else wrote behind it, at offset ${other.offset}`);
    }
    count += records.length;
  }
  notes.push(`a registry was started before the run was over, and appended ${count} NOOPs behind the plan's records`);
}
