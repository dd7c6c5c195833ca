/** What the registry has soft-deleted, and entering IMPORT may remove for good (Confluent's does it where it is not forced): how it is brought back. */
import type { RestoreItem } from './compare-with-target.ts';
import { type Dependent, dependencyOrder } from './dependency-order.ts';
import { versionKey } from './list-schemas.ts';
import type { TargetIndex, TargetVersion } from './target-index.ts';

export interface PutBack {
  readonly version: TargetVersion;
  /**
   * `deleted`: soft-deleted again at once. `later`: once the restore has soft-deleted what is alive and refers to it. `kept`: never, as that stays
   * alive. `living`: the restore makes it live anyway.
   */
  readonly then: 'deleted' | 'later' | 'kept' | 'living';
}

const NAMED = 10;

/**
 * Each after what it refers to, and what lives after the restore among them.
 * @param versions that are soft-deleted there, and stay so
 */
export async function inImportOrder(
  versions: readonly TargetVersion[],
  items: readonly RestoreItem[],
  target: TargetIndex,
): Promise<readonly PutBack[]> {
  const deleted = new Set<string>();
  const living: TargetVersion[] = [];
  for (const { version, action } of items) {
    if (action === 'delete') deleted.add(versionKey(version));
    const there = action === 'undelete' ? target.version(version.subject, version.version) : undefined;
    if (there !== undefined) living.push(there);
  }
  const all = new Map<Dependent, PutBack>();
  const add = async (version: TargetVersion, then: PutBack['then']): Promise<void> => {
    const { references } = await target.value(version);
    all.set({ ...version, references }, { version, then });
  };
  for (const version of versions) {
    const users = target.usersOf(version);
    const isKept = users.some((user) => !deleted.has(versionKey(user)));
    await add(version, isKept ? 'kept' : users.length > 0 ? 'later' : 'deleted');
  }
  for (const version of living) await add(version, 'living');
  const { order } = dependencyOrder([...all.keys()], (each) => (all.get(each)?.then === 'living' ? 1 : 0));
  return order.flatMap((each) => all.get(each) ?? []);
}

/** What lives anyway is only among them where another one refers to it. */
export function untilLastDeleted(all: readonly PutBack[]): readonly PutBack[] {
  return all.slice(0, all.findLastIndex(({ then }) => then !== 'living') + 1);
}

/** Lines of a plan's summary. */
export function putBackInWords(all: readonly PutBack[], target: TargetIndex): readonly string[] {
  const back = all.filter(({ then }) => then !== 'living');
  if (back.length === 0) return [];
  const kept = back.filter(({ then }) => then === 'kept').map(({ version }) => version);
  const count = `${back.length} soft-deleted versions of the registry are put back if IMPORT removes them`;
  if (kept.length === 0) return [`${count}.`];
  return [`${count}; these live then, as no registry soft-deletes what is referred to: ${named(kept, target)}.`];
}

/** With what refers to each. */
export function named(versions: readonly TargetVersion[], target: TargetIndex): string {
  const names = versions.slice(0, NAMED).map((each) => {
    const [user] = target.usersOf(each);
    const by = user === undefined ? '' : `, to which version ${user.version} of subject ${user.subject} refers`;
    return `version ${each.version} of subject ${each.subject} (id ${each.id})${by}`;
  });
  return `${names.join('; ')}${versions.length > NAMED ? `; and ${versions.length - NAMED} more` : ''}`;
}
