/**
 * Runs a plan for a topic. What was done already is read from the topic itself, so a run that was killed at any point goes on where it was
 * when the same plan is run again.
 */
import { join } from 'node:path';
import type { Clock } from '../../foundation/clock.ts';
import { SnapshotWriter } from '../backup/snapshot-writer.ts';
import type { Plan } from '../plan/open-plan.ts';
import { appendedRecord } from '../plan/planned-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import { lockPlan } from './lock-plan.ts';
import { matchRecords } from './match-records.ts';
import { firstOfOthers } from './only-made-by.ts';
import { openUndo } from './open-undo.ts';
import { type PlanShape, shapeOf } from './plan-shape.ts';
import type { PlanTopic } from './plan-topic.ts';
import { changed, notAsPlanned, othersWrite, wroteSince } from './run-refusals.ts';
import { type CheckableBackup, verifyBackup } from './verify-backup.ts';
import { writeUndo } from './write-undo.ts';

export interface RunProgress {
  readonly doing: 'saving what is there' | 'comparing with the plan' | 'writing' | 'reading back';
  readonly done: number;
  readonly total: number;
}

export interface RunTopicPlanOptions {
  readonly plan: Plan;
  /** That of the plan's header. */
  readonly target: PlanTopic;
  readonly undoPath: string;
  /** Where the topic is spooled to meanwhile; exists, and is removed by its owner. */
  readonly temporaryFolder: string;
  readonly openBackup: (path: string) => Promise<CheckableBackup>;
  readonly openPlan: (path: string) => Promise<Plan>;
  readonly clock: Clock;
  readonly onProgress?: (progress: RunProgress) => void;
}

/**
 * What became of a plan that was run without an error. `done`: this run did what was left of it; `was-done`: an earlier run had done
 * everything, and this one wrote nothing; `nothing-to-undo`: the plan to take back had changed nothing, and neither did this run.
 */
export type RunOutcome = 'done' | 'was-done' | 'nothing-to-undo';

export interface TopicRunResult {
  readonly outcome: RunOutcome;
  /** Records that this run wrote. */
  readonly written: number;
  /** Of the plan, that an earlier run had written. */
  readonly writtenBefore: number;
  readonly undoPath: string;
  readonly notes: readonly string[];
}

/**
 * Guarantees: nothing is written while the registry's group has members, nor before the undo file is there, nor to a target that is not the
 * one planned for; when it resolves, the topic was read back and holds what the plan says.
 *
 * @throws ConfigError `holdfast.recovery.registry-running`, `target-changed`, `undo-missing`, `plan-running`; DataError `plan-unfit`, `backup-not-enough`,
 *   `not-as-planned`; what the broker throws
 */
export async function runTopicPlan(options: RunTopicPlanOptions, signal: AbortSignal): Promise<TopicRunResult> {
  const { plan, clock, target } = options;
  const lock = await lockPlan(plan, clock);
  try {
    // Invariant 10: never under live members of the registry.
    return await target.whileNoMembers(signal, (within) => new TopicPlanRun(options, within).run());
  } finally {
    await lock?.release();
  }
}

const SETTLE_MS = 1000;

class TopicPlanRun {
  private readonly options: RunTopicPlanOptions;
  private readonly signal: AbortSignal;
  private readonly notes: string[] = [];

  constructor(options: RunTopicPlanOptions, signal: AbortSignal) {
    this.options = options;
    this.signal = signal;
  }

