/** Where a registry that still answers says something else than its topic: decided by a person before the topic is made anew. */
import type { JsonObject } from '../records/schemas-record.ts';
import type { RegistryState, VersionState } from '../state/registry-state.ts';
import { isIn } from '../verify/setting-comparison.ts';
import { shownVersion } from './shown.ts';

export interface VersionDifference {
  readonly of: 'version';
  readonly topic: VersionState;
  /** undefined: the registry does not know it. */
  readonly rest: VersionState | undefined;
  /** In words. */
  readonly what: string;
}

export interface SettingDifference {
  readonly of: 'config' | 'mode';
  /** null: the whole registry. */
  readonly subject: string | null;
  readonly topic: JsonObject;
  /** undefined: the registry tells none. */
  readonly rest: JsonObject | undefined;
  /** In words. */
  readonly what: string;
}

export type RestDifference = VersionDifference | SettingDifference;

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
      if (what !== undefined) {
        differences.push({ of: 'version', topic: kept, rest: told, what: `${shownVersion(kept)}: ${what}` });
      }
    }
  }
  differences.push(...settingDifferences('config', rest, topic));
  // Karapace has no modes, and passes over their records.
  if (topic.vendor === 'confluent') differences.push(...settingDifferences('mode', rest, topic));
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

function* settingDifferences(
  of: 'config' | 'mode',
  rest: RegistryState,
  topic: RegistryState,
): Iterable<SettingDifference> {
  for (const subject of of === 'config' ? topic.configSubjects() : topic.modeSubjects()) {
    const kept = topic[of](subject)?.value;
    const told = rest[of](subject)?.value;
    // Over REST it tells what holds, which may be more than what was set.
    if (kept === undefined || isIn(kept, told ?? defaultOf(of, subject))) continue;
    const has = JSON.stringify(kept);
    const what =
      told === undefined
        ? `the registry tells none, the topic has ${has}`
        : `${JSON.stringify(told)} in the registry, ${has} in the topic`;
    const name = subject ?? 'the whole registry';
    yield { of, subject, topic: kept, rest: told, what: `${of} of ${name}: ${what}` };
  }
}

/** What a registry tells by this is not kept of what it told. */
function defaultOf(of: 'config' | 'mode', subject: string | null): JsonObject {
  return of === 'mode' && subject === null ? { mode: 'READWRITE' } : {};
}
