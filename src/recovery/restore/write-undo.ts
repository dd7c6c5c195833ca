/** The plan that takes a topic's plan back, written before that one's first step. Invariant 10: a restore can be undone. */
import { agreeing, counted } from '../../foundation/counted.ts';
import { newId } from '../../foundation/id.ts';
import { openPlan, type Plan } from '../plan/open-plan.ts';
import type { PlanHeader, PlannedRecord, PlanStep, UndonePlan } from '../plan/plan.ts';
import { PlanWriter } from '../plan/plan-writer.ts';
import { appendedRecord, plannedRecord } from '../plan/planned-record.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import { versionRecords } from '../repair/version-writes.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import { noopStep, schemaStep } from './added-steps.ts';
import { keptBehindTargets, refersToOthers } from './behind-targets.ts';
import { HighestIds } from './highest-ids.ts';
import { type PlanShape, takesNoKeyless } from './plan-shape.ts';
import { idLines } from './survey-snapshot.ts';
import { messageBytesFor, settingsAsBefore, sizeOf } from './topic-settings.ts';
import { touchedKeys } from './touched-keys.ts';

export interface UndoOptions {
  readonly plan: Plan;
  readonly shape: PlanShape;
  readonly path: string;
  readonly topic: string;
  /** The topic as it is, with its facts; undefined: it is not there. */
  readonly present: Snapshot | undefined;
  /** At which offset the plan's first record will be written. */
  readonly base: number;
  /** ms since the epoch. */
  readonly now: number;
}

const BATCH = 200;
/** So many offsets are listed. */
const NAMED = 20;

/** The file is there, whole and durable, when it resolves. */
export async function writeUndo(options: UndoOptions, signal: AbortSignal): Promise<Plan> {
  const undo = await undoOf(options, signal);
  const { plan, base, now, present } = options;
  const { target, title } = plan.header;
  const header: PlanHeader = {
    format: 1,
    kind: 'holdfast-schemas-plan',
    id: newId<'Plan'>(),
    title: `Undo: ${title}`,
    created: new Date(now).toISOString(),
    source: `the target as it was before ${plan.path} was run`,
    // Where it ends when the undo is run depends on how far the plan came; what lies there is compared with the plan instead.
    target: withoutState(target),
    undoes: {
      id: plan.header.id,
      path: plan.path,
      sha256: plan.sha256,
      base,
      topicId: present?.facts.topic?.topicId ?? null,
      ...stateOf(present?.facts.topic),
    },
    maxIds: undo.ids.highest,
    summary: [...undo.summary, ...idLines(undo.ids)],
  };
  const writer = await PlanWriter.create(options.path, header);
  try {
    for (const step of undo.first) await writer.add(step);
    for await (const records of undo.records()) {
      signal.throwIfAborted();
      for (const step of records) await writer.add(step);
    }
    for (const step of undo.last) await writer.add(step);
    await writer.finish();
  } catch (error) {
    await writer.discard();
    throw error;
  }
  return openPlan(options.path, signal);
}

function withoutState(target: PlanHeader['target']): PlanHeader['target'] {
  if (target.kind !== 'topic') return target;
  const { kind, clusterId, topic, groupId } = target;
  return { kind, clusterId, topic, groupId, endOffset: null };
}

/** By which a run that goes on knows the topic again. */
function stateOf(facts: TopicFacts | undefined): Pick<UndonePlan, 'partitions' | 'cleanupPolicy'> {
  if (facts === undefined) return {};
  const { partitions, effective } = facts;
  const policy = effective['cleanup.policy'];
  return { partitions, ...(policy === undefined ? {} : { cleanupPolicy: policy }) };
}

interface Undo {
  readonly ids: HighestIds;
  readonly summary: readonly string[];
  readonly first: readonly PlanStep[];
  records(): AsyncIterable<readonly PlanStep[]>;
  readonly last: readonly PlanStep[];
}

