/** Where a plan is written. */
import { refuseExistingPlan } from '../../recovery/plan/plan-writer.ts';

/**
 * As told; otherwise in the folder in which the command runs, under a new name every second. To be asked for before anything is done.
 * @throws ConfigError `holdfast.recovery.plan-exists`
 */
export async function planPath({ plan }: { readonly plan?: string }, what: string, now: number): Promise<string> {
  const time = new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '');
  const path = plan ?? `${what}-${time}Z.ndjson`;
  await refuseExistingPlan(path);
  return path;
}
