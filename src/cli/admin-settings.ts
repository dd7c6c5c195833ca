import type { WorkerConfig } from '../runtime/config/worker-config.ts';

/** What the worker's own admin clients connect with: its security settings, and those with the prefix `admin.` above them. */
export function adminSettings(config: WorkerConfig): Record<string, string> {
  const security = Object.entries(config.raw).filter(([key]) => /^(ssl\.|sasl\.|security\.)/.test(key));
  const admin = Object.entries(config.raw)
    .filter(([key]) => key.startsWith('admin.') && !key.startsWith('admin.listeners'))
    .map(([key, value]) => [key.slice('admin.'.length), value] as const);
  return {
    'bootstrap.servers': config.values['bootstrap.servers'].join(','),
    ...Object.fromEntries(security),
    ...Object.fromEntries(admin),
  };
}