  async run(): Promise<TopicRunResult> {
    const { plan, target, undoPath } = this.options;
    const { signal } = this;
    const shape = await shapeOf(plan, target.topic, signal);
    await this.checkCluster();
    const undo = await openUndo(undoPath, plan, signal);
    const isBegun = undo !== undefined;
    let facts = isBegun ? await this.settled() : await target.facts(signal);
    if (facts !== undefined && !isBegun && (await this.hasNothingToUndo(shape, facts))) {
      const words = 'the plan had not deleted the topic yet: it is as it was, and there is nothing to take back';
      return { ...this.result('nothing-to-undo'), notes: [words] };
    }
    // Where there is no topic to delete, either the plan made none yet, or it was deleted again.
    const gone = facts !== undefined ? 'done' : isBegun ? 'was-done' : 'nothing-to-undo';
    const base = undo?.header.undoes?.base ?? (isBegun ? 0 : await this.freshBase(shape, facts));
    if (!isBegun) {
      const present = facts === undefined ? undefined : await this.spooled(facts);
      await this.checkDeletion(shape, facts, present);
      const { clock } = this.options;
      // Invariant 10: what takes the plan back is durable before its first step.
      await writeUndo({ plan, shape, path: undoPath, topic: target.topic, present, base, now: clock.now() }, signal);
      await present?.close();
    }
    if (shape.remove !== undefined && facts !== undefined && (await this.isOld(shape, facts, undo))) {
      if (isBegun) {
        const present = await this.spooled(facts);
        await this.checkDeletion(shape, facts, present);
        await present.close();
      }
      // Invariant 10: what came while the undo file was written is in neither it nor the backup.
      const last = await target.facts(signal);
      if (last?.endOffset !== facts.endOffset) throw changed(target.topic, 'somebody wrote to it while it was saved');
      await target.remove(facts, signal);
      facts = undefined;
    }
    let before: number | 'more' | undefined;
    if (shape.create !== undefined) {
      // Before ACLs and settings are touched: it must be the one that this plan made.
      before = facts === undefined ? 0 : await this.written(shape, base, facts);
      if (before !== 'more') this.notes.push(...(await target.create(shape.create, signal)));
      const end = facts?.endOffset ?? 0;
      facts = await target.facts(signal);
      if (facts !== undefined && before !== 'more' && facts.endOffset !== end) {
        throw changed(target.topic, 'somebody wrote to it while it was made');
      }
    }
    if (facts === undefined) {
      if (shape.records === 0 && shape.create === undefined) return this.result(gone);
      throw changed(target.topic, 'it is not there any more');
    }
    return this.write(shape, { base, facts, before: before ?? (await this.written(shape, base, facts)) });
  }

  private async write(
    shape: PlanShape,
    { base, facts, before }: { readonly base: number; readonly facts: TopicFacts; readonly before: number | 'more' },
  ): Promise<TopicRunResult> {
    const { plan, target } = this.options;
    const { signal } = this;
    if (before === 'more') {
      const words = 'the plan was carried out before, and others have written to the topic since: nothing was done';
      return { ...this.result('was-done', 0, shape.records), notes: [...this.notes, words] };
    }
    for (const { configs } of shape.alter) await target.alter(configs, signal);
    let next = facts.endOffset;
    for await (const steps of plan.read(shape.firstRecord + before, signal)) {
      const records = steps.flatMap((step) => (step.do === 'produce' ? [appendedRecord(step.record)] : []));
      const offsets = await target.append(records, signal);
      // As nobody else writes, each record lies where the plan's order puts it; by that a killed run is found again.
      const odd = offsets.findIndex((offset, n) => offset !== next + n);
      if (odd !== -1) throw othersWrite(target.topic, next + odd, offsets[odd]);
      next += records.length;
      this.progress('writing', next - facts.endOffset + before, shape.records);
    }
    if (shape.records > 0) await this.readBack(shape, { base, end: next, facts });
    const isOver = shape.records > 0 && before === shape.records;
    return this.result(isOver ? 'was-done' : 'done', next - facts.endOffset, before);
  }

  /** How many of the plan's records the topic has already; `more`: all of them, and others behind. */
  private async written(shape: PlanShape, base: number, facts: TopicFacts): Promise<number | 'more'> {
    const { plan, target } = this.options;
    const { endOffset, topic } = facts;
    if (shape.records === 0) return 0;
    if (endOffset < base) throw changed(topic, `it ends at ${endOffset}, and the plan begins at ${base}`);
    if (endOffset === base) return 0;
    const { differsAt, lost, passed, hasMore } = await matchRecords(
      {
        ...{ plan, firstRecord: shape.firstRecord, base, end: endOffset },
        read: (from, until) => target.read(from, until, this.signal),
        onProgress: (done, total) => this.progress('comparing with the plan', done, total),
      },
      this.signal,
    );
    const odd = differsAt ?? lost[0];
    if (odd !== undefined) throw wroteSince(topic, odd);
    return hasMore ? 'more' : passed;
  }

