/**
 * Runs a plan for a topic. What was done already is read from the topic itself, so a run that was killed at any point goes on where it was
 * when the same plan is run again.
 */
import type { Plan } from '../plan/open-plan.ts';
import type { RawRecord } from '../records/raw-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import { lockTarget, topicTarget } from './lock-target.ts';
import { matchRecords } from './match-records.ts';
import { firstOfOthers, undoneAt } from './only-made-by.ts';
import { openMadePlan } from './open-made-plan.ts';
import { openUndo } from './open-undo.ts';
import { refuseOtherPartitions } from './other-partitions.ts';
import { type PlanShape, shapeOf } from './plan-shape.ts';
import type { CreateTopic } from './plan-topic.ts';
import {
  changed,
  changedSinceBegun,
  lostSince,
  lostWithTopic,
  takenBack,
  wroteMeanwhile,
  wroteSince,
} from './run-refusals.ts';
import { checkBegun, checkCluster, checkMade, freshBase } from './target-checks.ts';
import { type RunTopicPlanOptions, TopicRun, type TopicRunResult } from './topic-run.ts';
import { undoInPlace } from './undo-in-place.ts';
import { verifyBackup } from './verify-backup.ts';
import { writePlanned } from './write-planned.ts';
import { writeUndo } from './write-undo.ts';

export type { RunOutcome, RunTopicPlanOptions, TopicRunResult } from './topic-run.ts';

/**
 * Guarantees: nothing is written while the registry's group has members, nor before the undo file is there, nor to a target that is not the
 * one planned for; when it resolves, the topic was read back and holds what the plan says.
 *
 * @throws ConfigError `holdfast.recovery.registry-running`, `target-changed`, `topic-in-the-way`, `undo-missing`, `plan-running`, `plan-taken-back`; DataError `plan-unfit`,
 *   `backup-not-enough`, `not-as-planned`; what the broker throws
 */
export async function runTopicPlan(options: RunTopicPlanOptions, signal: AbortSignal): Promise<TopicRunResult> {
  const { clock, target } = options;
  const lock = await lockTarget(topicTarget(await target.clusterId(signal), target.topic), clock);
  try {
    // Invariant 10: never under live members of the registry.
    return await target.whileNoMembers(signal, (within) => runPlan(new TopicRun(options, within)));
  } finally {
    await lock?.release();
  }
}

async function runPlan(run: TopicRun): Promise<TopicRunResult> {
  const { plan, target, signal } = run;
  const shape = await shapeOf(plan, target.topic, signal);
  await checkCluster(run);
  const undo = await openUndo(run.options.undoPath, plan, signal);
  const { undoes } = plan.header;
  if (undoes !== undefined && shape.create === undefined && shape.remove === undefined) {
    return undoInPlace(run, shape, { undoes, undo });
  }
  return new TopicPlanRun(run, shape, undo).run();
}

/** All but the undo of a plan in place. */
class TopicPlanRun {
  private readonly runs: TopicRun;
  private readonly shape: PlanShape;
  private readonly undo: Plan | undefined;

  /** @param undo of an earlier run; undefined: there was none */
  constructor(run: TopicRun, shape: PlanShape, undo: Plan | undefined) {
    this.runs = run;
    this.shape = shape;
    this.undo = undo;
  }

