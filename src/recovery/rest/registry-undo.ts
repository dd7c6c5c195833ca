/** The requests that take a restore through REST back. */
import { contextOf, contextSubject } from '../../registry/subject-context.ts';
import type { PlannedSight } from '../plan/plan.ts';
import { reservedSchema, reservedSubject } from '../records/reserved-id.ts';
import type { VersionState } from '../state/registry-state.ts';
import { valuesAt } from './compare-with-target.ts';
import { covers, isReadOnly } from './import-scopes.ts';
import { versionKey } from './list-schemas.ts';
import { keptAlive, livingAgain, removedByUndo, supersededByUndo } from './living-again.ts';
import { named, putBackInWords, untilLastDeleted } from './put-back.ts';
import { modeOf, putBackSteps, type RegistryRestore } from './registry-restore.ts';
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
import { type Superseded, supersededInWords } from './superseded.ts';
import type { TargetVersion } from './target-index.ts';
import { idPath } from './walk-subjects.ts';

/** In the order in which they are sent. Harmless where the restore got only half way. */
export async function* undoSteps(restore: RegistryRestore): AsyncGenerator<RequestStep> {
  const { items, target, configs, modes, unlocked } = restore;
  // What is read-only now deletes nothing.
  const { own, wider } = modesAfter(restore);
  const told = new Set(modes.map(({ place }) => place));
  for (const { place } of [...modes].reverse()) {
    if (isReadOnly(own(place) ?? wider(place)) || unlocked.has(place)) yield modeStep(place, 'READWRITE');
  }
  /** Of its own; Confluent's registry may take that away with the last version that lives. */
  const unlocksAgain = (place: string): readonly RequestStep[] =>
    told.has(place) && isReadOnly(wider(place)) ? [modeStep(place, 'READWRITE')] : [];
  yield* puttingBack(restore);
  yield* reservingSteps(restore);
  yield* removing(restore, unlocksAgain);
  yield* livingAgain(restore, keptAlive(restore));
  for (const { place, before, after } of configs) {
    yield* unlocksAgain(place);
    const isAdded = Object.keys(after ?? {}).some((field) => before?.[field] === undefined);
    // Registries that know no other field than the level can not delete all configs.
    if (before !== undefined && isAdded) yield* configAnewSteps(place, before);
    else yield configStep(place, before);
  }
  // Of what was made live again, too: a config is refused where it is read-only.
  const entered = new Set(items.filter(({ action }) => action === 'delete').map(({ version }) => version.subject));
  for (const subject of entered) {
    if (!told.has(subject)) yield modeStep(subject, modeOf(target.witness.modes[subject]));
  }
  for (const { place, before } of modes) yield modeStep(place, modeOf(before));
}

/** By place, once all was restored: the mode that it has of its own, and that of its context or of the whole registry. */
function modesAfter({
  modes,
  target,
}: RegistryRestore): Record<'own' | 'wider', (place: string) => string | undefined> {
  const changed = new Map(modes.map(({ place, after }) => [place, after]));
  const own = (place: string): string | undefined =>
    modeOf(changed.has(place) ? changed.get(place) : target.witness.modes[place]);
  const wider = (place: string): string | undefined => {
    const context = contextSubject(contextOf(place));
    return (context === undefined ? undefined : own(context)) ?? own('');
  };
  return { own, wider };
}

/** Lines of the summary of what takes a restore back. */
export function undoInWords(restore: RegistryRestore): readonly string[] {
  const { target } = restore;
  const alive = keptAlive(restore);
  const kept = [
    ...alive.flatMap(({ subject, version }) => target.version(subject, version) ?? []),
    // Brought back before what refers to it lives again, which the restore need not have soft-deleted.
    ...restore.putBack.flatMap(({ version, then }) =>
      then === 'later' && restore.superseded.has(versionKey(version)) ? [version] : [],
    ),
  ];
  return [
    ...(kept.length === 0
      ? []
      : [`Stays alive, as no registry soft-deletes what is referred to: ${named(kept, target)}.`]),
    ...putBackInWords(removedByUndo(restore, alive), target),
    ...(target.witness.vendor === 'confluent' ? supersededInWords(supersededByUndo(restore)) : []),
  ];
}

/** Nothing but what was imported: meanwhile somebody may have registered another schema as the same version, or the restore never ran. */
async function* removing(
  restore: RegistryRestore,
  unlocksAgain: (subject: string) => readonly RequestStep[],
): AsyncGenerator<RequestStep> {
  const { snapshot, items } = restore;
  const kept = new Set<Pick<TargetVersion, 'subject' | 'version'>>(keptAlive(restore));
  const backwards = items.filter(({ action, version }) => action !== 'delete' && !kept.has(version)).reverse();
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
      if (action !== 'import') continue;
      yield* unlocksAgain(value.subject);
      yield hardDeleteStep(value.subject, value.version, only);
    }
  }
}

/** What entering IMPORT removed, where the restore was killed before it put that back itself; and what made room for a version of its id. */
async function* puttingBack(restore: RegistryRestore): AsyncGenerator<RequestStep> {
  const { scopes, putBack, target } = restore;
  const brought = broughtBack(restore);
  const made = new Map(restore.items.map(({ version }, at) => [version, at]));
  // As many scopes as versions: each is found by its subject, and only wide places cover others.
  const bySubject = new Map<string, TargetVersion[]>();
  for (const version of brought) {
    const own = bySubject.get(version.subject);
    if (own === undefined) bySubject.set(version.subject, [version]);
    else own.push(version);
  }
  for (const place of scopes) {
    const isWide = place === '' || place === contextSubject(contextOf(place));
    const own = isWide ? brought.filter(({ subject }) => covers(place, subject)) : (bySubject.get(place) ?? []);
    for (const last of lastToStay(own, restore.superseded, made)) yield enterImportStep(place, true, isThere(last));
  }
  for (const { version, then } of putBack) yield* putBackSteps(await target.value(version), then);
}

/** In the order in which the restore makes sure that they are there. */
function broughtBack({ items, putBack, target }: RegistryRestore): readonly TargetVersion[] {
  const early = untilLastDeleted(putBack).map(({ version }) => version);
  const known = new Set(early);
  const living = items.flatMap(({ action, version: { subject, version } }) => {
    const there = action === 'undelete' ? target.version(subject, version) : undefined;
    return there === undefined || known.has(there) ? [] : [there];
  });
  return [...early, ...living];
}

/** When they are there, so are all others: what the restore brings back last, and what it supersedes first. */
function lastToStay(
  brought: readonly TargetVersion[],
  superseded: Superseded,
  made: ReadonlyMap<VersionState, number>,
): readonly TargetVersion[] {
  let first: TargetVersion | undefined;
  let at = Number.POSITIVE_INFINITY;
  for (const version of brought) {
    const by = superseded.get(versionKey(version));
    const when = by === undefined ? at : (made.get(by) ?? at);
    if (when < at) [first, at] = [version, when];
  }
  return [...new Set([...brought.slice(-1), ...(first === undefined ? [] : [first])])];
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