  private async readBack(
    shape: PlanShape,
    { base, end, facts: before }: { readonly base: number; readonly end: number; readonly facts: TopicFacts },
  ): Promise<void> {
    const { plan, target } = this.options;
    const { topic } = target;
    const facts = await target.facts(this.signal);
    if (facts === undefined) throw notAsPlanned(topic, 'it is not there any more');
    this.checkBegin(facts);
    if (facts.topicId !== before.topicId) throw notAsPlanned(topic, 'it was deleted and made anew meanwhile');
    for (const { configs } of shape.create === undefined ? shape.alter : [shape.create]) {
      const policy = configs['cleanup.policy'] ?? undefined;
      const found = facts.effective['cleanup.policy'];
      if (policy !== undefined && found !== policy) throw notAsPlanned(topic, `its cleanup.policy is ${found}`);
    }
    if (facts.endOffset !== end) throw notAsPlanned(topic, `it ends at ${facts.endOffset} instead of ${end}`);
    const { differsAt, lost, passed } = await matchRecords(
      {
        ...{ plan, firstRecord: shape.firstRecord, base, end },
        read: (from, until) => target.read(from, until, this.signal),
        onProgress: (done, total) => this.progress('reading back', done, total),
      },
      this.signal,
    );
    if (differsAt !== undefined) throw notAsPlanned(topic, `it has something else at offset ${differsAt}`);
    if (lost.length > 0) throw notAsPlanned(topic, `the records at the offsets ${lost.join(', ')} are missing`);
    if (passed !== shape.records) throw notAsPlanned(topic, `it has ${passed} of ${shape.records} records`);
  }

  /** What was there when the plan was made, and is not written again by it, must be there still. */
  private checkBegin({ topic, beginOffset }: TopicFacts): void {
    const { target } = this.options.plan.header;
    const wanted = target.kind === 'topic' ? target.beginOffset : undefined;
    if (wanted === undefined || beginOffset <= wanted) return;
    throw changed(
      topic,
      `it begins at offset ${beginOffset} instead of ${wanted}: retention or somebody has deleted records`,
    );
  }

  private async checkCluster(): Promise<void> {
    const { plan, target } = this.options;
    if (plan.header.target.kind !== 'topic') return;
    const { clusterId } = plan.header.target;
    const found = await target.clusterId(this.signal);
    if (clusterId !== null && found !== clusterId) {
      throw changed(
        target.topic,
        `the plan is for the cluster ${clusterId}, and this is ${found ?? 'one without an id'}`,
      );
    }
  }

  /** Refuses a target that is not what the plan was made for; returns where the plan's first record goes. */
  private async freshBase(shape: PlanShape, facts: TopicFacts | undefined): Promise<number> {
    const { plan, target } = this.options;
    const { topic } = target;
    if (plan.header.undoes !== undefined) return this.undoBase(shape, facts);
    const planned = plan.header.target.kind === 'topic' ? plan.header.target : undefined;
    const wanted = planned?.endOffset ?? null;
    if (wanted === null) {
      if (facts !== undefined) throw changed(topic, 'it was not there when the plan was made, and is there now');
      return 0;
    }
    if (facts === undefined) throw changed(topic, 'it is not there any more');
    const id = planned?.topicId ?? null;
    if (id !== null && facts.topicId !== null && id !== facts.topicId)
      throw changed(topic, 'it was deleted and made anew');
    this.checkBegin(facts);
    if (facts.endOffset !== wanted) throw changed(topic, `it ends at offset ${facts.endOffset} instead of ${wanted}`);
    return shape.create === undefined ? wanted : 0;
  }

