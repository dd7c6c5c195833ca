/**
 * What a converter knows of a schema registry: a local, synchronous view, filled by asking the worker's registry
 * coordinator in batches. The view answers without waiting; `resolve` asks for what it lacks.
 */
import type { ConnectError } from './errors/index.ts';
import type { RecordRange } from './record/record-ranges.ts';

/** A schema that another one names, and the version of a subject where it is kept. */
export interface SchemaReference {
  /** As the schema that refers to it writes it: a full name of Avro, a file of Protobuf, a URI of JSON Schema. */
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** A schema as a registry keeps it. Absent `schemaType` on the wire means AVRO. */
export interface SchemaText {
  /** AVRO, JSON, PROTOBUF, or what a provider of the registry's own adds. */
  readonly schemaType: 'AVRO' | 'JSON' | 'PROTOBUF' | (string & {});
  readonly schema: string;
  readonly references: readonly SchemaReference[];
}

/** A schema with the id that the registry gave it. */
export interface RegisteredSchema extends SchemaText {
  /** The id in the five-byte header; -1 in an answer by GUID, which tells none. */
  readonly id: number;
  /** Where it is known from, when it is: filled for answers by subject. */
  readonly subject?: string;
  readonly version?: number;
}

/**
 * A question to the registry. `key` identifies it: two questions with one key have one answer, so a converter builds the
 * key once per schema and not per record.
 */
export type SchemaQuestion =
  /** Which schema has this id? For reading; `forWriting`: for records that are to carry it, such as with `use.schema.id`. */
  | {
      readonly kind: 'by-id';
      readonly key: string;
      readonly id: number;
      readonly subject?: string;
      readonly forWriting?: true;
    }
  /** Register under the subject (idempotent by content) and tell the id. For writing, `auto.register.schemas=true`. */
  | {
      readonly kind: 'register';
      readonly key: string;
      readonly subject: string;
      readonly schema: SchemaText;
      readonly normalize: boolean;
    }
  /** Which id does this schema have under the subject? For writing, `auto.register.schemas=false`. */
  | {
      readonly kind: 'lookup';
      readonly key: string;
      readonly subject: string;
      readonly schema: SchemaText;
      readonly normalize: boolean;
    }
  /** A version of a subject, -1 for the latest. For `use.latest.version` and references. */
  | { readonly kind: 'version'; readonly key: string; readonly subject: string; readonly version: number }
  /** The latest version of a subject whose metadata has all these properties. For `use.latest.with.metadata`. */
  | {
      readonly kind: 'with-metadata';
      readonly key: string;
      readonly subject: string;
      readonly metadata: Readonly<Record<string, string>>;
    }
  /** Which schema has this GUID (lower case, with dashes)? It is made of the content, and the same in every context. */
  | { readonly kind: 'by-guid'; readonly key: string; readonly guid: string; readonly subject?: undefined };

/** What the view knows about a question at this moment. */
export type SchemaAnswer =
  | { readonly kind: 'known'; readonly schema: RegisteredSchema }
  /** Never asked, or evicted: `resolve` it. */
  | { readonly kind: 'unasked' }
  /** The registry is away, lagging or not ready, or the barrier is not met yet: an EnvironmentError that names the gate. */
  | { readonly kind: 'waiting'; readonly error: ConnectError }
  /** DataError (denied, incompatible, invalid), ConfigError (authorization, wrong url) or an integrity error. */
  | { readonly kind: 'refused'; readonly error: ConnectError };

/** A view on one registry, for one converter of one task. Not to be used after `close`. */
export interface SchemaView {
  /** Which registry: the same for all views on one cluster. */
  readonly registryId: string;
  /** Synchronous and cheap: a map look-up. */
  peek(question: SchemaQuestion): SchemaAnswer;
  /**
   * Asks for what `peek` does not know. Returns undefined when there is nothing to ask (the hot path allocates no
   * promise). Resolves when each question is known, refused or waiting; bounded by the view's patience (a fraction of
   * a second), so that a slow registry delays one partition and not all. Never rejects but with the signal's reason.
   */
  resolve(questions: readonly SchemaQuestion[], signal: AbortSignal): Promise<void> | undefined;
  /**
   * Invariant 5: true while ids are in use that were acknowledged so recently that they are to be looked at once more. Until then
   * the view keeps which records carry them: whoever writes tells it by {@link carried}. Asked once per acknowledged batch.
   */
  tracksRecords?(): boolean;
  /** The broker acknowledged a record with this id. Ignored for ids that are not tracked. */
  carried?(id: number, topic: string, partition: number, offset: number): void;
  /** The records that carry what an integrity error is about, as far as they were tracked; empty for other errors. */
  recordsOf?(error: ConnectError): readonly RecordRange[];
  /** The record that waited with this error is not to be read any more: what the view asks for because of it, it asks no longer. */
  skipped?(error: ConnectError): void;
  /** Nobody uses it any more: what it asks for, it asks no longer. */
  close(): void;
}
