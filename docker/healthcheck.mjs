/** Exits with 0 if the worker's REST API answers `GET /health` with 200, with 1 and the reason otherwise. */
import { givenSettings, mountedWorkerFile } from './worker-settings.mjs';

const DEFAULT_LISTENER = 'http://:8083';

try {
  const { listeners = DEFAULT_LISTENER } = await givenSettings(mountedWorkerFile()).catch(() => ({}));
  const url = new URL('/health', listenerUrl(listeners));
  const response = await fetch(url, { signal: AbortSignal.timeout(4_000) });
  const text = (await response.text()).trim();
  process.stdout.write(`${response.status} ${text}\n`);
  process.exitCode = response.status === 200 ? 0 : 1;
} catch (error) {
  const { message, cause } = /** @type {Error} */ (error);
  process.stdout.write(`${message}${cause instanceof Error ? `: ${cause.message}` : ''}\n`);
  process.exitCode = 1;
}

/**
 * The first listener, asked over the loopback interface if it listens on all.
 *
 * @param {string} listeners
 */
function listenerUrl(listeners) {
  const [first = DEFAULT_LISTENER] = listeners.split(',').map((listener) => listener.trim());
  return first.replace(/^(https?:\/\/)(0\.0\.0\.0|\[::\])?:/i, '$1127.0.0.1:');
}
