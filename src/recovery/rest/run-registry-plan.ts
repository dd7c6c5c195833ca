/** Runs a plan of requests. Run again after a kill at any point, it goes on where the registry is. */
import type { Clock } from '../../foundation/clock.ts';
import type { Plan } from '../plan/open-plan.ts';
import type { PlanStep } from '../plan/plan.ts';
import { isJsonObject } from './answered-schema.ts';
import { inParallel } from './in-parallel.ts';
import type { RegistryApi } from './registry-api.ts';
import type { RequestStep } from './restore-steps.ts';
import { runRequestStep } from './run-request-step.ts';

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
  for await (const group of groupsOf(plan, api.parallel * 4, signal)) {
    await inParallel(group, api.parallel, async (step) => {
      if (await runRequestStep(api, step, { clock, signal })) sent++;
      done++;
      onProgress?.(done, plan.steps);
    });
  }
  return { sent, doneBefore: done - sent };
}

/**
 * Steps that may be sent in any order: imports into different subjects that don't refer to each other. Everything else goes alone, and so does
 * the import by which IMPORT is later seen to have been entered: when it is there, all before it has to be.
 */
async function* groupsOf(
  plan: Pick<Plan, 'read'>,
  most: number,
  signal: AbortSignal,
): AsyncGenerator<readonly RequestStep[]> {
  const marks = new Set<string>();
  let group: RequestStep[] = [];
  let subjects = new Set<string>();
  for await (const steps of plan.read(0, signal)) {
    for (const step of steps) {
      if (!isRequest(step)) continue;
      const isMark = marks.has(step.done.path);
      const isImport = step.method === 'POST' && !isMark;
      const needed = isImport ? referencesOf(step) : [];
      const fits = isImport && !subjects.has(step.path) && !needed.some((path) => subjects.has(path));
      if (!fits || group.length >= most) {
        if (group.length > 0) yield group;
        group = [];
        subjects = new Set();
      }
      if (isImport) {
        group.push(step);
        subjects.add(step.path);
      } else yield [step];
      if (step.method === 'PUT' && step.done.path.startsWith('/subjects/')) marks.add(step.done.path);
    }
  }
  if (group.length > 0) yield group;
}

function isRequest(step: PlanStep): step is RequestStep {
  return step.do === 'request';
}

/** As paths of the subjects; those of a context may be named without it. */
function referencesOf({ body, path }: RequestStep): readonly string[] {
  const references = isJsonObject(body) && Array.isArray(body['references']) ? body['references'] : [];
  const context = /^\/subjects\/(%3A\.[^/]*?%3A)/.exec(path)?.[1] ?? '';
  return references.flatMap((reference: unknown) => {
    const subject = isJsonObject(reference) ? encodeURIComponent(String(reference['subject'])) : '';
    return [`/subjects/${subject}/versions`, `/subjects/${context}${subject}/versions`];
  });
}
