import { isTopLevelClientKey } from '../runtime/config/top-level-client-keys.ts';
import type { WorkerConfig } from '../runtime/config/worker-config.ts';

/** What the worker's own admin clients connect with: the client settings at the top of its file, and those with the prefix `admin.` above them. */
export function adminSettings(config: WorkerConfig): Record<string, string> {
  const topLevel = Object.entries(config.raw).filter(([key]) => isTopLevelClientKey(key));
  const admin = Object.entries(config.raw)
    .filter(([key]) => key.startsWith('admin.') && !key.startsWith('admin.listeners'))
    .map(([key, value]) => [key.slice('admin.'.length), value] as const);
  return {
    'bootstrap.servers': config.values['bootstrap.servers'].join(','),
    ...Object.fromEntries(topLevel),
    ...Object.fromEntries(admin),
  };
}
