/** Whether a topic may be deleted because a backup has all of it. */
import { DataError } from '../../sdk/errors/kinds.ts';
import type { PlanStep } from '../plan/plan.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { recordDigest } from '../records/record-digest.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { BACKUP_NOT_ENOUGH } from './restore-errors.ts';

/** A backup as it lies somewhere durable. */
export interface CheckableBackup extends Snapshot {
  /** Compares every digest. */
  check(signal?: AbortSignal): Promise<void>;
}

/**
 * Reads the backup whole, checks every digest, and looks for every record of the topic in it, with its settings and ACLs.
 * @throws DataError `holdfast.recovery.backup-not-enough`, `holdfast.recovery.backup-damaged`
 */
export async function verifyBackup(
  step: Extract<PlanStep, { readonly do: 'delete-topic' }>,
  backup: CheckableBackup,
  present: Snapshot,
  signal: AbortSignal,
): Promise<void> {
  const refuse = (reason: string): DataError =>
    new DataError(
      `The topic ${step.topic} is not deleted, as the backup ${step.backup} ${reason}. Take another backup and make the plan again.`,
      { code: BACKUP_NOT_ENOUGH },
    );
  await backup.check(signal);
  const { sha256, topic, endOffset } = backup.facts;
  if (sha256 !== step.backupSha256) throw refuse('is not the one that the plan was made with');
  if (topic === undefined) throw refuse('has no settings of the topic: it was not made from one');
  if (topic.acls === null && (present.facts.topic?.acls ?? null) !== null)
    throw refuse('has no ACLs, and the topic has');
  if (endOffset < present.facts.endOffset) {
    throw refuse(`ends at offset ${endOffset}, and the topic at ${present.facts.endOffset}`);
  }
  const missing = await firstMissing(present, backup, signal);
  if (missing !== undefined) throw refuse(`does not hold the topic's record at offset ${missing} as it is`);
}

/** Offset of the first record of the topic that the backup lacks or has otherwise. */
async function firstMissing(present: Snapshot, backup: Snapshot, signal: AbortSignal): Promise<number | undefined> {
  const kept = oneByOne(backup, signal);
  let next = await kept.next();
  try {
    for await (const records of present.records()) {
      for (const record of records) {
        while (next.done !== true && next.value.offset < record.offset) next = await kept.next();
        if (next.done === true || next.value.offset !== record.offset) return record.offset;
        if (!recordDigest(next.value).equals(recordDigest(record))) return record.offset;
      }
    }
    return undefined;
  } finally {
    await kept.return(undefined);
  }
}

async function* oneByOne(snapshot: Snapshot, signal: AbortSignal): AsyncGenerator<RawRecord, undefined> {
  for await (const records of snapshot.records()) {
    signal.throwIfAborted();
    yield* records;
  }
  return undefined;
}
