/** What a registry would answer otherwise than before, in words. */
import type { RegistryState, VersionState } from '../state/registry-state.ts';
import { shownVersion } from './shown.ts';

/** Versions first, then ids, then settings. One line each; lazily, as there may be many. */
export function* stateChanges(before: RegistryState, after: RegistryState): Iterable<string> {
  yield* versionChanges(before, after);
  yield* idChanges(before, after);
  yield* settingChanges('config', before, after);
  yield* settingChanges('mode', before, after);
}

function* versionChanges(before: RegistryState, after: RegistryState): Iterable<string> {
  for (const subject of after.subjects()) {
    for (const now of after.versions(subject)) {
      const was = before.version(subject, now.version);
      if (was === undefined) {
        yield `${shownVersion(now)} is there, with id ${now.id}${now.deleted ? ', soft-deleted' : ''}`;
      } else yield* versionChange(was, now);
    }
  }
  for (const subject of before.subjects()) {
    for (const was of before.versions(subject)) {
      if (after.version(subject, was.version) === undefined) yield `${shownVersion(was)}, with id ${was.id}, is gone`;
    }
  }
}

function* versionChange(was: VersionState, now: VersionState): Iterable<string> {
  const what = shownVersion(now);
  if (was.id !== now.id) yield `${what} has id ${now.id} instead of ${was.id}`;
  if (was.content !== now.content) yield `${what} has another content`;
  if (was.deleted && !now.deleted) yield `${what} is soft-deleted no more`;
  if (!was.deleted && now.deleted) yield `${what} is soft-deleted`;
}

function* idChanges(before: RegistryState, after: RegistryState): Iterable<string> {
  for (const context of new Set([...before.contexts(), ...after.contexts()])) {
    const where = context === '' ? '' : ` in context ${context}`;
    for (const id of after.ids(context)) {
      const was = before.byId(context, id);
      const now = after.byId(context, id);
      // One that is new shows with its version.
      if (was === undefined || now === undefined || was.content === now.content) continue;
      const [is, wasIt] = [shownVersion(now), shownVersion(was)];
      yield is === wasIt
        ? `id ${id}${where} answers with another content of ${is}`
        : `id ${id}${where} answers with ${is} instead of ${wasIt}`;
    }
    for (const id of before.ids(context)) {
      if (after.byId(context, id) === undefined) yield `id ${id}${where} is not known any more`;
    }
  }
}

function* settingChanges(kind: 'config' | 'mode', before: RegistryState, after: RegistryState): Iterable<string> {
  const subjectsOf = (state: RegistryState): Iterable<string | null> =>
    kind === 'config' ? state.configSubjects() : state.modeSubjects();
  for (const subject of new Set([...subjectsOf(before), ...subjectsOf(after)])) {
    const was = before[kind](subject)?.value;
    const now = after[kind](subject)?.value;
    if (JSON.stringify(was) === JSON.stringify(now)) continue;
    yield `the ${kind} of ${subject ?? 'the whole registry'} is ${now === undefined ? 'gone' : JSON.stringify(now)}`;
  }
}
