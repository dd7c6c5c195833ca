/** The plan of a repair that writes behind the topic's end. */
import { newId } from '../../foundation/id.ts';
import type { Plan } from '../plan/open-plan.ts';
import type { PlanHeader, PlanStep } from '../plan/plan.ts';
import { appendedRecord } from '../plan/planned-record.ts';
import { writePlan } from '../plan/write-plan.ts';
import { readRecord } from '../records/read-record.ts';
import { noopStep, schemaStep } from '../restore/added-steps.ts';
import { addWitnessedIds, HighestIds } from '../restore/highest-ids.ts';
import { idLines } from '../restore/survey-snapshot.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import type { InPlaceRepair } from './in-place-repair.ts';

export interface PlanRepairOptions {
  readonly repair: InPlaceRepair;
  /** The topic up to its end: the plan is for this end and no other. */
  readonly snapshot: Snapshot;
  readonly facts: TopicFacts;
  /** Where the plan file is written. */
  readonly path: string;
  /** ms since the epoch. */
  readonly now: number;
  /** By context: ids that were given out, as far as is known beside the records. */
  readonly minIds?: Readonly<Record<string, number>>;
  /** Further lines for the summary. */
  readonly notes?: readonly string[];
}

/** In bounded memory. Throws what reading the snapshot and writing the plan throw. */
export async function planRepair(options: PlanRepairOptions, signal?: AbortSignal): Promise<Plan> {
  const { repair, facts, path, now, notes = [] } = options;
  const { topic, clusterId, topicId, endOffset, group } = facts;
  const ids = await highestIds(options, signal);
  const header: PlanHeader = {
    format: 1,
    kind: 'holdfast-schemas-plan',
    id: newId<'Plan'>(),
    title: repair.title,
    created: new Date(now).toISOString(),
    source: `the topic ${topic} up to offset ${endOffset}`,
    target: { kind: 'topic', clusterId, topic, groupId: group.groupId, endOffset, topicId },
    maxIds: ids.highest,
    summary: [...repair.summary, ...notes, ...idLines(ids)],
  };
  return writePlan(path, header, stepsOf(options, ids), signal);
}

async function* stepsOf({ repair, facts: { topic } }: PlanRepairOptions, ids: HighestIds): AsyncGenerator<PlanStep> {
  for (const { schema } of ids.reservations()) yield schemaStep(topic, schema);
  for await (const record of repair.records()) {
    yield { do: 'produce', topic, record, change: record.value === null ? '-' : '~' };
  }
  yield noopStep(topic);
}

/** Invariant 10: what the repair overwrites may have been the only record that still has the highest id. */
async function highestIds(options: PlanRepairOptions, signal: AbortSignal | undefined): Promise<HighestIds> {
  const { repair, snapshot, minIds = {} } = options;
  const ids = new HighestIds();
  for await (const batch of snapshot.records()) {
    signal?.throwIfAborted();
    for (const raw of batch) ids.saw(readRecord(raw));
  }
  await addWitnessedIds(ids, snapshot);
  for (const [context, id] of Object.entries(minIds)) ids.atLeast(context, id);
  ids.writes();
  for await (const record of repair.records()) ids.saw(readRecord(appendedRecord(record)));
  return ids;
}
