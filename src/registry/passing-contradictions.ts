/** Invariant 6, met in passing: an id that was asked for on account of another question contradicts what was known of it. */
import { IntegrityError } from '../sdk/errors/index.ts';

/** Told of a contradiction that is not the business of the question under way. */
export type ContradictionListener = (error: IntegrityError) => void;

/**
 * Reads what came back of another id than the question's. A contradiction there stops the tasks that use that id, and is no answer to this
 * question. Throws what is everybody's business: that the registry is another one.
 */
export function readInPassing(read: () => void, contradicted: ContradictionListener): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof IntegrityError) || error.details?.['registry'] === true) throw error;
    contradicted(error);
  }
}