  async run(): Promise<TopicRunResult> {
    const { runs, shape, undo } = this;
    const { plan, target, signal } = runs;
    const isBegun = undo !== undefined;
    const isUndo = plan.header.undoes !== undefined;
    // Of this plan, or of the one that it takes back.
    let facts = isBegun || isUndo ? await runs.settled() : await target.facts(signal);
    if (facts !== undefined && !isBegun && (await this.hasNothingToUndo(facts))) {
      const words = 'the plan had not deleted the topic yet: it is as it was, and there is nothing to take back';
      return { ...runs.result('nothing-to-undo'), notes: [words] };
    }
    // Where there is no topic to delete, either the plan made none yet, or it was deleted again.
    const gone = facts !== undefined ? 'done' : isBegun ? 'was-done' : 'nothing-to-undo';
    const base = undo?.header.undoes?.base ?? (isBegun || isUndo ? 0 : freshBase(runs, shape, facts));
    if (!isBegun) await this.saveUndo(facts, base);
    // Where the plan deletes a topic, what it holds is what tells which one it is.
    else if (!shape.create && !shape.remove && facts !== undefined && undo.header.undoes !== undefined) {
      checkBegun(runs, shape, undo.header.undoes, facts);
    }
    if (shape.remove !== undefined && facts !== undefined && (await this.isOld(facts))) {
      if (isBegun) {
        const present = await runs.spooled(facts);
        await this.checkDeletion(facts, present);
        await present.close();
      }
      // Invariant 10: what came while the undo file was written is in neither it nor the backup.
      const last = await target.facts(signal);
      if (last?.endOffset !== facts.endOffset) throw wroteMeanwhile(target.topic);
      await target.remove(facts, signal);
      facts = undefined;
    }
    let before: number | 'more' | undefined;
    if (shape.create !== undefined) {
      // Before ACLs and settings are touched: it must be the one that this plan made.
      before = facts === undefined ? 0 : await this.written(base, facts);
      if (facts !== undefined && before === 'more') checkMade(shape, facts);
      else {
        const made = await this.create(shape.create);
        // A registry that came up as soon as the topic was there again has written into it, maybe nothing but NOOPs.
        if (made.endOffset !== (facts?.endOffset ?? 0)) before = await this.written(base, made);
        facts = made;
      }
    }
    if (facts === undefined) {
      if (shape.records === 0 && shape.create === undefined) return runs.result(gone);
      throw changed(target.topic, 'it is not there any more');
    }
    return this.write(base, facts, before ?? (await this.written(base, facts)));
  }

  /** Invariant 10: what takes the plan back is durable before its first step. */
  private async saveUndo(facts: TopicFacts | undefined, base: number): Promise<void> {
    const { shape, runs } = this;
    const { plan, target, signal, options } = runs;
    const present = facts === undefined ? undefined : await runs.spooled(facts);
    if (facts !== undefined && present !== undefined) await this.checkDeletion(facts, present);
    const { clock, undoPath: path } = options;
    await writeUndo({ plan, shape, path, topic: target.topic, present, base, now: clock.now() }, signal);
    await present?.close();
  }

  private async create(step: CreateTopic): Promise<TopicFacts> {
    const { runs } = this;
    runs.notes.push(...(await runs.target.create(step, runs.signal)));
    return runs.madeFacts();
  }

  private async write(base: number, facts: TopicFacts, before: number | 'more'): Promise<TopicRunResult> {
    const { runs, shape } = this;
    if (before === 'more') {
      const words = 'the plan was carried out before, and others have written to the topic since: nothing was done';
      runs.notes.push(words);
      return runs.result('was-done', shape.records);
    }
    await writePlanned(runs, shape, { base, facts, before });
    return runs.result(shape.records > 0 && before === shape.records ? 'was-done' : 'done', before);
  }

  /** How many of the plan's records the topic has already; `more`: all of them, and others behind. */
  private async written(base: number, facts: TopicFacts): Promise<number | 'more'> {
    const { plan, target, signal } = this.runs;
    const { endOffset, topic, beginOffset } = facts;
    if (this.shape.records === 0) return 0;
    if (endOffset < base) throw changedSinceBegun(topic, `it ends at ${endOffset}, and the plan begins at ${base}`);
    if (endOffset === base) return 0;
    if (this.shape.create !== undefined && beginOffset > 0) checkMade(this.shape, facts);
    const { differsAt, lost, passed, hasMore, moreAt } = await matchRecords(
      {
        ...{ plan, firstRecord: this.shape.firstRecord, base, end: endOffset, begin: beginOffset },
        read: (from, until) => target.read(from, until, signal),
        onProgress: (done, total) => this.runs.progress('comparing with the plan', done, total),
      },
      signal,
    );
    await this.refuseTakenBack(differsAt ?? moreAt, facts);
    if (differsAt !== undefined) throw wroteSince(topic, differsAt, passed);
    if (lost.length > 0) throw lostSince(topic, lost);
    return hasMore ? 'more' : passed;
  }

