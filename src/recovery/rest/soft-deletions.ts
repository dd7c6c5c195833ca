/** Living versions that a restore has to soft-delete. A registry refuses that as long as a living version refers to them. */
import { inReferenceOrder } from '../records/reference-order.ts';
import { referred } from '../records/referenced-subject.ts';
import type { RegistryState, VersionState } from '../state/registry-state.ts';
import type { RestoreItem } from './compare-with-target.ts';
import { type VersionKey, versionKey } from './list-schemas.ts';
import type { TargetIndex } from './target-index.ts';

export interface SoftDeletions {
  /** All that can be done: each soft-deletion behind those of what refers to it, otherwise in the order that was given. */
  readonly items: readonly RestoreItem[];
  /** What stays alive although the backup has it soft-deleted, in words, as something alive refers to it. */
  readonly kept: readonly string[];
  /** As `kept`, where it would have to make room for the same schema as another version. */
  readonly conflicts: readonly string[];
}

export function softDeletions(
  all: readonly RestoreItem[],
  { state, target }: { readonly state: RegistryState; readonly target: TargetIndex },
): SoftDeletions {
  const deletions = new Map<VersionKey, RestoreItem>();
  for (const item of all) if (item.action === 'delete') deletions.set(versionKey(item.version), item);
  if (deletions.size === 0) return { items: all, kept: [], conflicts: [] };
  const made = usersMade(all);
  const usersOf = ({ version }: RestoreItem): readonly Named[] => [
    ...target.usersOf(version),
    ...(made.get(versionKey(version)) ?? []),
  ];
  const ordered = inReferenceOrder(all, (item) =>
    item.action === 'delete' ? usersOf(item).flatMap((user) => deletions.get(versionKey(user)) ?? []) : [],
  );
  const staying = new Set<RestoreItem>();
  const kept: string[] = [];
  const conflicts: string[] = [];
  for (const item of ordered) {
    if (item.action !== 'delete') continue;
    const user = usersOf(item).find((each) => {
      const deletion = deletions.get(versionKey(each));
      return deletion === undefined || staying.has(deletion);
    });
    if (user === undefined) continue;
    staying.add(item);
    const { subject, version, id } = item.version;
    const why = `version ${user.version} of subject ${user.subject} refers to it`;
    const name = `version ${version} of subject ${subject} (id ${id})`;
    if (makesRoom(item.version, state)) conflicts.push(`${name}: it can not be soft-deleted, as ${why}`);
    else kept.push(`${name}, as ${why}`);
  }
  return { items: ordered.filter((item) => !staying.has(item)), kept, conflicts };
}

type Named = Pick<VersionState, 'subject' | 'version'>;

/** Living versions that the restore makes, by what they refer to. */
function usersMade(items: readonly RestoreItem[]): ReadonlyMap<VersionKey, readonly Named[]> {
  const users = new Map<VersionKey, Named[]>();
  for (const { version: user, action } of items) {
    if (action === 'delete' || user.deleted) continue;
    for (const reference of user.references) {
      const key = versionKey(referred(reference, user.subject));
      const known = users.get(key);
      if (known === undefined) users.set(key, [user]);
      else known.push(user);
    }
  }
  return users;
}

function makesRoom(version: VersionState, state: RegistryState): boolean {
  const { subject, id, content } = version;
  return state
    .versions(subject)
    .some((other) => !other.deleted && other !== version && (other.id === id || other.content === content));
}
