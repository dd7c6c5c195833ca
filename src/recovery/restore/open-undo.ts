/** The undo file of a plan: that it is there says that the plan was begun. */
import { stat } from 'node:fs/promises';
import { openPlan, type Plan } from '../plan/open-plan.ts';
import { unknownUndo } from './run-refusals.ts';

/** Beside the plan, unless told otherwise. */
export function undoPathOf(plan: string): string {
  return `${plan.replace(/\.ndjson$/, '')}.undo.ndjson`;
}

/**
 * undefined: there is none yet, so nothing of the plan was done.
 * @throws ConfigError `holdfast.recovery.undo-missing` for that of another plan; DataError `holdfast.recovery.plan-damaged`
 */
export async function openUndo(path: string, plan: Plan, signal: AbortSignal): Promise<Plan | undefined> {
  const isThere = await stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
  if (!isThere) return undefined;
  const undo = await openPlan(path, signal, true);
  const { undoes } = undo.header;
  if (undoes === undefined) throw unknownUndo(path, 'it is a plan of its own');
  if (undoes.id !== plan.header.id || undoes.sha256 !== plan.sha256) {
    throw unknownUndo(path, `it takes back the plan ${undoes.id}, and this is ${plan.header.id}`);
  }
  return undo;
}
