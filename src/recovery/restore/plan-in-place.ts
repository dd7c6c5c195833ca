/** Plans what a registry's topic lacks, or has otherwise than a snapshot, as records behind its end. Nothing is taken away. */
import { agreeing, counted } from '../../foundation/counted.ts';
import { newId } from '../../foundation/id.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import type { Plan } from '../plan/open-plan.ts';
import type { PlanHeader, PlanStep } from '../plan/plan.ts';
import { plannedRecord } from '../plan/planned-record.ts';
import { writePlan } from '../plan/write-plan.ts';
import { readRecord } from '../records/read-record.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import { noopStep, schemaStep } from './added-steps.ts';
import { type Fate, LEFT_OUT } from './damaged-records.ts';
import { addWitnessedIds, HighestIds } from './highest-ids.ts';
import { type Differences, differencesOf } from './record-differences.ts';
import { RecordTable } from './record-table.ts';
import { idChangeLines, type OverwriteIds, refuseIdChanges } from './refuse-id-changes.ts';
import { TOPIC_IN_THE_WAY } from './restore-errors.ts';
import { idLines } from './survey-snapshot.ts';
import { messageBytesFor, sizeOf } from './topic-settings.ts';
import { writtenInPlace } from './written-in-place.ts';

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
  /** None unless told. */
  readonly overwriteIds?: OverwriteIds;
  readonly notes?: readonly string[];
}

/** So many are named in a line. */
const NAMED = 10;

const STAY_THERE: Fate = ['stays there', 'stay there'];
/** What is compared is what records mean, and they mean no one thing. */
const NOT_COMPARED: Fate = [
  'is not brought back, as it has no one meaning to compare: a restore into a new topic has it',
  'are not brought back, as they have no one meaning to compare: a restore into a new topic has them',
];

/**
 * Reads both snapshots whole and compares by what keys mean. Memory: some 60 bytes for each version of either, and some 110 for each subject.
 * @throws ConfigError `holdfast.recovery.id-collision` with the subjects and ids, as {@link refuseIdChanges} does
 */
export async function planInPlace(options: InPlaceOptions, signal?: AbortSignal): Promise<Plan> {
  const { snapshot, present } = options;
  const topic = present.facts.topic;
  if (topic === undefined) {
    throw new ConfigError('A restore in place needs a topic that is there.', { code: TOPIC_IN_THE_WAY });
  }
  const known = new HighestIds();
  const wanted = await RecordTable.of(snapshot, { see: (read) => known.saw(read) }, signal);
  await addWitnessedIds(known, snapshot);
  const ids = new HighestIds();
  const there = await RecordTable.of(present, { beside: wanted, isTarget: true, see: (read) => ids.saw(read) }, signal);
  const differences = differencesOf(wanted, there);
  refuseIdChanges(differences.ids, topic.topic, options.overwriteIds);
  // Invariant 10: whatever was given out anywhere, even if no record has it any more.
  for (const from of [known.highest, options.minIds ?? {}]) {
    for (const [context, id] of Object.entries(from)) ids.atLeast(context, id);
  }
  ids.writes();
  let largest = 0;
  for await (const { record } of writtenInPlace(options, differences.all, signal)) {
    ids.saw(readRecord(record));
    largest = Math.max(largest, sizeOf(record));
  }
  const endsInMarker = topic.controlOffsets.includes(topic.endOffset - 1);
  const damaged = [
    ...wanted.damaged.lines(' of the backup', { byNone: LEFT_OUT, differently: NOT_COMPARED }),
    ...there.damaged.lines(' at the target', { byNone: STAY_THERE, differently: STAY_THERE }),
  ];
  const header = headerOf(options, ids, differences, { endsInMarker, damaged });
  return writePlan(
    options.path,
    header,
    stepsOf(options, { topic, differences, ids, endsInMarker, largest }, signal),
    signal,
  );
}

interface Decided {
  readonly topic: TopicFacts;
  readonly differences: Differences;
  readonly ids: HighestIds;
  readonly endsInMarker: boolean;
  /** Bytes of the largest record that is written. */
  readonly largest: number;
}

async function* stepsOf(
  options: InPlaceOptions,
  { topic: facts, differences, ids, endsInMarker, largest }: Decided,
  signal: AbortSignal | undefined,
): AsyncGenerator<PlanStep> {
  const { topic } = facts;
  yield* alterFor(facts, largest);
  const reserved = ids.reservations();
  for (const { schema } of reserved) yield schemaStep(topic, schema);
  for await (const { record, change } of writtenInPlace(options, differences.all, signal)) {
    yield { do: 'produce', topic, record: plannedRecord(record), change };
  }
  if (differences.all.size + reserved.length > 0 || endsInMarker) yield noopStep(topic);
}

/** The topic's settings that would lose or refuse what is written. */
function alterFor(topic: TopicFacts, largestRecord: number): readonly PlanStep[] {
  const configs: Record<string, string> = {};
  if (topic.effective['cleanup.policy'] !== 'compact') configs['cleanup.policy'] = 'compact';
  const bytes = messageBytesFor(largestRecord, topic);
  if (bytes !== undefined) configs['max.message.bytes'] = bytes;
  return Object.keys(configs).length === 0 ? [] : [{ do: 'alter-topic', topic: topic.topic, configs }];
}

function headerOf(
  { source, now, groupId, present, notes = [] }: InPlaceOptions,
  ids: HighestIds,
  { added, changed, again, sharing, sharedIds, onlyThere, purged, ids: changes }: Differences,
  { endsInMarker, damaged }: { readonly endsInMarker: boolean; readonly damaged: readonly string[] },
): PlanHeader {
  const { clusterId = null, topic = '', topicId = null, beginOffset = 0, endOffset = 0 } = present.facts.topic ?? {};
  const summary = [
    `${counted(added, 'record')} ${agreeing(added, 'is', 'are')} missing at the target, ${changed} ${agreeing(changed, 'is', 'are')} otherwise there`,
  ];
  if (again > 0)
    summary.push(
      `${counted(again, 'schema')} that ${agreeing(again, 'refers', 'refer')} to them ${agreeing(again, 'is', 'are')} written again behind them, as Karapace reads in order`,
    );
  if (sharing > 0) {
    const more = sharedIds.length > NAMED ? ` and ${sharedIds.length - NAMED} more` : '';
    summary.push(
      `${counted(sharing, 'schema')} that ${agreeing(sharing, 'shares', 'share')} an id with one of those ${agreeing(sharing, 'is', 'are')} written again as well, so that their order stays: these ids stand for several ` +
        `schemas, see holdfast schemas repair duplicate-ids: ${sharedIds.slice(0, NAMED).join(', ')}${more}`,
    );
  }
  summary.push(...idChangeLines(changes));
  if (onlyThere > 0)
    summary.push(
      `${counted(onlyThere, 'version')} that only the target has ${agreeing(onlyThere, 'stays as it is', 'stay as they are')}`,
    );
  if (purged > 0)
    summary.push(
      `${counted(purged, 'version')} ${agreeing(purged, 'is', 'are')} deleted for good in the backup; where the target has ${agreeing(purged, 'it, it stays', 'them they stay')}`,
    );
  summary.push(...damaged);
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
    ...(changes.changed.length === 0 ? {} : { changedIds: changes.changed }),
    ...(changes.lost.length === 0 ? {} : { lostIds: changes.lost }),
    summary: [...notes, ...summary, ...idLines(ids)],
  };
}
