/** Plans what a registry's topic lacks, or has otherwise than a snapshot, as records behind its end. Nothing is taken away. */
import { newId } from '../../foundation/id.ts';
import { contextOf } from '../../registry/subject-context.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import { openPlan, type Plan } from '../plan/open-plan.ts';
import type { PlanHeader, PlannedChange, PlanStep } from '../plan/plan.ts';
import { PlanWriter } from '../plan/plan-writer.ts';
import { plannedRecord } from '../plan/planned-record.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';
import { schemaKey, schemaValueBytes } from '../records/write-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import { noopStep, schemaStep } from './added-steps.ts';
import { addWitnessedIds, HighestIds } from './highest-ids.ts';
import { normalizeRecord } from './normalize-record.ts';
import { type Difference, type Differences, differencesOf } from './record-differences.ts';
import { RecordTable } from './record-table.ts';
import { ID_COLLISION, TOPIC_IN_THE_WAY } from './restore-errors.ts';
import { idLines } from './survey-snapshot.ts';
import { messageBytesFor, sizeOf } from './topic-settings.ts';

export interface InPlaceOptions {
  readonly snapshot: Snapshot;
  /** The topic read to its present end, with its facts. */
  readonly present: Snapshot;
  readonly groupId: string;
  readonly path: string;
  readonly source: string;
  /** ms since the epoch. */
  readonly now: number;
  readonly minIds?: Readonly<Record<string, number>>;
  readonly notes?: readonly string[];
}

const BATCH = 200;

/**
 * Reads both snapshots whole and compares by what keys mean. Memory: some 150 bytes for each version of either.
 * @throws ConfigError `holdfast.recovery.id-collision` with the subjects and ids
 */
export async function planInPlace(options: InPlaceOptions, signal?: AbortSignal): Promise<Plan> {
  const { snapshot, present, path } = options;
  const topic = present.facts.topic;
  if (topic === undefined) {
    throw new ConfigError('A restore in place needs a topic that is there.', { code: TOPIC_IN_THE_WAY });
  }
  const known = new HighestIds();
  const wanted = await RecordTable.of(snapshot, { see: (raw) => known.saw(readRecord(raw)) }, signal);
  await addWitnessedIds(known, snapshot);
  const ids = new HighestIds();
  const there = await RecordTable.of(present, { isTarget: true, see: (raw) => ids.saw(readRecord(raw)) }, signal);
  const differences = differencesOf(wanted, there);
  refuseCollisions(differences, topic.topic);
  // Invariant 10: whatever was given out anywhere, even if no record has it any more.
  for (const from of [known.highest, options.minIds ?? {}]) {
    for (const [context, id] of Object.entries(from)) ids.atLeast(context, id);
  }
  let largest = 0;
  for await (const { record } of recordsFor(options, differences.all, signal)) {
    ids.saw(readRecord(record));
    largest = Math.max(largest, sizeOf(record));
  }
  const alter = alterFor(topic, largest);
  const reserved = ids.reservations();
  const endsInMarker = topic.controlOffsets.includes(topic.endOffset - 1);
  const writer = await PlanWriter.create(path, headerOf(options, ids, differences, endsInMarker));
  try {
    for (const step of alter) await writer.add(step);
    for await (const { record, change } of recordsFor(options, differences.all, signal)) {
      await writer.add({ do: 'produce', topic: topic.topic, record: plannedRecord(record), change });
    }
    for (const { schema } of reserved) await writer.add(schemaStep(topic.topic, schema));
    const writes = differences.all.length + reserved.length > 0;
    if (writes || endsInMarker) await writer.add(noopStep(topic.topic));
    await writer.finish();
  } catch (error) {
    await writer.discard();
    throw error;
  }
  return openPlan(path, signal);
}

/** The topic's settings that would lose or refuse what is written. */
function alterFor(topic: TopicFacts, largestRecord: number): readonly PlanStep[] {
  const configs: Record<string, string> = {};
  if (topic.effective['cleanup.policy'] !== 'compact') configs['cleanup.policy'] = 'compact';
  const bytes = messageBytesFor(largestRecord, topic);
  if (bytes !== undefined) configs['max.message.bytes'] = bytes;
  return Object.keys(configs).length === 0 ? [] : [{ do: 'alter-topic', topic: topic.topic, configs }];
}

interface WrittenRecord {
  readonly record: RawRecord;
  readonly change: PlannedChange;
}

