/** Where a registry that still answers says something else than its topic: decided by a person before the topic is made anew. */
import type { RegistryState, VersionState } from '../state/registry-state.ts';
import { shownVersion } from './shown.ts';

export interface RestDifference {
  readonly topic: VersionState;
  /** undefined: the registry does not know it. */
  readonly rest: VersionState | undefined;
  /** In words. */
  readonly what: string;
}

/**
 * What only the registry knows is no difference: its topic has lost it, which is what it is made anew for. Both states are read as the same
 * vendor's, so that their contents compare.
 */
export function restDifferences(rest: RegistryState, topic: RegistryState): readonly RestDifference[] {
  const differences: RestDifference[] = [];
  for (const subject of topic.subjects()) {
    for (const kept of topic.versions(subject)) {
      const told = rest.version(subject, kept.version);
      const what = differenceOf(kept, told);
      if (what !== undefined) differences.push({ topic: kept, rest: told, what: `${shownVersion(kept)}: ${what}` });
    }
  }
  return differences;
}

function differenceOf(topic: VersionState, rest: VersionState | undefined): string | undefined {
  if (rest === undefined) return `the registry does not know it, the topic has it with id ${topic.id}`;
  if (rest.id !== topic.id) return `id ${rest.id} in the registry, ${topic.id} in the topic`;
  if (rest.content !== topic.content)
    return `another schema in the registry than in the topic, both with id ${rest.id}`;
  if (rest.deleted !== topic.deleted) {
    return `soft-deleted in the ${rest.deleted ? 'registry, and not in the topic' : 'topic, and not in the registry'}`;
  }
  return undefined;
}
