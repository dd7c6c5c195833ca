/** What of a registry's settings holds for the worker's one client of it, whichever converter asks; the first converter decides it. */
import type { Logger } from '../foundation/logger.ts';
import type { RegistryConfigValues } from './registry-config.ts';
import { REGISTRY_SETTINGS_DIFFER } from './registry-errors.ts';

/** None of them is a secret: those make another registry. */
export const SHARED_KEYS = [
  'bearer.auth.cache.expiry.buffer.seconds',
  'http.connect.timeout.ms',
  'http.read.timeout.ms',
  'latest.cache.size',
  'registry.barrier',
  'registry.barrier.hits',
  'registry.barrier.timeout.action',
  'registry.barrier.timeout.ms',
  'registry.cache.size',
  'registry.detection',
  'registry.detection.retry.ms',
  'registry.group.id',
  'registry.health.timeout.ms',
  'registry.max.in.flight',
  'registry.poll.interval.ms',
  'registry.poll.outage.interval.ms',
  'registry.probe.initial.ms',
  'registry.probe.max.ms',
  'registry.recovery.max.requests.per.second',
  'registry.refresh.interval.ms',
  'registry.refresh.sample.size',
  'registry.revalidate.max.per.second',
  'registry.second.look.ms',
  'registry.settle.window.ms',
  'registry.suspect.window.ms',
  'registry.vendor',
  'schema.registry.url.randomize',
  'unknown.id.max.gap',
] as const satisfies readonly (keyof RegistryConfigValues)[];

export class SharedSettings {
  private readonly values: RegistryConfigValues;
  private readonly logger: Logger;
  private readonly told = new Set<string>();

  constructor(options: { readonly values: RegistryConfigValues; readonly logger: Logger }) {
    this.values = options.values;
    this.logger = options.logger;
  }

  /** Another converter, or the same one after an edit, names the registry: what it sets in vain is told, once per key. */
  compare(given: RegistryConfigValues): void {
    for (const key of SHARED_KEYS) {
      if (given[key] === this.values[key] || this.told.has(key)) continue;
      this.told.add(key);
      this.logger.warn('A converter sets what another one decided for this registry; the first value is kept', {
        code: REGISTRY_SETTINGS_DIFFER,
        key,
        kept: this.values[key],
        ignored: given[key],
      });
    }
  }
}
