/** Places on the command line: a mistake in one is one of usage. */
import * as places from '../../recovery/backup/place.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import { UsageError } from '../exit-codes.ts';

export { type Place, placeText } from '../../recovery/backup/place.ts';

/** @throws UsageError */
export function parsePlace(text: string): places.Place {
  return asUsage(() => places.parsePlace(text));
}

/** @throws UsageError also for what can only be read */
export function parseTargetPlace(text: string): places.TargetPlace {
  return asUsage(() => places.parseTargetPlace(text));
}

function asUsage<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message);
    throw error;
  }
}
