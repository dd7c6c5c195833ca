/** Why a plan is not run, or its outcome not trusted. */
import { agreeing, counted } from '../../foundation/counted.ts';
import { ConfigError, DataError } from '../../sdk/errors/kinds.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';
import { NOT_AS_PLANNED, PLAN_TAKEN_BACK, TARGET_CHANGED, UNDO_MISSING } from './restore-errors.ts';

export function changed(topic: string, reason: string): ConfigError {
  return new ConfigError(
    `The topic ${topic} is not what the plan was made for: ${reason}. Look at who wrote to it, then make the plan again.`,
    { code: TARGET_CHANGED },
  );
}

/** As {@link changed}, where no undo file tells that the plan was begun. */
export function notPlannedFor(topic: string, reason: string): ConfigError {
  return new ConfigError(
    `The topic ${topic} is not what the plan was made for: ${reason}. Nothing was done. If an earlier run began this plan, name the undo file that it ` +
      'wrote with --undo: then it goes on. If not, look at who wrote to it, then make the plan again.',
    { code: TARGET_CHANGED },
  );
}

/** Since a run that was ended before it was through. */
export function changedSinceBegun(topic: string, reason: string): ConfigError {
  return new ConfigError(
    `The topic ${topic} is not any more what it was when this plan was begun: ${reason}. This run changed nothing. Find out who did that; then plan a ` +
      'restore --into in-place, which adds what is missing by now.',
    { code: TARGET_CHANGED },
  );
}

/** Somebody writes at this very time, or did while this plan was run. */
export function othersWrite(topic: string, wanted: number, got: number | undefined): ConfigError {
  return new ConfigError(
    `Somebody else writes to the topic ${topic}: a record was to get the offset ${wanted} and got ${got ?? 'none'}. Find out who it is (a registry, ` +
      'another run of this plan) and stop it. Then run the plan again: it goes on if only NOOPs came in between. If not, take it back with its undo file.',
    { code: TARGET_CHANGED },
  );
}

/** Into a topic that was about to be deleted. */
export function wroteMeanwhile(topic: string): ConfigError {
  return new ConfigError(
    `Somebody wrote to the topic ${topic} while it was saved, so that it was not deleted: it is as it was. Find out who it is and stop it. Then run the ` +
      'same again: it looks at what was written, and says what to do where that would be lost.',
    { code: TARGET_CHANGED },
  );
}

/** As {@link othersWrite}, before this run has written anything, or anything more. @param from offset */
export function wroteBefore(topic: string, from: number, written: number): ConfigError {
  const done =
    written === 0
      ? 'This run changed nothing'
      : `${counted(written, 'record')} ${agreeing(written, 'was', 'were')} written before it came`;
  return new ConfigError(
    `Somebody wrote to the topic ${topic} from offset ${from} on, or made it anew, while this run looked at it. ${done}. Find out who it is and stop ` +
      'it. Then run the same again: it goes on if only NOOPs came, and says what to do if not.',
    { code: TARGET_CHANGED },
  );
}

/** The cluster at hand is not the plan's. */
export function otherCluster(topic: string, planned: string, found: string | null): ConfigError {
  return new ConfigError(
    `The plan is for the topic ${topic} of the cluster ${planned}, and this is ${found === null ? 'one without an id' : `the cluster ${found}`}. Nothing was done. ` +
      'Name that cluster with --bootstrap-servers; for this one, make another plan.',
    { code: TARGET_CHANGED },
  );
}

/** What an undo would take its plan back from is not there. */
export function nothingToWriteBehind(topic: string, reason: string): ConfigError {
  return new ConfigError(
    `The plan can not be taken back in the topic ${topic}: ${reason}. Nothing was written. What was there before the plan is in a backup of before: ` +
      'holdfast schemas restore BACKUP --into new-topic makes a topic that is gone anew, --into in-place adds what is missing in one that is there.',
    { code: TARGET_CHANGED },
  );
}

