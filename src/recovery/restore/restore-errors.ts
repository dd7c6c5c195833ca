import { defineErrorCode } from '../../sdk/errors/codes.ts';

export const TOPIC_IN_THE_WAY = defineErrorCode('holdfast.recovery.topic-in-the-way', {
  what: 'A registry’s topic was to be made anew, but it is there and holds records, or is of another shape.',
  mend: 'Mend it in place, name another topic, or back it up and let the command delete and make it anew.',
});

export const TARGET_CHANGED = defineErrorCode('holdfast.recovery.target-changed', {
  what: 'A topic or a registry is not what a plan was made for: something else was written to it since, or the topic is another one.',
  mend: 'Make the plan again: it is right for the target as it was when it was made, and for no other.',
});

export const ID_COLLISION = defineErrorCode('holdfast.recovery.id-collision', {
  what: 'An id of what is to be restored stands for another schema at the target, in the same context, or a restore in place would take from an id what it stands for.',
  mend: 'Restore into a context of its own with --map, leave those subjects out with --only, or restore into a new topic; in place, --overwrite-id chooses ids that are to mean what the backup says.',
});

export const DANGLING_REFERENCE = defineErrorCode('holdfast.recovery.dangling-reference', {
  what: 'A schema that is to be restored refers to one that would not be.',
  mend: 'Take the subjects that the message names in with --only, or restore everything.',
});

export const MAP_INVALID = defineErrorCode('holdfast.recovery.map-invalid', {
  what: 'What --only or --map says can not be followed.',
  mend: 'Write --only SUBJECT or a pattern with *, and --map FROM=TO with subjects or contexts such as :.old:=:.new:.',
});

export const NOT_AS_PLANNED = defineErrorCode('holdfast.recovery.not-as-planned', {
  what: 'A topic that was read back after a plan was run does not hold what the plan wrote.',
  mend: 'Start no registry on it. Undo the plan with its undo file, and look for whoever else writes to the topic.',
});

export const PLAN_RUNNING = defineErrorCode('holdfast.recovery.plan-running', {
  what: 'A plan is run already by another process on this machine.',
  mend: 'Wait for it, or stop it and run the plan again: it goes on where it was.',
});

export const UNDO_MISSING = defineErrorCode('holdfast.recovery.undo-missing', {
  what: 'The undo file of a plan that was begun can not be found, or is that of another plan.',
  mend: 'Name it with --undo. Without it the plan can not go on, as it could never be taken back.',
});

export const PLAN_TAKEN_BACK = defineErrorCode('holdfast.recovery.plan-taken-back', {
  what: 'A plan was run again after its undo file had taken it back, in whole or in part.',
  mend: 'Make the plan again, from the topic as it is now, and run that one.',
});

export const BACKUP_NOT_ENOUGH = defineErrorCode('holdfast.recovery.backup-not-enough', {
  what: 'A topic was to be deleted, but the backup that a plan names does not hold all of it.',
  mend: 'Take a backup of the topic as it is now, and make the plan again from it.',
});

export const PLAN_UNFIT = defineErrorCode('holdfast.recovery.plan-unfit', {
  what: 'The steps of a plan are in an order, or for a target, that can not be run.',
  mend: 'Make the plan again with the command that wrote it; if it says so again, report it with the plan file.',
});
