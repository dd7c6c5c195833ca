/** Keeps two processes of one machine from running a plan at the same time. */
import { rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FolderLock, lockBehind } from '../../broker/embedded/folder-lock.ts';
import type { Clock } from '../../foundation/clock.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import type { Plan } from '../plan/open-plan.ts';
import { PLAN_RUNNING } from './restore-errors.ts';

/**
 * Goes with its process, after kill -9 too. Runs on other machines are noticed by the offsets that their records get, so that where nothing can
 * be locked (undefined) the plan is run all the same.
 * @throws ConfigError `holdfast.recovery.plan-running`
 */
export async function lockPlan({ sha256, path }: Plan, clock: Clock): Promise<FolderLock | undefined> {
  // Of the plan itself: copies of its file are the same plan.
  const folder = join(tmpdir(), 'holdfast-plans', sha256.slice(0, 32));
  try {
    const lock = await lockBehind(folder, clock, {
      subject: `The plan ${path}`,
      remedy: 'wait for it: it goes on where it was when it is run again',
      code: PLAN_RUNNING,
      details: { path },
    });
    return {
      release: async () => {
        await lock.release();
        await rmdir(folder).catch(() => {});
      },
    };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    return undefined;
  }
}