function undoOf(options: UndoOptions, signal: AbortSignal): Promise<Undo> {
  const { shape } = options;
  if (shape.remove !== undefined) return anew(options, signal);
  return shape.create === undefined ? inPlace(options, signal) : Promise.resolve(gone(options));
}

/** The plan made a topic where none was. */
function gone({ topic, plan }: UndoOptions): Undo {
  const { path, sha256: planSha256 } = plan;
  return {
    ids: new HighestIds(),
    summary: [`deletes the topic ${topic} that the plan made, if nobody wrote to it since`],
    first: [{ do: 'delete-made-topic', topic, plan: path, planSha256 }],
    records: async function* () {},
    last: [],
  };
}

/** The plan deletes a topic: all that it holds is written again. */
async function anew({ topic, plan, shape, present }: UndoOptions, signal: AbortSignal): Promise<Undo> {
  const facts = present?.facts.topic;
  if (present === undefined || facts === undefined) return { ...gone({ topic, plan } as UndoOptions), first: [] };
  const ids = new HighestIds();
  let largest = 0;
  const keyless: number[] = [];
  let withoutKey = 0;
  for await (const records of present.records()) {
    signal.throwIfAborted();
    for (const raw of records) {
      ids.saw(readRecord(raw));
      largest = Math.max(largest, sizeOf(raw));
      if (raw.key === null && withoutKey++ < NAMED) keyless.push(raw.offset);
    }
  }
  // Invariant 10: ids that only the plan knows of were given out once.
  for (const [context, id] of Object.entries(plan.header.maxIds)) ids.atLeast(context, id);
  const { path, sha256: planSha256 } = plan;
  const first: PlanStep[] =
    shape.create === undefined ? [] : [{ do: 'delete-made-topic', topic, plan: path, planSha256 }];
  const acls = (facts.acls ?? []).filter(({ pattern, resource }) => pattern === 'LITERAL' && resource === topic);
  const { replicationFactor } = facts;
  const { configs, notes } = settingsAsBefore(facts, largest);
  const isLeftOut = withoutKey > 0 && takesNoKeyless(configs);
  first.push({ do: 'create-topic', topic, replicationFactor, configs, acls });
  return {
    ids,
    summary: [
      `makes the topic ${topic} anew as it was: ${counted(present.facts.records - (isLeftOut ? withoutKey : 0), 'record')}`,
      ...notes.map((note) => `topic settings: ${note}`),
      ...(isLeftOut ? [keylessInWords(keyless, withoutKey)] : []),
    ],
    first,
    records: async function* () {
      for await (const records of present.records()) {
        const kept = isLeftOut ? records.filter(({ key }) => key !== null) : records;
        yield kept.map((raw) => produce(topic, raw, raw.timestamp));
      }
    },
    last: ids.reservations().map(({ schema }) => schemaStep(topic, schema)),
  };
}

/** No registry reads them, and a broker takes none into a topic that is compacted; they came before it was. */
function keylessInWords(first: readonly number[], count: number): string {
  const more = count > first.length ? ` and ${count - first.length} more` : '';
  return (
    `${counted(count, 'record')} without a key ${agreeing(count, 'is', 'are')} left out, as the topic was compacted and takes none any more; no registry reads ${agreeing(count, 'it', 'them')}: ` +
    `offset ${first.join(', ')}${more}`
  );
}

