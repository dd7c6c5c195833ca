/**
 * `reload.interval.ms` of the file and directory providers, ours: how often a value that is in use is read again. A file that Kubernetes or
 * a vault agent replaces is noticed without watching it, however it is replaced. Kafka Connect's providers read at a start only.
 */
import { ConfigError } from '../../../sdk/errors/kinds.ts';
import { PROVIDER_INVALID } from './allowed-paths.ts';

/** As often as a kubelet refreshes mounted secrets. */
const DEFAULT_MS = 60_000;
const LEAST_MS = 100;

/** A time to live in ms, undefined when it is turned off with 0. @throws ConfigError `holdfast.config-provider.invalid` */
export function reloadInterval(setting: string | undefined): number | undefined {
  if (setting === undefined) return DEFAULT_MS;
  const text = setting.trim();
  const value = Number(text);
  if (!/^\d+$/.test(text) || (value !== 0 && value < LEAST_MS)) {
    throw new ConfigError(
      `Invalid value ${text} for configuration reload.interval.ms: give 0 to turn it off, or at least ${LEAST_MS}`,
      { code: PROVIDER_INVALID },
    );
  }
  return value === 0 ? undefined : value;
}

/** As providers answer it. */
export function withTtl(
  data: Readonly<Record<string, string>>,
  ttlMs: number | undefined,
): { readonly data: Readonly<Record<string, string>>; readonly ttlMs?: number } {
  return ttlMs === undefined ? { data } : { data, ttlMs };
}
