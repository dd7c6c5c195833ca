/** The configs and modes that a node has for places of their own. */

import { isJsonObject } from '../records/json-bytes.ts';
import type { JsonObject } from '../records/schemas-record.ts';
import type { WitnessVendor } from '../snapshot/rest-witness.ts';
import { inParallel } from './in-parallel.ts';
import type { RegistryApi } from './registry-api.ts';

/** By place: '' is the whole registry, `:.context:` a context, anything else a subject. */
export interface Settings {
  readonly configs: Readonly<Record<string, JsonObject>>;
  readonly modes: Readonly<Record<string, JsonObject>>;
}

export interface ReadSettingsOptions {
  readonly api: RegistryApi;
  readonly vendor: WitnessVendor;
  readonly places: readonly string[];
  /** Of the whole registry; undefined: it has no modes. */
  readonly globalMode: JsonObject | undefined;
  readonly signal: AbortSignal;
  /** What was not answered, in words. */
  readonly miss: (what: string) => void;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Two requests for each place. @throws as {@link RegistryApi.ask} */
export async function readSettings(options: ReadSettingsOptions): Promise<Settings> {
  const { api, vendor, places, globalMode, onProgress } = options;
  const configs: Record<string, JsonObject> = {};
  const modes: Record<string, JsonObject> = {};
  let done = 0;
  await inParallel(places, api.parallel, async (place) => {
    const config = await readSetting(options, 'config', place);
    // Apicurio answers NONE for a subject without a level of its own, whatever holds for the whole registry.
    const isOwnConfig = place === '' || vendor !== 'apicurio' || config?.['compatibilityLevel'] !== 'NONE';
    if (config !== undefined && isOwnConfig) configs[place] = config;
    const mode = place === '' || globalMode === undefined ? globalMode : await readSetting(options, 'mode', place);
    // Karapace answers a subject's mode with the mode that holds for it.
    const isOwn = place === '' || vendor === 'confluent' || mode?.['mode'] !== globalMode?.['mode'];
    if (mode !== undefined && isOwn) modes[place] = mode;
    if (++done % 100 === 0) onProgress?.(done, places.length);
  });
  return { configs, modes };
}

/** undefined: it has none. */
export async function readSetting(
  { api, signal, miss }: Pick<ReadSettingsOptions, 'api' | 'signal' | 'miss'>,
  kind: 'config' | 'mode',
  place: string,
): Promise<JsonObject | undefined> {
  const path = place === '' ? `/${kind}` : `/${kind}/${encodeURIComponent(place)}`;
  const { status, json, reason } = await api.ask('GET', path, signal);
  if (status === 200 && isJsonObject(json)) return json;
  if (status !== 404 && status !== 204 && status !== 405) miss(`${path}: ${reason}`);
  return undefined;
}
