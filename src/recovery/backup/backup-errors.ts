/** What goes wrong with a backup. */
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { DataError } from '../../sdk/errors/kinds.ts';

export const BACKUP_DAMAGED = defineErrorCode('holdfast.recovery.backup-damaged', {
  what: 'A backup of a schema registry is not what was written: a file is missing, cut or changed.',
  mend: 'Use another copy or an older backup. The message names the file and the line; all other lines may be whole.',
});

export const BACKUP_UNREADABLE = defineErrorCode('holdfast.recovery.backup-unreadable', {
  what: 'What was named is no backup of a schema registry, or one of a newer version of Holdfast.',
  mend: 'Check the path: name the folder of one backup, or the folder that holds them.',
});

export const BACKUP_FAILED = defineErrorCode('holdfast.recovery.backup-failed', {
  what: 'A backup could not be written. What was there before is as it was.',
  mend: 'See to what the message says, such as space or permissions, and run the backup again.',
});

export const GIT_MISSING = defineErrorCode('holdfast.recovery.git-missing', {
  what: 'A backup into a git repository needs the program git, which is not there.',
  mend: 'Install git (2.30 or later) where Holdfast runs, or put it on the PATH; or back up into a folder.',
});

export const GIT_FAILED = defineErrorCode('holdfast.recovery.git-failed', {
  what: 'git ended with an error. Commits that were made before stay.',
  mend: 'See to what git says in the message, and run the same command again: it goes on from what is there.',
});

export const GIT_DETACHED = defineErrorCode('holdfast.recovery.git-detached', {
  what: 'A git repository that backups are pushed from is on no branch (its HEAD is detached), so there is none to push to. The commit is made.',
  mend: 'Call git switch -c NAME in it, which keeps the commit and its place, and run the same command again: it pushes.',
});

export const TARGET_FOREIGN = defineErrorCode('holdfast.recovery.target-foreign', {
  what: 'Where a backup was to be written lies something that is no backup of this registry.',
  mend: 'Name another place. Nothing was changed in this one.',
});

/** What reading a file of a backup throws: whatever keeps it from being read (EIO, ENOENT, EACCES), the backup is not whole. */
export function unreadable(path: string, cause: unknown): DataError {
  if (cause instanceof DataError) return cause;
  return new DataError(`The backup is damaged: ${path} can't be read: ${(cause as Error).message}.`, {
    ...{ code: BACKUP_DAMAGED, cause },
  });
}

/** What a full backup says of itself that was to go on from another one. */
export function fullBecause(damage: Error): string {
  return `The backup is full, because the one before can't be gone on with: ${damage.message}`;
}
