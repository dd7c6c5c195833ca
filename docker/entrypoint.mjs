/**
 * Runs `holdfast` in this very process, so that it gets the signals that the container gets. For `standalone` it first
 * adds what the image knows: the mounted worker file, if there is one, the mounted folders of connectors and plugins, and
 * that a container without a broker or converters is a mistake, whatever defaults a worker has elsewhere.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configDir, givenSettings, mountedWorkerFile } from './worker-settings.mjs';

const REQUIRED = ['bootstrap.servers', 'key.converter', 'value.converter'];
const HELP = /^(-h|--help|-V|--version)$/;

const main = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url));
const args = process.argv.slice(2);

if (args[0] === 'standalone' && !args.some((arg) => HELP.test(arg))) await prepareStandalone();
process.argv = [process.execPath, main, ...args];
await import(new URL('../dist/src/cli/main.js', import.meta.url).href);

async function prepareStandalone() {
  let file = args.slice(1).find((arg) => !arg.startsWith('-'));
  if (file === undefined) {
    file = mountedWorkerFile();
    if (file !== undefined) args.push(file);
  }
  let settings;
  try {
    settings = await givenSettings(file);
  } catch {
    // The worker reads the file again, and says what is wrong with it.
    return;
  }
  const missing = REQUIRED.filter((key) => (settings[key] ?? '').trim() === '');
  if (missing.length > 0) {
    const variables = missing.map((key) => `CONNECT_${key.toUpperCase().replaceAll('.', '_')}`);
    process.stderr.write(
      `holdfast: ${missing.length === 1 ? 'a required setting is' : 'required settings are'} missing: ${variables.join(', ')}.\n` +
        `Set ${missing.length === 1 ? 'it' : 'them'} with docker run -e, or ${missing.join(', ')} in ${join(configDir, 'worker.properties')}. [holdfast.worker.config-invalid]\n`,
    );
    process.exit(2); // as for any wrong setting
  }
  const folders = { 'connector.files.dir': 'connectors', 'plugin.path': 'plugins' };
  for (const [key, name] of Object.entries(folders)) {
    const folder = join(configDir, name);
    if (settings[key] === undefined && isUsed(folder)) {
      process.env[`CONNECT_${key.toUpperCase().replaceAll('.', '_')}`] = folder;
    }
  }
}

/** @param {string} folder */
function isUsed(folder) {
  return existsSync(folder) && readdirSync(folder).length > 0;
}
