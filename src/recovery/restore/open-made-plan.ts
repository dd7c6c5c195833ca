/** The plan that an undo file takes back: what it wrote has to be told from what others wrote. */
import { basename, dirname, join } from 'node:path';
import { EnvironmentError } from '../../sdk/errors/kinds.ts';
import type { Plan } from '../plan/open-plan.ts';
import { PLAN_FILE } from '../plan/plan-errors.ts';

/**
 * Where it was, or beside the undo file, as both may have been moved since; the one with that digest.
 * @throws EnvironmentError `holdfast.recovery.plan-file` where it is in neither place; what opening a plan throws
 */
export async function openMadePlan(
  undo: Plan,
  made: { readonly path: string; readonly sha256: string },
  openPlan: (path: string) => Promise<Plan>,
): Promise<Plan> {
  const beside = join(dirname(undo.path), basename(made.path));
  const seen: string[] = [];
  for (const path of new Set([made.path, beside])) {
    try {
      const plan = await openPlan(path);
      if (plan.sha256 === made.sha256) return plan;
      seen.push(`${path} is another one`);
    } catch (error) {
      if (!isMissing(error) && path === beside) throw error;
      seen.push(`${path} ${isMissing(error) ? 'is not there' : 'can not be read'}`);
    }
  }
  throw new EnvironmentError(
    `${undo.path} takes back a plan that can not be found: ${seen.join(', ')}. Put the plan file beside the undo file: what it wrote has to be ` +
      'told from what others wrote. Nothing was done.',
    { code: PLAN_FILE, details: { path: made.path, sha256: made.sha256 } },
  );
}

function isMissing(error: unknown): boolean {
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: NodeJS.ErrnoException };
  return code === PLAN_FILE && cause?.code === 'ENOENT';
}
