/** Keeps two processes from running plans, be it one or several, for the same topic or registry at the same time. */
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FolderLock, lockBehind } from '../../broker/embedded/folder-lock.ts';
import type { Clock } from '../../foundation/clock.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import { PLAN_RUNNING } from './restore-errors.ts';

export interface LockedTarget {
  /** Two plans with the same one are for the same topic or registry. */
  readonly identity: readonly string[];
  /** Begins the message for whom it is refused: `The topic …`. */
  readonly words: string;
}

export function topicTarget(clusterId: string | null, topic: string): LockedTarget {
  const cluster = clusterId === null ? '' : ` of the cluster ${clusterId}`;
  return { identity: ['topic', clusterId ?? '', topic], words: `The topic ${topic}${cluster}` };
}

/** @param clusterId as the registry tells it; null: it tells none, and goes by its node */
export function registryTarget(clusterId: string | null, node: string): LockedTarget {
  return { identity: ['registry', clusterId ?? node], words: `The registry at ${node}` };
}

/** With a claim in the folder that every process of a machine has in common, whatever its TMPDIR; where there is none, in its own. */
// Claims that another user left behind could be neither asked nor removed: each has a folder of its own.
const PLACES: readonly string[] = process.platform === 'win32' ? [tmpdir()] : ['/tmp', tmpdir()];

/**
 * Goes with its process, after kill -9 too. Runs of other users and on other machines are noticed by the offsets that their records get, so that
 * where nothing can be locked (undefined) the plan is run all the same.
 * @throws ConfigError `holdfast.recovery.plan-running`
 */
export async function lockTarget(target: LockedTarget, clock: Clock): Promise<FolderLock | undefined> {
  const digest = createHash('sha256').update(JSON.stringify(target.identity)).digest('hex').slice(0, 32);
  const user = process.getuid?.() ?? 'all';
  for (const place of PLACES) {
    try {
      // The folder stays: who removed it could take it from somebody who is about to claim it.
      return await lockBehind(join(place, `holdfast-targets-${user}`, digest), clock, {
        subject: `${target.words} is written to by a plan: it`,
        remedy: 'wait until that plan is through, then run this one again: what was begun goes on where it was',
        code: PLAN_RUNNING,
        details: { target: target.words },
      });
    } catch (error) {
      if (error instanceof ConfigError) throw error;
    }
  }
  return undefined;
}
