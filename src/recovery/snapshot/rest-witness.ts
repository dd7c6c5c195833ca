/** What one node of a registry told over REST at one time: the second witness beside the topic. */
import type { JsonObject, SchemaValue } from '../records/schemas-record.ts';

export interface WitnessedVersion extends SchemaValue {}

export interface RestWitness {
  /** Base URL without credentials. */
  readonly node: string;
  /** ms since the epoch. */
  readonly takenAt: number;
  readonly vendor: 'confluent' | 'karapace' | 'apicurio' | 'redpanda' | 'other';
  readonly serverVersion: string | undefined;
  /** Soft-deleted ones included where the vendor tells them. */
  readonly versions: readonly WitnessedVersion[];
  readonly tellsDeleted: boolean;
  /** By subject; '' is the whole registry. */
  readonly configs: Readonly<Record<string, JsonObject>>;
  readonly modes: Readonly<Record<string, JsonObject>>;
  /** By context ('' is the default one): the highest id that the node says to know. */
  readonly maxIds: Readonly<Record<string, number>>;
  /** What was asked and not answered, in words; empty when the view is whole. */
  readonly missing: readonly string[];
}
