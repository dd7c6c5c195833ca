/** Every version of a node that has no `/schemas` (Apicurio, Redpanda), subject by subject. */
import type { WitnessedVersion } from '../snapshot/rest-witness.ts';
import { answeredSchema, integersIn, textsIn } from './answered-schema.ts';
import { inParallel } from './in-parallel.ts';
import type { RegistryApi } from './registry-api.ts';

export interface WalkOptions {
  readonly api: RegistryApi;
  readonly signal: AbortSignal;
  readonly take: (versions: readonly WitnessedVersion[]) => Promise<void>;
  /** Asked for a soft-deleted version that the node lists and does not give. */
  readonly otherwise?: (subject: string, version: number) => Promise<WitnessedVersion | undefined>;
  /** What was not answered, in words. */
  readonly miss: (what: string) => void;
}

export const subjectPath = (subject: string): string => `/subjects/${encodeURIComponent(subject)}`;

export function versionPath(subject: string, version: number): string {
  return `${subjectPath(subject)}/versions/${version}`;
}

export function idPath(context: string, id: number): string {
  return `/schemas/ids/${id}${context === '' ? '' : `?subject=${encodeURIComponent(`:.${context}:`)}`}`;
}

export async function walkSubjects({ api, signal, take, miss, otherwise }: WalkOptions): Promise<void> {
  // Older registries take the prefix of all contexts for the beginning of a name.
  const everywhere = textsIn(await api.read('/subjects?deleted=true&subjectPrefix=:*:', signal));
  const subjects = everywhere.length > 0 ? everywhere : textsIn(await api.read('/subjects?deleted=true', signal));
  await inParallel(subjects, api.parallel, async (subject) => {
    const path = `${subjectPath(subject)}/versions`;
    const all = integersIn(await api.read(`${path}?deleted=true`, signal));
    const alive = new Set(integersIn(await api.read(path, signal)));
    if (all.length === 0) miss(`the versions of subject ${subject}`);
    for (const version of all) {
      const json = await api.read(`${path}/${version}?deleted=true`, signal);
      const schema = answeredSchema(json, !alive.has(version)) ?? (await otherwise?.(subject, version));
      if (schema === undefined) miss(`version ${version} of subject ${subject}`);
      else await take([schema]);
    }
  });
}
