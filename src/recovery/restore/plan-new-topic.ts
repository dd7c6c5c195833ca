/** Plans a registry's topic anew from a snapshot: made compact, with one partition, then every record in its order. */
import { newId } from '../../foundation/id.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import type { Plan } from '../plan/open-plan.ts';
import type { PlanHeader, PlanStep } from '../plan/plan.ts';
import { plannedRecord } from '../plan/planned-record.ts';
import { writePlan } from '../plan/write-plan.ts';
import { readRecord } from '../records/read-record.ts';
import { isReadDifferently } from '../records/vendor-reading.ts';
import { findOutOfOrder, type OutOfOrder, outOfOrderLines, underTodaysKeys } from '../repair/reference-order.ts';
import { versionRecords } from '../repair/version-writes.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { TopicAcl } from '../snapshot/topic-facts.ts';
import { aclsFor } from '../topic/registry-topic.ts';
import { noopStep, schemaStep } from './added-steps.ts';
import { normalizeRecord } from './normalize-record.ts';
import { normalizedSnapshot } from './normalized-snapshot.ts';
import { otherPartitionsOf, refuseOtherPartitions } from './other-partitions.ts';
import type { PresentTarget } from './present-target.ts';
import { TOPIC_IN_THE_WAY } from './restore-errors.ts';
import { type SnapshotSurvey, surveySnapshot } from './survey-snapshot.ts';
import { topicSettings } from './topic-settings.ts';

export interface NewTopicOptions {
  readonly snapshot: Snapshot;
  readonly present: PresentTarget;
  readonly topic: string;
  readonly groupId: string;
  /** As of a plan's target. */
  readonly registryReads?: string;
  /** Where the plan file is written. */
  readonly path: string;
  readonly title?: string;
  /** What the snapshot is, for the reader. */
  readonly source: string;
  /** ms since the epoch. */
  readonly now: number;
  /** By context: ids that were given out, as far as the operator knows. */
  readonly minIds?: Readonly<Record<string, number>>;
  /** Nothing is mended on the way: records that no registry reads, empty deletes and old keys stay, and no NOOP is added. */
  readonly asIs?: boolean;
  /** Deletes the topic that is there, once this backup was read again and holds all of it. */
  readonly recreate?: {
    readonly backup: string;
    readonly sha256: string;
    /** What lies beside partition 0 is lost: the snapshot has what anybody knows of it. Unless told, a topic with such records is refused. */
    readonly givesUpOtherPartitions?: boolean;
  };
  /** Further lines for the summary. */
  readonly notes?: readonly string[];
}

const NONE: OutOfOrder = { early: [], writes: [], disputed: [] };

/**
 * Reads the snapshot twice, in bounded memory; once more where any schema refers to another, with some 250 bytes for each version.
 * @throws ConfigError `holdfast.recovery.topic-in-the-way`, and what reading the snapshot and writing the plan throw
 */
export async function planNewTopic(options: NewTopicOptions, signal?: AbortSignal): Promise<Plan> {
  const { snapshot, topic, path, present, asIs = false } = options;
  const first = firstSteps(options, await surveySnapshot(snapshot, { minIds: options.minIds ?? {}, asIs }, signal));
  const { survey } = first;
  const outOfOrder = asIs || !survey.hasReferences ? NONE : await findOutOfOrder(normalizedSnapshot(snapshot), signal);
  const header: PlanHeader = {
    format: 1,
    kind: 'holdfast-schemas-plan',
    id: newId<'Plan'>(),
    title: options.title ?? `Restore into the new topic ${topic}`,
    created: new Date(options.now).toISOString(),
    source: options.source,
    target: {
      kind: 'topic',
      clusterId: present.clusterId,
      topic,
      groupId: options.groupId,
      endOffset: present.facts?.endOffset ?? null,
      topicId: present.facts?.topicId ?? null,
      ...(options.registryReads === undefined ? {} : { registryReads: options.registryReads }),
    },
    maxIds: survey.ids.highest,
    summary: [...(options.notes ?? []), ...survey.summary(), ...outOfOrderLines(outOfOrder), ...first.notes],
  };
  return writePlan(path, header, stepsOf(options, first, outOfOrder, signal), signal);
}

