/** After a registry's plan: what it asked for is shown by every node, and every id that it imported resolves to its schema there. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../foundation/clock.ts';
import type { Plan } from '../plan/open-plan.ts';
import { isJsonObject } from '../records/json-bytes.ts';
import { inParallel } from './in-parallel.ts';
import type { RegistryApi } from './registry-api.ts';
import type { RequestStep } from './restore-steps.ts';
import { isDone, isOthers } from './run-request-step.ts';

/** A replica may lag, or come up just now. */
const WITHIN_MS = 30_000;
const LOOK_AGAIN_MS = 200;

export interface CheckRequestsOptions {
  readonly plan: Plan;
  readonly nodes: readonly RegistryApi[];
  readonly clock: Clock;
  readonly onProgress?: (done: number, total: number) => void;
}

/** What is not so, in words, the first twenty of each node; empty: everything is. */
export async function checkRequests(options: CheckRequestsOptions, signal: AbortSignal): Promise<readonly string[]> {
  const { plan, nodes, clock, onProgress } = options;
  const last = await lastOf(plan, signal);
  const total = plan.steps * nodes.length;
  const wrong: string[] = [];
  let done = 0;
  for (const api of nodes) {
    const until = clock.monotonic() + WITHIN_MS;
    let count = 0;
    for await (const steps of plan.read(0, signal)) {
      const requests = steps.filter((step) => step.do === 'request');
      await inParallel(requests, api.parallel, async (step) => {
        onProgress?.(++done, total);
        if (last.get(step.done.path) !== undefined && last.get(step.done.path) !== JSON.stringify(step.done)) return;
        while (!(await isShown(api, step, signal))) {
          if (clock.monotonic() > until) {
            if (count++ < 20) wrong.push(`${api.node} does not show ${step.method} ${step.path} as planned`);
            return;
          }
          await clock.sleep(LOOK_AGAIN_MS, signal);
        }
      });
    }
  }
  return wrong;
}

/** What holds in the end of settings, and of versions that are deleted: steps before may have made something else of them. */
async function lastOf(plan: Plan, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const last = new Map<string, string>();
  for await (const steps of plan.read(0, signal)) {
    for (const step of steps) {
      if (step.do !== 'request') continue;
      const { path, is } = step.done;
      if (is === 'absent' || !path.startsWith('/subjects/') || last.has(path))
        last.set(path, JSON.stringify(step.done));
    }
  }
  return last;
}

async function isShown(api: RegistryApi, step: RequestStep, signal: AbortSignal): Promise<boolean> {
  if (!(await isDone(api, step, signal))) return isOthers(api, step, signal);
  const { body, method } = step;
  if (method !== 'POST' || !isJsonObject(body) || typeof body['id'] !== 'number') return true;
  const subject = /^\/subjects\/([^/]+)\//.exec(step.path)?.[1] ?? '';
  const answer = await api.ask('GET', `/schemas/ids/${body['id']}?subject=${subject}`, signal);
  return answer.status === 200 && isJsonObject(answer.json) && isSameText(answer.json['schema'], body['schema']);
}

/** A registry may write the JSON of a schema in its own way. */
function isSameText(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  try {
    return isDeepStrictEqual(JSON.parse(String(a)), JSON.parse(String(b)));
  } catch {
    return String(a).replace(/\s+/g, ' ').trim() === String(b).replace(/\s+/g, ' ').trim();
  }
}
