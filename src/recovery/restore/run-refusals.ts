/** Why a plan is not run, or its outcome not trusted. */
import { ConfigError, DataError } from '../../sdk/errors/kinds.ts';
import { NOT_AS_PLANNED, TARGET_CHANGED, UNDO_MISSING } from './restore-errors.ts';

export function changed(topic: string, reason: string): ConfigError {
  return new ConfigError(
    `The topic ${topic} is not what the plan was made for: ${reason}. Look at who wrote to it, then make the plan again.`,
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