async function* stepsOf(
  { snapshot, topic, asIs = false }: NewTopicOptions,
  { steps, survey }: ReturnType<typeof firstSteps>,
  outOfOrder: OutOfOrder,
  signal: AbortSignal | undefined,
): AsyncGenerator<PlanStep> {
  yield* steps;
  for await (const records of snapshot.records()) {
    signal?.throwIfAborted();
    for (const raw of records) {
      const read = readRecord(raw);
      if (raw.key === null || !(asIs || read.ok || isReadDifferently(read))) continue;
      const record = read.ok && !asIs ? normalizeRecord(raw, read).record : raw;
      yield { do: 'produce', topic, record: plannedRecord(record) };
    }
  }
  for await (const record of versionRecords(underTodaysKeys(outOfOrder.writes))) {
    yield { do: 'produce', topic, record };
  }
  for (const { schema } of survey.ids.reservations()) yield schemaStep(topic, schema);
  if (!asIs) yield noopStep(topic);
}

function firstSteps(
  options: NewTopicOptions,
  survey: SnapshotSurvey,
): { readonly survey: SnapshotSurvey; readonly steps: readonly PlanStep[]; readonly notes: readonly string[] } {
  const { snapshot, present, topic, recreate } = options;
  const was = recreate === undefined ? snapshot.facts.topic : (present.facts ?? snapshot.facts.topic);
  const { brokers, facts } = present;
  const { replicationFactor, configs, notes } = topicSettings({ was, brokers, largestRecord: survey.largestRecord });
  const { acls, notes: aclNotes } = aclsOf(topic, was, present);
  const all = [...notes.map((note) => `topic settings: ${note}`), ...aclNotes];
  const create: PlanStep = { do: 'create-topic', topic, replicationFactor, configs, acls };
  if (facts === undefined) return { survey, steps: [create], notes: all };
  if (recreate !== undefined) {
    const { backup, sha256: backupSha256, givesUpOtherPartitions = false } = recreate;
    const givenUp = givesUpOtherPartitions ? otherPartitionsOf(facts) : [];
    refuseOtherPartitions(facts, givenUp);
    const given = givenUp.length === 0 ? {} : { givenUp };
    const remove: PlanStep = { do: 'delete-topic', topic, backup, backupSha256, endOffset: facts.endOffset, ...given };
    return { survey, steps: [remove, create], notes: all };
  }
  if (facts.endOffset > facts.beginOffset || facts.partitions !== 1) throw inTheWay(topic, facts);
  const changes = Object.fromEntries(
    Object.entries(configs).filter(([name, value]) => facts.overrides[name] !== value),
  );
  const steps: readonly PlanStep[] =
    Object.keys(changes).length === 0 ? [] : [{ do: 'alter-topic', topic, configs: changes }];
  const fewer =
    facts.replicationFactor < replicationFactor
      ? `, with a replication factor of ${facts.replicationFactor} instead of ${replicationFactor}`
      : '';
  return { survey, steps, notes: [`the topic ${topic} is there and empty: it is filled as it is${fewer}`, ...all] };
}

function inTheWay(topic: string, facts: NonNullable<PresentTarget['facts']>): ConfigError {
  const what =
    facts.partitions === 1
      ? `holds records up to offset ${facts.endOffset}`
      : `has ${facts.partitions} partitions, of which registries read the first`;
  return new ConfigError(
    `The topic ${topic} is there and ${what}. Nothing is deleted for a restore: restore --into in-place adds what is missing, ` +
      'and --topic names another one.',
    { code: TOPIC_IN_THE_WAY },
  );
}

function aclsOf(
  topic: string,
  was: { readonly topic: string; readonly acls: readonly TopicAcl[] | null } | undefined,
  present: PresentTarget,
): { readonly acls: readonly TopicAcl[]; readonly notes: readonly string[] } {
  const known = was?.acls ?? [];
  const acls = aclsFor(known, was?.topic ?? topic, topic);
  const others = known.length - acls.length;
  const notes =
    others > 0 ? [`ACLs: ${others} that cover other topics too are not made; see that the cluster has them`] : [];
  if (acls.length === 0 || present.hasAuthorizer) return { acls, notes };
  const none = `ACLs: ${acls.length} of the topic are not made, as the cluster has no authorizer or tells us none`;
  return { acls: [], notes: [...notes, none] };
}
