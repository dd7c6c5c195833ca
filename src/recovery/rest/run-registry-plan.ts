/** Runs a plan of requests. Run again after a kill at any point, it goes on where the registry is. */
import type { Clock } from '../../foundation/clock.ts';
import { DataError } from '../../sdk/errors/kinds.ts';
import type { Plan } from '../plan/open-plan.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import { lockTarget, registryTarget } from '../restore/lock-target.ts';
import { clusterIdOf } from './check-target.ts';
import { ImportLooks, type ListedVersions } from './import-looks.ts';
import type { RegistryApi } from './registry-api.ts';
import { isDenied } from './rest-errors.ts';
import type { RequestStep } from './restore-steps.ts';
import { runRequestStep } from './run-request-step.ts';
import { StepLanes } from './step-lanes.ts';
import { ImportPlaces, stoppedAt } from './stopped-run.ts';

export interface RunRegistryPlanOptions {
  readonly plan: Pick<Plan, 'read' | 'steps' | 'header'>;
  readonly api: RegistryApi;
  readonly clock: Clock;
  /** Paths of the versions of its imports that the registry had just now; absent: each is asked for before it is sent. */
  readonly present?: ListedVersions | undefined;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface RegistryRunResult {
  /** Requests that this run sent. */
  readonly sent: number;
  /** That were found done. */
  readonly doneBefore: number;
  /** By name: what was not removed, as it is not what the plan imported. */
  readonly leftAlone: readonly string[];
}

/**
 * No other plan is run at the same registry meanwhile, so far as that can be kept from this machine.
 * @throws ConfigError `holdfast.recovery.plan-running`; as {@link runRequestStep}: what was sent until then is done, and a refusal names its step,
 *   and where IMPORT is still on
 */
export async function runRegistryPlan(
  options: RunRegistryPlanOptions,
  signal: AbortSignal,
): Promise<RegistryRunResult> {
  const { plan, api, clock } = options;
  const { target } = plan.header;
  const planned = target.kind === 'registry' ? target.clusterId : undefined;
  const clusterId = planned === undefined ? await clusterIdOf(api, signal) : planned;
  const lock = await lockTarget(registryTarget(clusterId, api.node), clock);
  try {
    return await runRequests(options, signal);
  } finally {
    await lock?.release();
  }
}

async function runRequests(
  { plan, api, clock, present, onProgress }: RunRegistryPlanOptions,
  signal: AbortSignal,
): Promise<RegistryRunResult> {
  let sent = 0;
  let done = 0;
  let others = 0;
  const leftAlone = new Set<string>();
  let number = 0;
  const numbers = new Map<RequestStep, number>();
  const failed = new WeakMap<Error, RequestStep>();
  const places = new ImportPlaces();
  const looks = new ImportLooks(present);
  const lanes = new StepLanes({
    most: api.parallel * 4,
    run: async (step) => {
      try {
        const outcome = await runRequestStep(api, step, { clock, signal, looks });
        if (outcome === 'sent') sent++;
        if (outcome === 'others') {
          others++;
          if (!reserves(step)) leftAlone.add(decodeURIComponent(step.path.replace(/\?.*$/, '')));
        }
      } catch (error) {
        looks.failed(step);
        if (error instanceof Error) failed.set(error, step);
        throw error;
      }
      places.done(step);
      numbers.delete(step);
      done++;
      onProgress?.(done, plan.steps);
    },
  });
  try {
    for await (const steps of plan.read(0, signal)) {
      for (const step of steps) {
        number++;
        if (step.do !== 'request') continue;
        numbers.set(step, number);
        await lanes.add(step);
      }
    }
    await lanes.finish();
  } catch (error) {
    await lanes.finish().catch(() => {});
    const step = error instanceof Error ? failed.get(error) : undefined;
    if (step === undefined || !isDenied(error) || !(error instanceof DataError)) throw error;
    const where = { step, number: numbers.get(step) ?? number, steps: plan.steps };
    throw stoppedAt(error, where, await places.stillOn(api, signal));
  }
  return { sent, doneBefore: done - sent - others, leftAlone: [...leftAlone] };
}

/** An id that is taken needs no reservation: nothing of others was in the way of it. */
function reserves({ path }: RequestStep): boolean {
  const [, subject] = /^\/(?:subjects|mode)\/([^/?]+)/.exec(path) ?? [];
  return subject !== undefined && isReservedSubject(decodeURIComponent(subject));
}
