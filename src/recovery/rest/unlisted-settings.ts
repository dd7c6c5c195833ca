/** Settings of places where the registry has nothing registered: no request lists them, and a restore would take them for absent. */
import { contextOf, contextSubject } from '../../registry/subject-context.ts';
import type { RegistryState } from '../state/registry-state.ts';
import { type ReadSettingsOptions, readSettings } from './read-settings.ts';
import type { TargetIndex } from './target-index.ts';

/**
 * Asks for those of every place that the state names, so that a restore minds them and its undo puts them back.
 * @throws as {@link readSettings}
 */
export async function addUnlistedSettings(
  target: TargetIndex,
  state: RegistryState,
  options: Pick<ReadSettingsOptions, 'api' | 'signal' | 'onProgress'>,
): Promise<void> {
  const { vendor, modes, maxIds } = target.witness;
  const named = new Set<string>();
  const add = (place: string | null): void => {
    const context = contextOf(place ?? '');
    const ofContext = contextSubject(context);
    if (ofContext !== undefined && maxIds[context] === undefined) named.add(ofContext);
    const [registered] = target.versions(place ?? '');
    if (place !== null && place !== ofContext && registered === undefined) named.add(place);
  };
  for (const places of [state.subjects(), state.configSubjects(), state.modeSubjects()]) {
    for (const place of places) add(place);
  }
  const places = [...named];
  target.addSettings(await readSettings({ ...options, vendor, places, globalMode: modes[''], miss: () => {} }));
}
