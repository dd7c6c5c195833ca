/** Why a plan is not run, or its outcome not trusted. */
import { ConfigError, DataError } from '../../sdk/errors/kinds.ts';
import { NOT_AS_PLANNED, TARGET_CHANGED, UNDO_MISSING } from './restore-errors.ts';

export function changed(topic: string, reason: string): ConfigError {
  return new ConfigError(
    `The topic ${topic} is not what the plan was made for: ${reason}. Look at who wrote to it, then make the plan again.`,
    { code: TARGET_CHANGED },
  );
}

/** Somebody writes at this very time, or did while this plan was run. */
export function othersWrite(topic: string, wanted: number, got: number | undefined): ConfigError {
  return new ConfigError(
    `Somebody else writes to the topic ${topic}: a record was to get the offset ${wanted} and got ${got ?? 'none'}. Find out who it is (a registry, ` +
      'another run of this plan) and stop it. Then run the plan again: it goes on if only NOOPs came in between. If not, take it back with its undo file.',
    { code: TARGET_CHANGED },
  );
}

/** What lies there is neither the plan's nor a NOOP. */
export function wroteSince(topic: string, offset: number): ConfigError {
  return new ConfigError(
    `The topic ${topic} has at offset ${offset} not what this plan wrote there: somebody else wrote to it since. Nothing was done. The undo file takes ` +
      'the plan back unless something would be lost by it. If what was written since is to stay, plan a restore --into in-place: it adds what is missing.',
    { code: TARGET_CHANGED },
  );
}

export function notAsPlanned(topic: string, reason: string): DataError {
  return new DataError(
    `The plan was run, but the topic ${topic} does not hold what it wrote: ${reason}. Start no registry on it before that is understood.`,
    { code: NOT_AS_PLANNED },
  );
}

export function unknownUndo(path: string, reason: string): ConfigError {
  return new ConfigError(`${path} can not be the undo file of this plan: ${reason}. Name another file with --undo.`, {
    code: UNDO_MISSING,
  });
}
