import { defineErrorCode } from '../../sdk/errors/codes.ts';

export const PLAN_DAMAGED = defineErrorCode('holdfast.recovery.plan-damaged', {
  what: 'A plan file is cut off, was altered, or is no plan file.',
  mend: 'Make the plan again with the command that wrote it. Plans are not to be edited: nothing that was not shown may be run.',
});

export const PLAN_NEWER = defineErrorCode('holdfast.recovery.plan-newer', {
  what: 'A plan file was written by a later version of Holdfast.',
  mend: 'Run it with the version that wrote it, or make the plan again with this one.',
});

export const PLAN_EXISTS = defineErrorCode('holdfast.recovery.plan-exists', {
  what: 'A plan or undo file would have been written over another file.',
  mend: 'Name another file with --plan or --undo, or move the one that is there away once nothing needs it any more.',
});

export const PLAN_FILE = defineErrorCode('holdfast.recovery.plan-file', {
  what: 'A plan or undo file can not be read or written.',
  mend: 'See to what the file system says in the message: the path, permissions or free space.',
});
