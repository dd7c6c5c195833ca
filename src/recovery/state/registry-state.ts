/** What a snapshot means: the state of a registry that has read it to the end, as one vendor's would. Digests and offsets, no texts. */

import type { SchemaReference } from '../../sdk/schema-view.ts';
import type { JsonObject, SchemaType } from '../records/schemas-record.ts';

export type ReplayVendor = 'confluent' | 'karapace';

export interface VersionState {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly schemaType: SchemaType;
  readonly references: readonly SchemaReference[];
  /** Hex sha256 of what the id stands for: type, text as the vendor compares it, references, metadata, rules. See {@link contentDigest}. */
  readonly content: string;
  readonly deleted: boolean;
  /** Where in the snapshot its record is. */
  readonly offset: number;
}

export interface RegistryState {
  readonly vendor: ReplayVendor;
  /** Where the vendor's reader died and saw nothing any more; undefined: it read to the end. Only Confluent's does, at an unknown keytype. */
  readonly staleFrom?: number | undefined;
  subjects(): Iterable<string>;
  /** Ascending, soft-deleted ones included. */
  versions(subject: string): readonly VersionState[];
  version(subject: string, version: number): VersionState | undefined;
  /** The version whose record `GET /schemas/ids/{id}` answers from; in Karapace it may be one that is gone by now. */
  byId(context: string, id: number): VersionState | undefined;
  ids(context: string): Iterable<number>;
  contexts(): Iterable<string>;
  /** Highest id in any record of the context, whether purged, dropped by the vendor or behind `staleFrom`; 0: none. */
  maxId(context: string): number;
  /** null: the whole registry. */
  config(subject: string | null): { readonly value: JsonObject; readonly offset: number } | undefined;
  mode(subject: string | null): { readonly value: JsonObject; readonly offset: number } | undefined;
  configSubjects(): Iterable<string | null>;
  modeSubjects(): Iterable<string | null>;
}
