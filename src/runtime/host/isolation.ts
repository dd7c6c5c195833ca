/** Where the tasks of a connector run: `task.isolation`. */
import { ConfigError } from '../../sdk/errors/kinds.ts';

/**
 * `inline`: in the thread of the control plane. `shared`: in one of the worker threads that tasks share. `own`: in a worker thread for the
 * tasks of this connector only.
 */
export type Isolation = 'inline' | 'shared' | 'own';

export const ISOLATIONS: readonly Isolation[] = ['inline', 'shared', 'own'];

export interface Placement {
  readonly isolation: Isolation;
  /** `task.host.memory.max.mb` of a thread of the connector's own; 0: what all threads have. */
  readonly memoryMaxMb: number;
}

export const INLINE: Placement = { isolation: 'inline', memoryMaxMb: 0 };

/** @throws ConfigError for an isolation that is none of {@link ISOLATIONS}, in any case. */
export function placementOf(settings: Readonly<Record<string, string>>): Placement {
  const text = settings['task.isolation'] ?? 'inline';
  const isolation = ISOLATIONS.find((each) => each === text.trim().toLowerCase());
  if (isolation === undefined) {
    throw new ConfigError(
      `Invalid value ${text} for configuration task.isolation: it must be one of ${ISOLATIONS.join(', ')}.`,
    );
  }
  const memoryMaxMb = isolation === 'own' ? Number(settings['task.host.memory.max.mb'] ?? 0) : 0;
  return { isolation, memoryMaxMb };
}