  /** @param from where something else than the plan begins, if it does */
  private async refuseTakenBack(from: number | undefined, { topic, endOffset }: TopicFacts): Promise<void> {
    const { undo, shape, runs } = this;
    // Taking a topic back that was made anew deletes it: there, running the plan again makes it once more.
    if (from === undefined || undo === undefined || shape.create !== undefined) return;
    const { plan, target, signal } = runs;
    const at = await undoneAt({ plan, undo }, target.read(from, endOffset, signal), signal);
    if (at !== undefined) throw takenBack(topic, at);
  }

  /** The undo of a plan that makes a topic anew, and was ended before it deleted the old one. */
  private async hasNothingToUndo({ topicId }: TopicFacts): Promise<boolean> {
    const { remove, create } = this.shape;
    if (remove?.do !== 'delete-made-topic' || create === undefined || topicId === null) return false;
    const { target } = (await this.madePlan(remove)).header;
    return target.kind === 'topic' && target.topicId === topicId;
  }

  private madePlan({ plan: path, planSha256 }: { readonly plan: string; readonly planSha256: string }): Promise<Plan> {
    const { plan, options } = this.runs;
    return openMadePlan(plan, { path, sha256: planSha256 }, options.openPlan);
  }

  private async checkDeletion(facts: TopicFacts, present: Snapshot): Promise<void> {
    const { remove } = this.shape;
    if (remove === undefined) return;
    refuseOtherPartitions(facts, remove.do === 'delete-topic' ? remove.givenUp : []);
    if (remove.do === 'delete-made-topic') {
      const other = await this.firstOfOthers(remove, facts);
      if (other !== undefined) throw lostWithTopic(remove.topic, other);
      return;
    }
    if (facts.endOffset !== remove.endOffset) {
      throw changed(remove.topic, `it ends at offset ${facts.endOffset} instead of ${remove.endOffset}`);
    }
    const backup = await this.runs.options.openBackup(remove.backup);
    try {
      await verifyBackup(remove, backup, present, this.runs.signal);
    } finally {
      await backup.close();
    }
  }

  /** What neither the plan that is taken back nor this undo of it wrote: its own records come again. */
  private async firstOfOthers(
    remove: { readonly plan: string; readonly planSha256: string },
    { beginOffset, endOffset }: TopicFacts,
  ): Promise<RawRecord | undefined> {
    const { plan, target, signal } = this.runs;
    const made = await this.madePlan(remove);
    return firstOfOthers([made, plan], target.read(beginOffset, endOffset, signal), signal);
  }

  /** Whether the topic is still the one to delete, and not the one that this plan made after it. */
  private async isOld(facts: TopicFacts): Promise<boolean> {
    const { undo, shape } = this;
    if (undo === undefined || shape.create === undefined) return true;
    const id = undo.header.undoes?.topicId ?? null;
    if (id !== null && facts.topicId !== null && id === facts.topicId) return true;
    const isKnown = id !== null && facts.topicId !== null;
    if (!isKnown && facts.partitions !== 1) return true;
    if (facts.endOffset === 0) return false;
    const fits = await this.written(0, facts).catch(() => undefined);
    // What lies behind all of it may be what the plan that is taken back wrote, where that began with what there was.
    if (fits !== undefined && (isKnown || fits !== 'more')) return false;
    if (!isKnown && fits === undefined) return true;
    // Late records of the plan that is taken back have come between those of this undo: it is made once more.
    return shape.remove?.do === 'delete-made-topic' && (await this.firstOfOthers(shape.remove, facts)) === undefined;
  }
}
