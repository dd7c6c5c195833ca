/** Places that are read-only, and in which a restore soft-deletes or sets a config: a registry refuses both there. */
import { contextOf, contextSubject } from '../../registry/subject-context.ts';
import type { RestoreItem } from './compare-with-target.ts';
import { covers, isReadOnly } from './import-scopes.ts';
import type { SettingChange } from './registry-restore.ts';
import { configStep, type RequestStep, softDeleteStep } from './restore-steps.ts';
import type { TargetIndex } from './target-index.ts';

/** Each with how to see that it was unlocked, and may have been locked again since. '' is the whole registry. */
export type UnlockedPlaces = ReadonlyMap<string, RequestStep['done']>;

/** @param restore.scopes where it is in mode IMPORT, which is not read-only */
export function unlockedPlaces(restore: {
  readonly target: TargetIndex;
  readonly scopes: ReadonlySet<string>;
  readonly items: readonly RestoreItem[];
  readonly configs: readonly SettingChange[];
}): UnlockedPlaces {
  const { target, scopes, items, configs } = restore;
  const { modes } = target.witness;
  const unlocked = new Map<string, RequestStep['done']>();
  const add = (place: string, done: RequestStep['done']): void => {
    const isOver = modes['']?.['mode'] === 'READONLY_OVERRIDE';
    const locked = isOver ? '' : place;
    const context = contextSubject(contextOf(place));
    const own = modes[locked];
    const mode = own ?? (context === undefined ? undefined : modes[context]) ?? modes[''];
    const isScope = scopes.has(locked) || (own === undefined && [...scopes].some((scope) => covers(scope, locked)));
    if (isReadOnly(mode?.['mode']) && !isScope) unlocked.set(locked, done);
  };
  for (const { place, after } of configs) add(place, configStep(place, after).done);
  // Of both it is the deletion that tells: that a config is as it should be may be so from the beginning.
  for (const { version, action } of items) {
    if (action === 'delete') add(version.subject, softDeleteStep(version.subject, version.version).done);
  }
  return unlocked;
}
