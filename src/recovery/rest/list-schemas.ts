/** Every version that a node lists, from `/schemas` in pages: a registry that is written to meanwhile is listed whole all the same. */
import type { WitnessedVersion } from '../snapshot/rest-witness.ts';
import { answeredSchema } from './answered-schema.ts';
import type { RegistryApi } from './registry-api.ts';

export type VersionKey = string;

export function versionKey({ subject, version }: { readonly subject: string; readonly version: number }): VersionKey {
  return `${version} ${subject}`;
}

const LIMIT = 1000;
const TRIES = 5;

export interface ListOptions {
  readonly api: RegistryApi;
  /** Soft-deleted ones as well. */
  readonly deleted: boolean;
  readonly signal: AbortSignal;
  /** Each version once, in the order of the answers. */
  readonly take: (versions: readonly WitnessedVersion[]) => Promise<void>;
}

/**
 * False: the node has no `/schemas`, or lists less than it has; what was taken is right all the same.
 *
 * Pages overlap by one version: when it is another one than before, something was added or removed further up, and all is listed again. A
 * registry that knows no pages (Karapace) answers everything at once.
 */
export async function listSchemas({ api, deleted, signal, take }: ListOptions): Promise<boolean> {
  const seen = new Set<VersionKey>();
  const accept = async (page: readonly WitnessedVersion[]): Promise<void> => {
    const fresh = page.filter((version) => !seen.has(versionKey(version)));
    for (const version of fresh) seen.add(versionKey(version));
    if (fresh.length > 0) await take(fresh);
  };
  // All contexts; older registries take the prefix for the beginning of a name, and list nothing.
  for (const prefix of [':*:', '']) {
    for (let round = 0; round < TRIES; round++) {
      const end = await onePass({ api, deleted, signal }, prefix, accept);
      if (end === 'none') return false;
      if (end === 'whole' && seen.size > 0) return true;
      if (end === 'whole') break;
    }
    if (seen.size > 0) return false;
  }
  return true;
}

async function onePass(
  { api, deleted, signal }: Omit<ListOptions, 'take'>,
  prefix: string,
  accept: (page: readonly WitnessedVersion[]) => Promise<void>,
): Promise<'whole' | 'shifted' | 'none'> {
  let limit = LIMIT;
  let offset = 0;
  let first: VersionKey | undefined;
  let last: VersionKey | undefined;
  for (;;) {
    const query = new URLSearchParams({ subjectPrefix: prefix, offset: String(offset), limit: String(limit) });
    if (deleted) query.set('deleted', 'true');
    const { status, json } = await api.ask('GET', `/schemas?${query}`, signal);
    if (status === 413 && limit > 1) {
      limit = Math.ceil(limit / 4);
      continue;
    }
    if (status !== 200 || !Array.isArray(json)) return 'none';
    const page = json.map((each) => answeredSchema(each, false)).filter((each) => each !== undefined);
    // Half an answer is none: what is left out here would be missing for good.
    if (page.length !== json.length) return 'none';
    const [top] = page;
    if (top === undefined) return last === undefined ? 'whole' : 'shifted';
    if (last !== undefined && versionKey(top) !== last) {
      // A registry without pages answers the same from the top again.
      return versionKey(top) === first && page.length > offset ? 'whole' : 'shifted';
    }
    await accept(page);
    if (page.length > limit || (last !== undefined && page.length === 1)) return 'whole';
    first ??= versionKey(top);
    last = versionKey(page.at(-1) ?? top);
    offset += page.length - 1;
  }
}