  /** An undo fits what its plan made, however far that one came, and NOOPs of registries behind it. */
  private async undoBase(shape: PlanShape, facts: TopicFacts | undefined): Promise<number> {
    const { plan, target } = this.options;
    const { undoes } = plan.header;
    if (undoes === undefined || shape.create !== undefined || shape.remove !== undefined) return 0;
    if (facts === undefined) throw changed(target.topic, 'it is not there any more');
    await this.onlyMadeBy(undoes.path, undoes.sha256, undoes.base ?? 0, facts);
    return facts.endOffset;
  }

  /** Refuses unless all from `base` on was written by that plan, in whichever order, or is a NOOP. */
  private async onlyMadeBy(path: string, sha256: string, base: number, facts: TopicFacts): Promise<void> {
    const { target, openPlan } = this.options;
    const made = await openPlan(path);
    if (made.sha256 !== sha256) throw changed(target.topic, `${path} is not the plan that is to be taken back`);
    const from = Math.max(base, facts.beginOffset);
    const other = await firstOfOthers(made, target.read(from, facts.endOffset, this.signal), this.signal);
    if (other === undefined) return;
    throw changed(target.topic, `the record at offset ${other} was not written by that plan, and would be lost`);
  }

  /** A run that was killed may have sent what its broker appends only now; what was appended has to be known before going on behind it. */
  private async settled(): Promise<TopicFacts | undefined> {
    const { target, clock } = this.options;
    for (let before = await target.facts(this.signal); ; ) {
      if (before === undefined) return undefined;
      await clock.sleep(SETTLE_MS, this.signal);
      const now = await target.facts(this.signal);
      if (now?.endOffset === before.endOffset && now.topicId === before.topicId) return now;
      before = now;
    }
  }

  /** The undo of a plan that makes a topic anew, and was ended before it deleted the old one. */
  private async hasNothingToUndo({ remove, create }: PlanShape, { topicId }: TopicFacts): Promise<boolean> {
    if (remove?.do !== 'delete-made-topic' || create === undefined || topicId === null) return false;
    const { target } = (await this.options.openPlan(remove.plan)).header;
    return target.kind === 'topic' && target.topicId === topicId;
  }

  private async checkDeletion(
    shape: PlanShape,
    facts: TopicFacts | undefined,
    present: Snapshot | undefined,
  ): Promise<void> {
    const { remove } = shape;
    if (remove === undefined || facts === undefined || present === undefined) return;
    if (remove.do === 'delete-made-topic') {
      await this.onlyMadeBy(remove.plan, remove.planSha256, 0, facts);
      return;
    }
    if (facts.endOffset !== remove.endOffset) {
      throw changed(remove.topic, `it ends at offset ${facts.endOffset} instead of ${remove.endOffset}`);
    }
    const backup = await this.options.openBackup(remove.backup);
    try {
      await verifyBackup(remove, backup, present, this.signal);
    } finally {
      await backup.close();
    }
  }

  /** Whether the topic is still the one to delete, and not the one that this plan made after it. */
  private async isOld(shape: PlanShape, facts: TopicFacts, undo: Plan | undefined): Promise<boolean> {
    if (undo === undefined || shape.create === undefined) return true;
    const id = undo.header.undoes?.topicId ?? null;
    if (id !== null && facts.topicId !== null) return id === facts.topicId;
    if (facts.partitions !== 1) return true;
    if (facts.endOffset === 0) return false;
    return (await this.written(shape, 0, facts).catch(() => undefined)) === undefined;
  }

  private async spooled(facts: TopicFacts): Promise<Snapshot> {
    const { target, temporaryFolder, clock } = this.options;
    const writer = await SnapshotWriter.create({ folder: join(temporaryFolder, `present-${clock.monotonic()}`) });
    try {
      const topic = await target.spool(facts, writer, this.signal);
      return await writer.finish({ source: 'topic', takenAt: clock.now(), topic });
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  private progress(doing: RunProgress['doing'], done: number, total: number): void {
    this.options.onProgress?.({ doing, done, total });
  }

  private result(outcome: RunOutcome, written = 0, writtenBefore = 0): TopicRunResult {
    const { undoPath } = this.options;
    return { outcome, written, writtenBefore, undoPath, notes: this.notes };
  }
}
