/** Where the tasks of a connector run: `task.isolation`. */
import { ConfigError } from '../../sdk/errors/kinds.ts';

/**
 * `inline`: in the thread of the control plane. `shared`: in one of the worker threads that tasks share. `own`: in a worker thread for the
 * tasks of this connector only.
 */
export type Isolation = 'inline' | 'shared' | 'own';

export const ISOLATIONS: readonly Isolation[] = ['inline', 'shared', 'own'];

/** @throws ConfigError for anything that is none of {@link ISOLATIONS}, in any case. */
export function isolationOf(settings: Readonly<Record<string, string>>): Isolation {
  const text = settings['task.isolation'] ?? 'inline';
  const found = ISOLATIONS.find((each) => each === text.trim().toLowerCase());
  if (found !== undefined) return found;
  throw new ConfigError(
    `Invalid value ${text} for configuration task.isolation: it must be one of ${ISOLATIONS.join(', ')}.`,
  );
}
