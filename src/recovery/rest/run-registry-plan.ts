/** Runs a plan of requests. Run again after a kill at any point, it goes on where the registry is. */
import type { Clock } from '../../foundation/clock.ts';
import type { Plan } from '../plan/open-plan.ts';
import type { RegistryApi } from './registry-api.ts';
import { runRequestStep } from './run-request-step.ts';
import { StepLanes } from './step-lanes.ts';

export interface RunRegistryPlanOptions {
  readonly plan: Pick<Plan, 'read' | 'steps'>;
  readonly api: RegistryApi;
  readonly clock: Clock;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface RegistryRunResult {
  /** Requests that this run sent. */
  readonly sent: number;
  /** That were found done. */
  readonly doneBefore: number;
}

/** @throws as {@link runRequestStep}; what was sent until then is done */
export async function runRegistryPlan(
  { plan, api, clock, onProgress }: RunRegistryPlanOptions,
  signal: AbortSignal,
): Promise<RegistryRunResult> {
  let sent = 0;
  let done = 0;
  const lanes = new StepLanes({
    most: api.parallel * 4,
    run: async (step) => {
      if (await runRequestStep(api, step, { clock, signal })) sent++;
      done++;
      onProgress?.(done, plan.steps);
    },
  });
  try {
    for await (const steps of plan.read(0, signal)) {
      for (const step of steps) if (step.do === 'request') await lanes.add(step);
    }
  } catch (error) {
    await lanes.finish().catch(() => {});
    throw error;
  }
  await lanes.finish();
  return { sent, doneBefore: done - sent };
}
