/** Whether a topic is still the one that a plan was made for, or begun with. */
import type { Plan } from '../plan/open-plan.ts';
import type { UndonePlan } from '../plan/plan.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import type { PlanShape } from './plan-shape.ts';
import { changed, changedSinceBegun, notPlannedFor, otherCluster } from './run-refusals.ts';
import type { TopicRun } from './topic-run.ts';

/** @throws ConfigError `holdfast.recovery.target-changed` */
export async function checkCluster({ plan, target, signal }: TopicRun): Promise<void> {
  if (plan.header.target.kind !== 'topic') return;
  const { clusterId } = plan.header.target;
  const found = await target.clusterId(signal);
  if (clusterId !== null && found !== clusterId) {
    throw otherCluster(target.topic, clusterId, found);
  }
}

/**
 * What was there when the plan was made, and is not written again by it, must be there still.
 * @throws ConfigError `holdfast.recovery.target-changed`
 */
export function checkBegin({ header }: Plan, { topic, beginOffset }: TopicFacts): void {
  const wanted = header.target.kind === 'topic' ? header.target.beginOffset : undefined;
  if (wanted === undefined || beginOffset <= wanted) return;
  throw changed(
    topic,
    `it begins at offset ${beginOffset} instead of ${wanted}: retention or somebody has deleted records`,
  );
}

/**
 * Refuses a target that is not what the plan was made for; returns where the plan's first record goes. Not for an undo.
 * @throws ConfigError `holdfast.recovery.target-changed`
 */
export function freshBase({ plan, target }: TopicRun, shape: PlanShape, facts: TopicFacts | undefined): number {
  const { topic } = target;
  const planned = plan.header.target.kind === 'topic' ? plan.header.target : undefined;
  const wanted = planned?.endOffset ?? null;
  if (wanted === null) {
    if (facts !== undefined) throw notPlannedFor(topic, 'it was not there when the plan was made, and is there now');
    return 0;
  }
  if (facts === undefined) throw notPlannedFor(topic, 'it is not there any more');
  const id = planned?.topicId ?? null;
  if (id !== null && facts.topicId !== null && id !== facts.topicId)
    throw notPlannedFor(topic, 'it was deleted and made anew');
  checkBegin(plan, facts);
  if (facts.endOffset !== wanted)
    throw notPlannedFor(topic, `it ends at offset ${facts.endOffset} instead of ${wanted}`);
  return shape.create === undefined ? wanted : 0;
}

/**
 * For a run that goes on in the topic in which a plan was begun, or taken back: what a first run looks at.
 * @param undoes of the undo that the plan's first run wrote
 * @throws ConfigError `holdfast.recovery.target-changed`
 */
export function checkSame({ topicId = null, partitions }: UndonePlan, facts: TopicFacts): void {
  const { topic } = facts;
  if (topicId !== null && facts.topicId !== null && topicId !== facts.topicId) {
    throw changedSinceBegun(topic, 'it was deleted and made anew');
  }
  if (partitions !== undefined && facts.partitions !== partitions) {
    throw changedSinceBegun(topic, `it has ${facts.partitions} partitions instead of ${partitions}`);
  }
}

/**
 * As {@link checkSame}, for the same plan: also where the topic begins, and under which policy what was written lies.
 * @throws ConfigError `holdfast.recovery.target-changed`
 */
export function checkBegun({ plan }: TopicRun, shape: PlanShape, undoes: UndonePlan, facts: TopicFacts): void {
  checkSame(undoes, facts);
  checkBegin(plan, facts);
  const { cleanupPolicy: was } = undoes;
  const is = facts.effective['cleanup.policy'];
  if (was === undefined || is === undefined || is === was) return;
  // What the plan itself sets may be set already.
  if (
    oddPolicy(shape, facts) === undefined &&
    shape.alter.some(({ configs }) => configs['cleanup.policy'] !== undefined)
  )
    return;
  throw changedSinceBegun(
    facts.topic,
    `its cleanup.policy is ${is} instead of ${was}, and may delete what was written`,
  );
}

/**
 * For a topic that the plan itself has made, and written to.
 * @throws ConfigError `holdfast.recovery.target-changed`
 */
export function checkMade(shape: PlanShape, facts: TopicFacts): void {
  const { topic, partitions, beginOffset } = facts;
  if (beginOffset > 0) {
    throw changedSinceBegun(topic, `it begins at offset ${beginOffset}: retention or somebody has deleted records`);
  }
  if (partitions !== 1) throw changedSinceBegun(topic, `it has ${partitions} partitions instead of 1`);
  const policy = oddPolicy(shape, facts);
  if (policy !== undefined) throw changedSinceBegun(topic, policy);
}

/** In words, where the policy in force is not the one that the plan sets. */
export function oddPolicy({ create, alter }: PlanShape, { effective }: TopicFacts): string | undefined {
  const found = effective['cleanup.policy'];
  for (const { configs } of create === undefined ? alter : [create]) {
    const wanted = configs['cleanup.policy'] ?? undefined;
    if (wanted !== undefined && found !== wanted) return `its cleanup.policy is ${found} instead of ${wanted}`;
  }
  return undefined;
}
