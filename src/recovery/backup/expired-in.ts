/** Which backups of a folder a rule removes: never those that may be all that is left of a registry. */
import { backupsIn, type NamedBackup } from './backup-folder.ts';
import { readManifest } from './manifest.ts';
import { expiredBackups, type RetentionRule } from './retention-rule.ts';

/**
 * The newest backup before a break (topic made anew, emptied, another cluster's) is left to people, who remove its folder by hand: a rule
 * can't know that nobody needs it.
 */
export async function expiredIn(folder: string, rule: RetentionRule): Promise<readonly NamedBackup[]> {
  const all = await backupsIn(folder);
  const expired = expiredBackups(all, rule);
  if (expired.length === 0) return [];
  const kept = new Set<string>();
  for (const { name, path } of all) {
    // What can't be read tells of no break; that the newest is whole is seen to before anything is removed.
    const { continuityBreak } = (await readManifest(path).catch(() => undefined)) ?? {};
    if (continuityBreak === undefined || !all.some((each) => each.name === continuityBreak.before)) continue;
    // The one that tells of the break as well, or the next run would know of none.
    kept.add(name).add(continuityBreak.before);
  }
  return expired.filter(({ name }) => !kept.has(name));
}
