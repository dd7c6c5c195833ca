/** Does a registry that does not tell its highest id still have one above a given id? Found out with few requests. */
import type { RegistryEndpoints } from './endpoints.ts';
import { byIdRequest, contextOf, subjectsRequest, usableIdOf, versionRequest } from './registry-requests.ts';
import { contextSubject } from './subject-context.ts';
import { HIGHEST_ID } from './usable-ids.ts';

/** Those in `held` don't count. `none`: the latest version of every subject lies below. `unclear`: there are too many to look at, or nobody could tell. */
export type IdsAbove =
  | { readonly kind: 'found'; readonly id: number }
  | { readonly kind: 'none' }
  | { readonly kind: 'unclear' };

/** Ids right above it that are tried, and then subjects. Of a registry that is whole, nearly every one of them is a hit. */
const NEXT_IDS = 10;
const SUBJECTS = 50;

export async function lookForIdsAbove(
  endpoints: RegistryEndpoints,
  what: { readonly id: number; readonly context: string; readonly held: ReadonlyMap<number, unknown> },
  signal: AbortSignal,
): Promise<IdsAbove> {
  const { id, context, held } = what;
  const within = contextSubject(context);
  for (let next = id + 1; next <= Math.min(id + NEXT_IDS, HIGHEST_ID); next++) {
    const answer = await endpoints.call(byIdRequest(next, within), signal);
    if (answer.verdict.class === 'ok' && !held.has(next)) return { kind: 'found', id: next };
    if (answer.verdict.class === 'park') return { kind: 'unclear' };
  }
  const listed = await endpoints.call(subjectsRequest(), signal);
  if (listed.verdict.class !== 'ok' || !Array.isArray(listed.json)) return { kind: 'unclear' };
  const subjects = listed.json.filter(
    (name): name is string => typeof name === 'string' && contextOf(name) === context,
  );
  let isComplete = subjects.length <= SUBJECTS;
  for (const subject of subjects.slice(-SUBJECTS)) {
    const latest = await endpoints.call(versionRequest(subject, -1), signal);
    const found = latest.verdict.class === 'ok' ? usableIdOf(latest.json) : undefined;
    if (found === undefined) isComplete = false;
    else if (found > id && !held.has(found)) return { kind: 'found', id: found };
  }
  return { kind: isComplete ? 'none' : 'unclear' };
}