/** What lies there is neither the plan's nor a NOOP. @param written of the plan's records, by earlier runs */
export function wroteSince(topic: string, offset: number, written: number): ConfigError {
  return new ConfigError(
    `The topic ${topic} has at offset ${offset} not what this plan wrote there: somebody else wrote to it since an earlier run wrote ${written} of the ` +
      "plan's records. This run changed nothing. The undo file takes the plan back unless something would be lost by it. If what was written since is to " +
      'stay, plan a restore --into in-place: it adds what is missing.',
    { code: TARGET_CHANGED },
  );
}

/** @param offset of a record of the undo that stands */
export function takenBack(topic: string, offset: number): ConfigError {
  return new ConfigError(
    `The plan was taken back in the topic ${topic}, in whole or in part: its undo wrote at offset ${offset} what there was before. This run changed nothing. ` +
      'If the plan is to hold again, make the plan again with the command that wrote it, and run the new one.',
    { code: PLAN_TAKEN_BACK, details: { topic, offset } },
  );
}

/** Records of the plan that an earlier run wrote. */
export function lostSince(topic: string, offsets: readonly number[]): ConfigError {
  return changedSinceBegun(
    topic,
    `the records that an earlier run wrote at the offsets ${offsets.join(', ')} are gone, and no later one of their keys is there`,
  );
}

/** What others wrote since a plan was run, which taking it back would lose or contradict. @param written records of this very run */
export function wouldBeLost(topic: string, offset: number, what: string, written: number): ConfigError {
  const done =
    written === 0
      ? 'Nothing was written.'
      : `${counted(written, 'record')} of the undo ${agreeing(written, 'was', 'were')} written before it came.`;
  return new ConfigError(
    `The topic ${topic} has at offset ${offset} what somebody else wrote since the plan was run, and would be lost or contradicted if it was taken ` +
      `back: ${what}. ${done} If that is to stay, do not take the plan back as a whole: delete what it added at the registry, and bring back what it ` +
      'replaced with holdfast schemas restore BACKUP --into in-place --only SUBJECT, from a backup taken before it was run.',
    { code: TARGET_CHANGED, details: { topic, offset } },
  );
}

/** As {@link wouldBeLost}, where the undo deletes the topic. */
export function lostWithTopic(topic: string, record: RawRecord): ConfigError {
  return new ConfigError(
    `The topic ${topic} has at offset ${record.offset} what somebody else wrote since the plan was run: ${inWords(record)}. It would be lost, as taking the ` +
      'plan back deletes the topic. Nothing was done. If nobody needs it, delete the topic by hand; what was there before is in the undo file and in the ' +
      'backup that the plan was made from. If it is to stay, leave the plan as it is, and plan a restore --into in-place for what is missing.',
    { code: TARGET_CHANGED, details: { topic, offset: record.offset } },
  );
}

function inWords(record: RawRecord): string {
  const read = readRecord(record);
  if (!read.ok) return `a record that can not be read, as ${read.reason}`;
  const { record: told } = read;
  switch (told.kind) {
    case 'schema':
      return `${told.subject} version ${told.version} with the id ${told.value.id}`;
    case 'schema-gone':
      return `the deletion of ${told.subject} version ${told.version}`;
    case 'config':
    case 'mode':
      return `the ${told.kind} of ${told.subject ?? 'the whole registry'}`;
    case 'other':
      return `a record of the kind ${told.keytype}`;
    case 'noop':
      return 'a NOOP';
    default:
      return `a ${told.kind} of ${told.subject ?? 'the whole registry'}`;
  }
}

export function notAsPlanned(topic: string, reason: string): DataError {
  return new DataError(
    `The plan was run, but the topic ${topic} does not hold what it wrote: ${reason}. Start no registry on it before that is understood.`,
    { code: NOT_AS_PLANNED },
  );
}

export function unknownUndo(path: string, reason: string): ConfigError {
  return new ConfigError(`${path} can not be the undo file of this plan: ${reason}. Name another file with --undo.`, {
    code: UNDO_MISSING,
  });
}
