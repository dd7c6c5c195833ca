/**
 * What a record of `_schemas` says, in either vendor's format (specs/registry.md, chapter 5). Reading is lenient in the order of fields and
 * tells what it can't read; the bytes stay with the {@link RawRecord}.
 */
import type { SchemaReference } from '../../sdk/schema-view.ts';
import type { ClaimedId } from './claimed-id.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** What else a record says is kept as it is: a registry may have providers of its own, and Karapace drops what it does not know. */
export type SchemaType = 'AVRO' | 'JSON' | 'PROTOBUF' | (string & {});

/** The value of a SCHEMA record. Fields without a meaning for what an id stands for (`md5`, `offset`, `ts`) are left to the raw bytes. */
export interface SchemaValue {
  /** With its context, as `:.context:subject`. */
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly schemaType: SchemaType;
  readonly references: readonly SchemaReference[];
  readonly metadata: JsonObject | undefined;
  readonly ruleSet: JsonObject | undefined;
  readonly schema: string;
  /** Soft-deleted. */
  readonly deleted: boolean;
}

/** How a value says that there is none: a Kafka tombstone, or Karapace's empty value, which compaction never removes. */
export type Absence = 'null' | 'empty';

/** A subject of null is the whole registry. */
export type SchemasRecord =
  | { readonly kind: 'schema'; readonly subject: string; readonly version: number; readonly value: SchemaValue }
  | { readonly kind: 'schema-gone'; readonly subject: string; readonly version: number; readonly absence: Absence }
  | {
      readonly kind: 'config' | 'mode';
      readonly subject: string | null;
      /** null: removed, as `absence` says. */
      readonly value: JsonObject | null;
      readonly absence: Absence | undefined;
    }
  /** Soft-deletes every version up to this one. */
  | { readonly kind: 'delete-subject'; readonly subject: string; readonly version: number }
  | { readonly kind: 'delete-subject-gone'; readonly subject: string; readonly absence: Absence }
  | { readonly kind: 'clear-subject'; readonly subject: string | null }
  | { readonly kind: 'noop' }
  /** CONTEXT and ASSOC: kept as they are, without a meaning for ids. */
  | { readonly kind: 'other'; readonly keytype: string };

export type UnreadableProblem =
  | 'null-key'
  | 'key-not-json'
  | 'value-not-json'
  | 'unknown-keytype'
  | 'unsupported-magic'
  | 'incomplete-key'
  | 'incomplete-value'
  /** Subject or version of the value differ from those of the key. */
  | 'key-value-mismatch';

export type ReadRecord =
  | {
      readonly ok: true;
      readonly record: SchemasRecord;
      /** The key has exactly the bytes that Confluent's registry writes today. */
      readonly hasCanonicalKey: boolean;
    }
  | {
      readonly ok: false;
      readonly problem: UnreadableProblem;
      readonly reason: string;
      /** As far as the key tells. */
      readonly subject: string | undefined;
      readonly version: number | undefined;
      /** Of a CONFIG or MODE whose value is garbled: what it would have set; `subject` undefined is the whole registry. */
      readonly setting?: 'config' | 'mode';
      /**
       * What a registry that overlooks the problem reads: Karapace does not look at the magic byte; with `key-value-mismatch` Confluent's goes by the
       * key (`record.subject`), Karapace by the value (`record.value.subject`). undefined: nobody reads anything in it.
       */
      readonly overlooked: SchemasRecord | undefined;
      /** Invariant 10: an id that its value tells all the same was given out once, and is not given out again when the record goes. */
      readonly claimed: ClaimedId | undefined;
    };
