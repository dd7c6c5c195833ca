/** What one node of a registry told over REST at one time: the second witness beside the topic. */
import type { JsonObject, SchemaValue } from '../records/schemas-record.ts';

export interface WitnessedVersion extends SchemaValue {}

export type WitnessVendor = 'confluent' | 'karapace' | 'apicurio' | 'redpanda' | 'other';

/** How {@link WitnessFacts.missing} begins where a node does not tell the highest id of a context. */
export const MAX_ID_UNTOLD = 'the highest id';

export function maxIdOf(context: string): string {
  return `${MAX_ID_UNTOLD}${context === '' ? '' : ` of context ${context}`}`;
}

/** All but the versions: small enough for one line of JSON. */
export interface WitnessFacts {
  /** Base URL without credentials. */
  readonly node: string;
  /** ms since the epoch. */
  readonly takenAt: number;
  readonly vendor: WitnessVendor;
  readonly serverVersion: string | undefined;
  /** How many {@link RestWitness.versions} gives. */
  readonly versionCount: number;
  /** Which versions are soft-deleted is known. */
  readonly tellsDeleted: boolean;
  /** Of '' (the whole registry), of contexts (`:.context:`) and of subjects that have versions: no request lists the others. */
  readonly configs: Readonly<Record<string, JsonObject>>;
  readonly modes: Readonly<Record<string, JsonObject>>;
  /** By context ('' is the default one): the highest id that the node says to know; without its word, the highest that was seen. */
  readonly maxIds: Readonly<Record<string, number>>;
  /** What was asked and not answered, in words; empty when the view is whole. */
  readonly missing: readonly string[];
}

/** The versions lie in a file: memory does not grow with the registry. */
export interface RestWitness extends WitnessFacts {
  /**
   * In batches, in no promised order, each version once; read again as often as needed. Soft-deleted ones included where the vendor tells
   * them.
   */
  versions(): AsyncIterable<readonly WitnessedVersion[]>;
}
