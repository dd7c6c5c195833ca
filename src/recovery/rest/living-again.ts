/** How an undo makes live again what its restore soft-deleted. */
import { referred } from '../records/referenced-subject.ts';
import type { VersionState } from '../state/registry-state.ts';
import { valuesAt } from './compare-with-target.ts';
import { type Dependent, dependencyOrder } from './dependency-order.ts';
import { versionKey } from './list-schemas.ts';
import type { PutBack } from './put-back.ts';
import { putBackSteps, type RegistryRestore } from './registry-restore.ts';
import { enterImportStep, importStep, isThere, type RequestStep } from './restore-steps.ts';
import { type Superseded, superseded } from './superseded.ts';

/** What the restore makes live, and the registry refuses to soft-delete again: it had something alive that refers to it. */
export function keptAlive({ items, target }: RegistryRestore): readonly VersionState[] {
  const deleted = new Set(items.filter(({ action }) => action === 'delete').map(({ version }) => versionKey(version)));
  return items
    .filter(({ action }) => action === 'undelete')
    .map(({ version }) => version)
    .filter((version) => target.usersOf(version).some((user) => !deleted.has(versionKey(user))));
}

/** What was soft-deleted before, below a version that the restore soft-deleted and its undo makes live again. */
export function supersededByUndo({ items, target }: RegistryRestore): Superseded {
  const again = items
    .filter(({ action }) => action === 'delete')
    .map(({ version }) => ({ ...version, deleted: false }));
  const subjects = new Set(again.map(({ subject }) => subject));
  const before = [...subjects].flatMap((subject) => [...target.versions(subject)].filter(({ deleted }) => deleted));
  return superseded(
    again.map((version) => ({ version, action: 'import' })),
    before,
  );
}

/**
 * What was soft-deleted before in the subjects that the undo enters IMPORT for, which may remove it for good.
 * @param alive as of {@link keptAlive}
 */
export function removedByUndo({ items, target }: RegistryRestore, alive: readonly VersionState[]): readonly PutBack[] {
  const again = items.filter(({ action }) => action === 'delete').map(({ version }) => version);
  const keys = new Set(again.map(versionKey));
  const usedByAlive = new Set(
    alive.flatMap(({ subject, references }) => references.map((each) => versionKey(referred(each, subject)))),
  );
  const staying = new Set(alive.map(versionKey));
  return [...new Set(again.map(({ subject }) => subject))].flatMap((subject) =>
    [...target.versions(subject)].flatMap((version): readonly PutBack[] => {
      const key = versionKey(version);
      // What stays alive is there, and no entering removes it.
      if (!version.deleted || staying.has(key)) return [];
      const isUsed = usedByAlive.has(key) || target.usersOf(version).some((user) => !keys.has(versionKey(user)));
      const then = isUsed ? 'kept' : 'deleted';
      return [{ version, then }];
    }),
  );
}

/**
 * Each after what it refers to, and what entering IMPORT removes among them. Where nothing soft-deleted refers to what lives again, that comes
 * backwards: the first one that was deleted is there last, and tells that IMPORT was entered, however many the restore had deleted.
 * @param alive as of {@link keptAlive}
 */
export async function* livingAgain(
  restore: RegistryRestore,
  alive: readonly VersionState[],
): AsyncGenerator<RequestStep> {
  const { snapshot, items, target } = restore;
  const again = items.filter(({ action }) => action === 'delete').map(({ version }) => version);
  const gone = supersededByUndo(restore);
  const putBack = new Map<Dependent, PutBack>();
  for (const each of removedByUndo(restore, alive)) {
    const { references } = await target.value(each.version);
    putBack.set({ ...each.version, references }, each);
  }
  const places = new Map<Dependent, number>(again.map((version, at) => [version, again.length - at]));
  const { order } = dependencyOrder<Dependent>([...putBack.keys(), ...again], (each) => places.get(each) ?? 0);
  const last = new Map(order.map((each) => [each.subject, each]));
  const entered = new Set<string>();
  for (const version of again) {
    const { subject } = version;
    if (entered.has(subject)) continue;
    entered.add(subject);
    yield enterImportStep(subject, true, isThere({ ...version, deleted: false }));
    const end = last.get(subject);
    if (end !== undefined && end !== version) yield enterImportStep(subject, true, isThere({ ...end, deleted: true }));
  }
  const made = new Map<Dependent, VersionState>(again.map((version) => [version, version]));
  for (const each of order) {
    const back = putBack.get(each);
    if (back !== undefined) {
      yield* putBackSteps(await target.value(back.version), back.then, gone.get(versionKey(each)));
    }
    const version = made.get(each);
    if (version === undefined) continue;
    for (const [, value] of await valuesAt(snapshot, [version])) yield importStep({ ...value, deleted: false });
  }
}
