/** Where a registry has to be in mode IMPORT, so that nobody else is kept from writing for longer than needed. */
import { contextOf, contextSubject } from '../../registry/subject-context.ts';
import type { RestoreItem } from './compare-with-target.ts';
import type { TargetIndex } from './target-index.ts';

/** Whether a setting at `place` holds for the subject: '' is the whole registry, `:.context:` a context, anything else that subject. */
export function covers(place: string, subject: string): boolean {
  return place === '' || place === subject || place === contextSubject(contextOf(subject));
}

/**
 * The whole registry when it is empty, or read-only; otherwise the subjects alone. But a subject whose last living version is deleted loses its
 * mode: where more is to be imported after that, its whole context has to be in the mode (the default context has no mode of its own: the registry).
 *
 * @param items all of them, in their order
 * @param subjects to import into, in addition to those of the items
 */
export function importScopes(
  items: readonly RestoreItem[],
  subjects: Iterable<string>,
  target: TargetIndex,
): ReadonlySet<string> {
  const { modes } = target.witness;
  const importing = items.filter(({ action }) => action !== 'delete');
  const wanted = new Set([...importing.map(({ version }) => version.subject), ...subjects]);
  if (wanted.size === 0) return wanted;
  const places = new Set<string>();
  if (target.isEmpty || isReadOnly(modes['']?.['mode'])) places.add('');
  else {
    for (const [subject, isImportedInto] of emptiedSubjects(items, target)) {
      if (isImportedInto) places.add(contextSubject(contextOf(subject)) ?? '');
    }
  }
  for (const subject of wanted) {
    const wide = [...places].find((place) => place !== subject && covers(place, subject));
    const context = contextSubject(contextOf(subject));
    // A mode of its own stands above that of the wider scope.
    if (wide === undefined || modes[subject] !== undefined) places.add(subject);
    else if (wide === '' && context !== undefined && modes[context] !== undefined) places.add(context);
  }
  return places;
}

export function isReadOnly(mode: unknown): boolean {
  return mode === 'READONLY' || mode === 'READONLY_OVERRIDE' || mode === 'FORWARD';
}

/**
 * Subjects that have no living version for a while, or after the restore is taken back, and whether more is imported into them after that. Confluent's
 * registry takes their config and mode away with the last one (KafkaSchemaRegistry.deleteSchemaVersion).
 */
export function emptiedSubjects(items: readonly RestoreItem[], target: TargetIndex): ReadonlyMap<string, boolean> {
  const alive = new Map<string, number>();
  const emptied = new Map<string, boolean>();
  const empty = new Set<string>();
  /** How many live there before the restore and after it. */
  const stay = new Map<string, number>();
  const livingIn = (subject: string): number => [...target.versions(subject)].filter((each) => !each.deleted).length;
  for (const { version, action } of items) {
    const { subject, deleted } = version;
    let count = alive.get(subject);
    if (count === undefined) {
      count = livingIn(subject);
      if (count === 0) emptied.set(subject, false);
    }
    if (action !== 'delete' && empty.has(subject)) emptied.set(subject, true);
    if (action === 'delete') count--;
    else if (!deleted) count++;
    alive.set(subject, count);
    if (deleted && count === 0) {
      empty.add(subject);
      emptied.set(subject, emptied.get(subject) ?? false);
    } else empty.delete(subject);
    if (action === 'delete') stay.set(subject, (stay.get(subject) ?? livingIn(subject)) - 1);
  }
  // To take it back removes what was made before it makes live what was deleted.
  for (const [subject, count] of stay) if (count === 0 && !emptied.has(subject)) emptied.set(subject, false);
  return emptied;
}