/** The plan only appends: what it replaces is said again, what it adds is deleted. */
async function inPlace({ topic, plan, shape, present }: UndoOptions, signal: AbortSignal): Promise<Undo> {
  const facts = present?.facts.topic;
  if (present === undefined || facts === undefined) throw new Error('a plan in place without a topic');
  const { added, replaced } = await touchedKeys(plan, present, signal);
  const deleteOf = (key: string): PlanStep => ({
    do: 'produce',
    topic,
    record: { key, value: null, headers: [], timestamp: -1 },
  });
  const again = async function* (): AsyncGenerator<readonly RawRecord[]> {
    for (let at = 0; at < replaced.length; at += BATCH) {
      const found = await present.at(replaced.slice(at, at + BATCH));
      yield found.filter((raw) => raw !== undefined);
    }
  };
  const ids = new HighestIds();
  for await (const records of present.records()) {
    signal.throwIfAborted();
    for (const raw of records) ids.saw(readRecord(raw));
  }
  const reserved = await seePlan(ids, plan, signal);
  for (const key of added) ids.saw(readRecord({ key: Buffer.from(key, 'base64'), value: null }));
  let largest = 0;
  let hasReferences = false;
  for await (const records of again()) {
    signal.throwIfAborted();
    for (const raw of records) {
      ids.saw(readRecord(raw));
      largest = Math.max(largest, sizeOf(raw));
      hasReferences ||= refersToOthers(raw);
    }
  }
  const behind = hasReferences ? await keptBehindTargets(present, replaced, signal) : [];
  const names = shape.alter.flatMap(({ configs }) => Object.keys(configs));
  const configs = Object.fromEntries(names.map((name) => [name, facts.overrides[name] ?? null]));
  // What was written before the topic took no more of that size is to be written again.
  const bytes = messageBytesFor(largest, facts);
  if (bytes !== undefined) configs['max.message.bytes'] = bytes;
  const back: readonly PlanStep[] = Object.keys(configs).length === 0 ? [] : [{ do: 'alter-topic', topic, configs }];
  return {
    ids,
    summary: [
      `deletes ${counted(added.length, 'key')} that ${agreeing(added.length, 'was', 'were')} not there, and writes ${counted(replaced.length, 'record')} again as ${agreeing(replaced.length, 'it was', 'they were')}`,
    ],
    first: [
      ...back,
      // First, as in the plan: it may have been killed before that.
      ...reserved.map((record): PlanStep => ({ do: 'produce', topic, record })),
    ],
    records: async function* () {
      for (let at = 0; at < added.length; at += BATCH) yield added.slice(at, at + BATCH).map(deleteOf);
      // All of them first: two versions may have changed their ids, and each id has to be let go of before it is taken.
      for await (const records of again()) {
        yield records.filter(needsTombstone).map((raw) => produce(topic, { ...raw, value: null, headers: [] }, -1));
      }
      for await (const records of again()) yield records.map((raw) => produce(topic, raw, -1));
      for await (const record of versionRecords(behind)) yield [{ do: 'produce', topic, record }];
    },
    // Ids that only the plan has given to anything: as long as something has them, Confluent's registry takes no other text of them.
    last: [...ids.reservations().map(({ schema }) => schemaStep(topic, schema)), noopStep(topic)],
  };
}

/** Tells `ids` of the plan's records. Returns those by which it reserves ids: they stay when it is taken back, as nothing else has these ids. */
async function seePlan(ids: HighestIds, plan: Plan, signal: AbortSignal): Promise<readonly PlannedRecord[]> {
  const reserved: PlannedRecord[] = [];
  // What an undo reserves is taken back with it.
  const isUndo = plan.header.undoes !== undefined;
  for await (const steps of plan.read(0, signal)) {
    for (const step of steps) {
      if (step.do !== 'produce') continue;
      const read = readRecord(appendedRecord(step.record));
      ids.saw(read);
      const isSchema = read.ok && read.record.kind === 'schema';
      if (!isUndo && isSchema && isReservedSubject(read.record.subject)) reserved.push(step.record);
    }
  }
  return reserved;
}

/**
 * Confluent's registry keeps the first text that an id had, which may be that of the plan, unless its version was deleted in between. And what a
 * registry reads past, as the empty value by which Karapace deletes or what nobody can read, takes nothing of the plan's away.
 */
function needsTombstone(raw: RawRecord): boolean {
  const read = readRecord(raw);
  const isReadPast = read.ok
    ? 'absence' in read.record && read.record.absence === 'empty'
    : read.version !== undefined || read.setting !== undefined;
  return isReadPast || (read.ok && read.record.kind === 'schema');
}

function produce(topic: string, raw: RawRecord, timestamp: number): PlanStep {
  return { do: 'produce', topic, record: plannedRecord({ ...raw, timestamp }) };
}
