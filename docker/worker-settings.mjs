/** What entrypoint and health check have to know of the worker's settings: where they come from, and what they say. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readPropertiesFile } from '../dist/src/cli/connector-file.js';
import { settingsFromEnvironment } from '../dist/src/cli/environment-settings.js';

/** The folder of mounted files: worker.properties, connectors/, plugins/. */
export const configDir = process.env['HOLDFAST_CONFIG_DIR'] || '/etc/holdfast';

/** The mounted worker file; undefined if there is none. */
export function mountedWorkerFile() {
  const file = join(configDir, 'worker.properties');
  return existsSync(file) ? file : undefined;
}

/**
 * The worker's settings as given: CONNECT_* variables above the file.
 *
 * @param {string | undefined} file
 * @returns {Promise<Record<string, string>>}
 */
export async function givenSettings(file) {
  return { ...(file === undefined ? {} : await readPropertiesFile(file)), ...settingsFromEnvironment(process.env) };
}