/** As the snapshot has them, but written now, with today's keys, and soft-deleted where a later record deleted them. */
async function* recordsFor(
  { snapshot, present }: InPlaceOptions,
  differences: readonly Difference[],
  signal: AbortSignal | undefined,
): AsyncGenerator<WrittenRecord> {
  for (let at = 0; at < differences.length; at += BATCH) {
    signal?.throwIfAborted();
    const batch = differences.slice(at, at + BATCH);
    const wanted = await recordsAt(
      snapshot,
      batch.filter(({ from }) => from === 'snapshot'),
    );
    const there = await recordsAt(
      present,
      batch.filter(({ from }) => from === 'present'),
    );
    for (const difference of batch) {
      const raw = (difference.from === 'snapshot' ? wanted : there).get(difference.offset);
      const read = raw === undefined ? undefined : readRecord(raw);
      if (raw === undefined || read?.ok !== true) continue;
      const { change, deleted, needsTombstone, isReleased = false } = difference;
      let { record } = normalizeRecord({ ...raw, timestamp: -1 }, read);
      if (read.record.kind === 'schema') {
        const { subject, version, value } = read.record;
        if (value.deleted !== deleted) record = { ...record, value: schemaValueBytes({ ...value, deleted }) };
        // Confluent's registry keeps the first text that an id had, unless its version was deleted in between.
        if (needsTombstone) yield { record: { ...record, key: schemaKey(subject, version), value: null }, change: '-' };
      }
      if (!isReleased) yield { record, change };
    }
  }
}

async function recordsAt(
  snapshot: Snapshot,
  differences: readonly Difference[],
): Promise<ReadonlyMap<number, RawRecord>> {
  const offsets = differences.map(({ offset }) => offset).sort((a, b) => a - b);
  const found = (await snapshot.at(offsets)).filter((raw) => raw !== undefined);
  return new Map(found.map((raw) => [raw.offset, raw]));
}

function headerOf(
  { source, now, groupId, present, notes = [] }: InPlaceOptions,
  ids: HighestIds,
  { added, changed, again, onlyThere, purged, lostIds }: Differences,
  endsInMarker: boolean,
): PlanHeader {
  const { clusterId = null, topic = '', topicId = null, beginOffset = 0, endOffset = 0 } = present.facts.topic ?? {};
  const summary = [`${added} records are missing at the target, ${changed} are otherwise there`];
  if (again > 0)
    summary.push(`${again} schemas that refer to them are written again behind them, as Karapace reads in order`);
  if (lostIds.length > 0) {
    const shown = lostIds.slice(0, 10).map(({ subject, version, id }) => `${id} of ${subject} version ${version}`);
    const more = lostIds.length > 10 ? ` and ${lostIds.length - 10} more` : '';
    summary.push(`ids that stand for nothing any more, as their versions get others: ${shown.join('; ')}${more}`);
  }
  if (onlyThere > 0) summary.push(`${onlyThere} versions that only the target has stay as they are`);
  if (purged > 0)
    summary.push(`${purged} versions are deleted for good in the backup; where the target has them they stay`);
  if (endsInMarker) summary.push('the topic ends with a transaction marker: a NOOP is written behind it');
  return {
    format: 1,
    kind: 'holdfast-schemas-plan',
    id: newId<'Plan'>(),
    title: `Restore in place into ${topic}`,
    created: new Date(now).toISOString(),
    source,
    target: { kind: 'topic', clusterId, topic, groupId, endOffset, beginOffset, topicId },
    maxIds: ids.highest,
    summary: [...notes, ...summary, ...idLines(ids)],
  };
}

function refuseCollisions({ collisions }: Differences, topic: string): void {
  if (collisions.length === 0) return;
  const shown = collisions.slice(0, 10).map(({ subject, version, id }) => {
    const context = contextOf(subject);
    return `${id} of ${subject} version ${version}${context === '' ? '' : ` in the context ${context}`}`;
  });
  const more = collisions.length > 10 ? ` and ${collisions.length - 10} more` : '';
  throw new ConfigError(
    `In ${topic}, ids of the backup stand for other schemas by now: ${shown.join('; ')}${more}. Records in data topics may carry either, so ` +
      'nothing is written over: restore those subjects into a context of their own with --map, or leave them out with --only.',
    { code: ID_COLLISION, details: { collisions: collisions.slice(0, 100) } },
  );
}
