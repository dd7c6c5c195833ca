/** The requests that take a restore through REST back. */
import { contextOf } from '../../registry/subject-context.ts';
import type { PlannedSight } from '../plan/plan.ts';
import { reservedSchema, reservedSubject } from '../records/reserved-id.ts';
import { valuesAt } from './compare-with-target.ts';
import { covers, isReadOnly } from './import-scopes.ts';
import { importSteps, modeOf, type RegistryRestore } from './registry-restore.ts';
import {
  configAnewSteps,
  configStep,
  enterImportStep,
  hardDeleteStep,
  importStep,
  isSame,
  isThere,
  modeStep,
  type RequestStep,
  softDeleteStep,
} from './restore-steps.ts';
import { idPath } from './walk-subjects.ts';

/** In the order in which they are sent. Harmless where the restore got only half way. */
export async function* undoSteps(restore: RegistryRestore): AsyncGenerator<RequestStep> {
  const { items, target, configs, modes, unlocked } = restore;
  // What is read-only now deletes nothing.
  for (const { place, after } of [...modes].reverse()) {
    if (isReadOnly(modeOf(after)) || unlocked.has(place)) yield modeStep(place, 'READWRITE');
  }
  yield* puttingBack(restore);
  yield* reservingSteps(restore);
  yield* removing(restore);
  yield* livingAgain(restore);
  for (const { place, before, after } of configs) {
    const isAdded = Object.keys(after ?? {}).some((field) => before?.[field] === undefined);
    // Registries that know no other field than the level can not delete all configs.
    if (before !== undefined && isAdded) yield* configAnewSteps(place, before);
    else yield configStep(place, before);
  }
  // Of what was made live again, too: a config is refused where it is read-only.
  const told = new Set(modes.map(({ place }) => place));
  const entered = new Set(items.filter(({ action }) => action === 'delete').map(({ version }) => version.subject));
  for (const subject of entered) {
    if (!told.has(subject)) yield modeStep(subject, modeOf(target.witness.modes[subject]));
  }
  for (const { place, before } of modes) yield modeStep(place, modeOf(before));
}

/** Nothing but what was imported: meanwhile somebody may have registered another schema as the same version, or the restore never ran. */
async function* removing({ snapshot, items }: RegistryRestore): AsyncGenerator<RequestStep> {
  const backwards = items.filter(({ action }) => action !== 'delete').reverse();
  for (let at = 0; at < backwards.length; at += 100) {
    const batch = backwards.slice(at, at + 100);
    const values = await valuesAt(
      snapshot,
      batch.map(({ version }) => version),
    );
    for (const [index, { action }] of batch.entries()) {
      const value = values[index]?.[1];
      if (value === undefined) continue;
      const only = isSame(value);
      yield softDeleteStep(value.subject, value.version, only);
      if (action === 'import') yield hardDeleteStep(value.subject, value.version, only);
    }
  }
}

/**
 * What the restore soft-deleted. To enter IMPORT may remove all that is soft-deleted in the subject (the embedded registry does): what was so before
 * is put back, what the restore had made live included.
 */
async function* livingAgain({ snapshot, items, target }: RegistryRestore): AsyncGenerator<RequestStep> {
  // Backwards, as the one that is referred to was deleted last.
  const deletedHere = items.filter(({ action }) => action === 'delete').reverse();
  const lastOf = new Map(deletedHere.map(({ version }) => [version.subject, version]));
  const entered = new Set<string>();
  for (const { version } of deletedHere) {
    const { subject } = version;
    const last = lastOf.get(subject);
    if (last !== undefined && !entered.has(subject)) {
      entered.add(subject);
      yield enterImportStep(subject, true, isThere({ ...last, deleted: false }));
      for (const each of target.versions(subject)) if (each.deleted) yield* importSteps(await target.value(each));
    }
    for (const [, value] of await valuesAt(snapshot, [version])) yield importStep({ ...value, deleted: false });
  }
}

/** What entering IMPORT removed, where the restore was killed before it put that back itself. */
async function* puttingBack({ scopes, putBack, target }: RegistryRestore): AsyncGenerator<RequestStep> {
  for (const place of scopes) {
    const last = putBack.findLast(({ subject }) => covers(place, subject));
    if (last !== undefined) yield enterImportStep(place, true, isThere(last));
  }
  for (const version of putBack) yield* importSteps(await target.value(version));
}

/** Invariant 10: ids that were there for a while may be in data by now. The next one is reserved, before the highest goes. */
function* reservingSteps({ items, reserved, maxIds, target }: RegistryRestore): Generator<RequestStep> {
  const raised = new Map<string, number>();
  for (const { version, action } of items) {
    const context = contextOf(version.subject);
    if (action === 'import' && version.id > target.maxId(context)) raised.set(context, maxIds[context] ?? version.id);
  }
  for (const [context, maxId] of raised) {
    // What the restore reserved stays, and is enough.
    if (reserved.some(({ subject }) => contextOf(subject) === context)) continue;
    const subject = reservedSubject(context);
    const there = [...target.versions(subject), ...items.map((item) => item.version)];
    const taken = there.filter((each) => each.subject === subject).map(({ version }) => version);
    const value = reservedSchema(context, maxId + 1, Math.max(0, ...taken) + 1);
    // Somebody may have been given it since, and then it is not given out again either.
    const only: readonly PlannedSight[] = [{ path: idPath(context, value.id), is: 'absent', body: null }];
    yield { ...enterImportStep(value.subject, true, isThere(value)), only };
    yield { ...importStep(value), only };
    yield softDeleteStep(value.subject, value.version);
    yield modeStep(value.subject, undefined);
  }
}
