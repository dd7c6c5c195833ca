/** `holdfast schemas repair corrupt-records`: the topic made anew without its bad records. */
import type { SnapshotFolder } from '../../recovery/backup/snapshot-folder.ts';
import { readRecord } from '../../recovery/records/read-record.ts';
import { consequencesAnew } from '../../recovery/repair/consequences.ts';
import { FilteredSnapshot } from '../../recovery/repair/filtered-snapshot.ts';
import { findUnparsable } from '../../recovery/repair/find-unparsable.ts';
import { chooseLeftOut, type LeaveOutRules, type LeftOut } from '../../recovery/repair/left-out.ts';
import { writeLeftOutFile } from '../../recovery/repair/left-out-file.ts';
import { addWitnessedIds, HighestIds } from '../../recovery/restore/highest-ids.ts';
import { planNewTopic } from '../../recovery/restore/plan-new-topic.ts';
import type { Snapshot } from '../../recovery/snapshot/snapshot.ts';
import { watchedSnapshot } from '../../recovery/snapshot/watched-snapshot.ts';
import { UsageError } from '../exit-codes.ts';
import { waitOf } from './check-nodes-after.ts';
import { openPlanTopic } from './open-plan-topic.ts';
import { planPath } from './plan-path.ts';
import { backUpTopic, topicFolder } from './repair-backup.ts';
import { parseOffset, parseOffsetOrTime, type RepairOptions } from './repair-options.ts';
import type { SchemasSession } from './schemas-session.ts';
import { showAndRun } from './show-and-run.ts';

export interface CorruptRecordsOptions extends RepairOptions {
  readonly backup: string;
  readonly dropOffset?: readonly string[];
  readonly dropDeletesAfter?: string;
  readonly dropDoubtful: boolean;
  readonly dropUnparsable: boolean;
  readonly anew: boolean;
}

/** Returns the exit code. */
export async function repairCorruptRecords(session: SchemasSession, options: CorruptRecordsOptions): Promise<number> {
  const { signal, clock, progress } = session;
  const wait = waitOf(session, options);
  const { topic, groupId } = options;
  const chosen = rulesOf(options);
  const path = await planPath(options, 'repair-corrupt-records', clock.now());
  const backup = await backUpTopic(session, topicFolder(options.backup));
  const { facts } = backup;
  if (facts.topic === undefined) throw new Error('a backup of a topic has its facts');
  const watched = watchedSnapshot(backup, 'Planning', progress);
  const unparsable = options.dropUnparsable ? await findUnparsable(watched, signal) : new Map<number, string>();
  const leftOut = await leftOutOf(watched, { ...chosen, unparsable });
  const { unreadable, controlOffsets } = facts.topic;
  const isBad = leftOut.reasons.size > 0 || unreadable.length > 0 || controlOffsets.length > 0;
  if (!isBad && !options.anew) {
    const text = [
      ...leftOut.summary,
      `The backup is ${backup.folder}. The topic is left as it is: --anew makes it anew all the same.`,
    ];
    session.print({
      json: { summary: text, files: { backup: backup.folder }, plan: null, ran: false, undo: null, run: null },
      text,
    });
    return 0;
  }
  const leftOutPath = `${path.replace(/\.ndjson$/, '')}.left-out.ndjson`;
  await writeLeftOutFile(leftOutPath, watched, leftOut.reasons);
  const snapshot = await FilteredSnapshot.open(watched, leftOut.reasons);
  const consequences = await consequencesAnew(watched, snapshot);
  const target = await openPlanTopic(session, { topic, groupId });
  const plan = await planNewTopic(
    {
      ...{ snapshot, present: await target.present(signal), topic, groupId, path, now: clock.now() },
      title: `Make ${topic} anew without the records that are bad or were chosen`,
      source: `the backup ${backup.folder}`,
      minIds: await highestIds(watched),
      // Good records are copied as they are; what else there is to mend has commands of its own.
      asIs: true,
      recreate: { backup: backup.folder, sha256: facts.sha256 },
      notes: [...leftOut.summary, ...lost(facts.topic)],
    },
    signal,
  );
  const files = { backup: backup.folder, 'left out': leftOutPath };
  return showAndRun(session, plan, { ...options, wait, consequences, files, facts: facts.topic });
}

function rulesOf(options: CorruptRecordsOptions): Omit<LeaveOutRules, 'unparsable'> {
  const { dropOffset = [], dropDeletesAfter, dropDoubtful } = options;
  return {
    offsets: new Set(dropOffset.map((text) => parseOffset(text, '--drop-offset'))),
    deletesFrom:
      dropDeletesAfter === undefined ? undefined : parseOffsetOrTime(dropDeletesAfter, '--drop-deletes-after'),
    doubtful: dropDoubtful,
  };
}

async function leftOutOf(snapshot: Snapshot, rules: LeaveOutRules): Promise<LeftOut> {
  try {
    return await chooseLeftOut(snapshot, rules);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

/** Invariant 10: ids of what is left out were given out all the same. */
async function highestIds(snapshot: Snapshot): Promise<Readonly<Record<string, number>>> {
  const ids = new HighestIds();
  for await (const batch of snapshot.records()) for (const raw of batch) ids.saw(readRecord(raw));
  await addWitnessedIds(ids, snapshot);
  return ids.highest;
}

function lost({ unreadable }: NonNullable<SnapshotFolder['facts']['topic']>): readonly string[] {
  return unreadable.map(
    ({ from, to, reason }) =>
      `Offsets ${from} to ${to - 1} can not be read (${reason}): nothing of them is in the backup or the new topic.`,
  );
}
