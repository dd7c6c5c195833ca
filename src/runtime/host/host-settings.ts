/** Settings of a task that Kafka Connect has no name for, as a host reads them from `TaskSpec.hostSettings`. */

import type { SampleWindows } from '../../foundation/sampled-stat.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import type { ParkSettings } from '../parking/parker.ts';

export interface HostSettings {
  /** `max.inflight.batches`, `max.inflight.bytes`: what a source task may have sent without acknowledgement. */
  readonly maxInflightBatches: number;
  readonly maxInflightBytes: number;
  /** `retry.backoff.initial.ms`, `retry.backoff.max.ms`: after a RetriableError of `poll` or `put`. */
  readonly retryBackoffInitialMs: number;
  readonly retryBackoffMaxMs: number;
  /** `sink.heartbeat.interval.ms`: how long a sink without records goes without a `put`. */
  readonly sinkHeartbeatMs: number;
  readonly park: ParkSettings;
  /** `metrics.sample.window.ms`, `metrics.num.samples` */
  readonly metrics: SampleWindows;
}

export function parseHostSettings(settings: Readonly<Record<string, string>>): HostSettings {
  const action = settings['park.timeout.action'] ?? 'fail';
  if (action !== 'fail' && action !== 'warn') {
    throw new ConfigError(`Invalid value ${action} for configuration park.timeout.action: it must be fail or warn.`);
  }
  return {
    maxInflightBatches: integer(settings, 'max.inflight.batches', 5, 1),
    maxInflightBytes: integer(settings, 'max.inflight.bytes', 8 * 1024 * 1024, 1),
    retryBackoffInitialMs: integer(settings, 'retry.backoff.initial.ms', 250, 1),
    retryBackoffMaxMs: integer(settings, 'retry.backoff.max.ms', 10_000, 1),
    sinkHeartbeatMs: integer(settings, 'sink.heartbeat.interval.ms', 1_000, 1),
    park: {
      backoffInitialMs: integer(settings, 'park.backoff.initial.ms', 250, 1),
      backoffMaxMs: integer(settings, 'park.backoff.max.ms', 10_000, 1),
      timeoutMs: integer(settings, 'park.timeout.ms', -1, -1),
      timeoutAction: action,
    },
    metrics: {
      windowMs: Math.max(1, integer(settings, 'metrics.sample.window.ms', 30_000, 0)),
      samples: integer(settings, 'metrics.num.samples', 2, 1),
    },
  };
}

function integer(settings: Readonly<Record<string, string>>, key: string, fallback: number, least: number): number {
  const text = settings[key];
  if (text === undefined || text.trim() === '') return fallback;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new ConfigError(
      `Invalid value ${text} for configuration ${key}: it must be an integer of at least ${least}.`,
    );
  }
  return value;
}
