import { readableError } from '../../sdk/errors/readable-error.ts';

/** A plugin; its `close` is meant to be synchronous, and may turn out to be none. */
export interface ClosablePlugin {
  close?(): unknown;
}

/** Closes each of them, whatever others throw or reject with: `onFailed` hears of it. Waits for none. */
export function closePlugins(plugins: Iterable<ClosablePlugin>, onFailed: (error: unknown) => void): void {
  const failed = (error: unknown): void => onFailed(readableError(error));
  for (const plugin of plugins) {
    try {
      Promise.resolve(plugin.close?.()).catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
