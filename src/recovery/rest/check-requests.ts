/** After a registry's plan: what it asked for is shown by every node. That every id resolves there is asked by `checkNodes`. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../foundation/clock.ts';
import type { Plan } from '../plan/open-plan.ts';
import { isJsonObject } from '../records/json-bytes.ts';
import { importedBy } from './check-changes.ts';
import { withoutQuery } from './import-looks.ts';
import { inParallel } from './in-parallel.ts';
import type { RegistryApi } from './registry-api.ts';
import type { RequestStep } from './restore-steps.ts';
import { isDone, isOthers } from './run-request-step.ts';
import { TargetIndex } from './target-index.ts';
import { witnessVersions } from './witness-node.ts';

/** A replica may lag, or come up just now. */
const WITHIN_MS = 30_000;
const LOOK_AGAIN_MS = 200;

export interface CheckRequestsOptions {
  readonly plan: Plan;
  readonly nodes: readonly RegistryApi[];
  readonly clock: Clock;
  /** For temporary files; its owner removes it. */
  readonly folder: string;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * What is not so, in words, the first twenty of each node; empty: everything is. Versions are looked up in one list of all; what that does not show
 * as planned, and every setting, is asked for by itself, for up to 30 s.
 */
export async function checkRequests(options: CheckRequestsOptions, signal: AbortSignal): Promise<readonly string[]> {
  const { plan, nodes, clock, folder, onProgress } = options;
  const last = await lastOf(plan, signal);
  const total = plan.steps * nodes.length;
  const wrong: string[] = [];
  let done = 0;
  for (const api of nodes) {
    const listed = await TargetIndex.read(await witnessVersions({ api, clock, folder, signal }), folder, signal);
    const until = clock.monotonic() + WITHIN_MS;
    let count = 0;
    try {
      for await (const steps of plan.read(0, signal)) {
        const requests = steps.filter((step) => step.do === 'request');
        await inParallel(requests, api.parallel, async (step) => {
          onProgress?.(++done, total);
          const meant = last.get(step.done.path);
          if ((meant !== undefined && meant !== JSON.stringify(step.done)) || isListed(listed, step)) return;
          while (!(await isShown(api, step, signal))) {
            if (clock.monotonic() > until) {
              if (count++ < 20) wrong.push(`${api.node} does not show ${step.method} ${step.path} as planned`);
              return;
            }
            await clock.sleep(LOOK_AGAIN_MS, signal);
          }
        });
      }
    } finally {
      await listed.close();
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

/** Of an import, with the schema that it imported, and of entering IMPORT for one. False: not, or it has to be asked for. */
function isListed(listed: TargetIndex, step: RequestStep): boolean {
  const { path, body } = step.done;
  if (step.method === 'DELETE' || !path.startsWith('/subjects/') || !isJsonObject(body)) return false;
  const there = listed.version(String(body['subject']), Number(body['version']));
  if (there === undefined || there.id !== body['id'] || (there.deleted && withoutQuery(path) === path)) return false;
  return importedBy(step).every((value) => {
    const found = listed.version(value.subject, value.version);
    return found?.id === value.id && found.content === listed.contentOf(value);
  });
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
