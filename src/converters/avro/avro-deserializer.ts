/** Framed Avro records to Connect values: the schema of an id, and the codec for it, both found once. */
import { LruCache } from '../../foundation/lru-cache.ts';
import type { RawHeader } from '../../sdk/converter.ts';
import { type Schema, SchemaAndValue } from '../../sdk/data/index.ts';
import { ConnectError, DataError } from '../../sdk/errors/index.ts';
import type { RegisteredSchema, SchemaQuestion, SchemaView } from '../../sdk/schema-view.ts';
import type { AvroDataOptions } from './avro-data-options.ts';
import { parseAvroSchema } from './avro-schema.ts';
import { type ConnectType, ended } from './avro-tap.ts';
import { avroTypeForReading } from './avro-value-reader.ts';
import { answerOrThrow } from './registry-answers.ts';
import { questionByGuid, questionById, referencesOf } from './schema-questions.ts';
import { referencedTexts } from './selected-schema.ts';
import { connectSchemaOf } from './to-connect-schema.ts';
import { FRAME_BYTES, type SchemaName, schemaIdOf, schemaNameIn } from './wire-format.ts';

export interface AvroDeserializerDependencies {
  readonly view: SchemaView;
  readonly options: AvroDataOptions;
  readonly maxSchemas: number;
  /** Of the ids, '' for the default one. */
  readonly context: string;
  /** The header that may name the schema; null: it is not looked for. */
  readonly header: string | null;
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

interface Origin {
  readonly name: SchemaName;
  readonly question: SchemaQuestion;
  codec: Codec | undefined;
}

interface Codec {
  readonly registered: RegisteredSchema;
  readonly schema: Schema | null;
  readonly type: ConnectType;
}

export class AvroDeserializer {
  private readonly dependencies: AvroDeserializerDependencies;
  private readonly origins: LruCache<SchemaName, Origin>;
  private last: Origin | undefined;

  constructor(dependencies: AvroDeserializerDependencies) {
    this.dependencies = dependencies;
    this.origins = new LruCache({ maxEntries: Math.max(1, dependencies.maxSchemas) });
  }

  /** What names the schema of a record; undefined: nothing does. Throws DataError for a header of the wrong form. */
  nameOf(bytes: Uint8Array, headers: readonly RawHeader[] | undefined): SchemaName | undefined {
    const named = this.nameIn(headers);
    if (named !== undefined) return named;
    if (bytes.length < FRAME_BYTES || bytes[0] !== 0) return undefined;
    return ((bytes[1] ?? 0) << 24) | ((bytes[2] ?? 0) << 16) | ((bytes[3] ?? 0) << 8) | (bytes[4] ?? 0);
  }

  /** Questions without which records whose schema is named so can't be read. */
  lacking(name: SchemaName): readonly SchemaQuestion[] {
    const { question, codec } = this.originOf(name);
    const answer = this.dependencies.view.peek(question);
    if (answer.kind !== 'known') return [question];
    if (codec?.registered === answer.schema || answer.schema.references.length === 0) return [];
    const references = referencesOf(answer.schema, this.dependencies.view, this.dependencies.context);
    return references.kind === 'open' ? references.questions : [];
  }

  /** Throws DataError for what is no record, or what the registry's answer says. */
  deserialize(topic: string, bytes: Buffer, headers?: readonly RawHeader[]): SchemaAndValue {
    const prefix = (): string => `Failed to deserialize data for topic ${topic} to Avro: `;
    let named: SchemaName | undefined;
    let name: SchemaName;
    try {
      named = this.nameIn(headers);
      name = named ?? schemaIdOf(bytes);
    } catch (error) {
      throw failed(prefix(), error);
    }
    const origin = this.last?.name === name ? this.last : this.originOf(name);
    this.last = origin;
    const registered = answerOrThrow(this.dependencies.view, origin.question, prefix);
    let { codec } = origin;
    if (codec?.registered !== registered) {
      codec = this.codecOf(registered, prefix);
      origin.codec = codec;
    }
    let value: unknown;
    try {
      const decoded = codec.type.decode(bytes, named === undefined ? FRAME_BYTES : 0);
      // Bytes behind the value are left aside, as by Confluent's deserializer.
      if (decoded.offset < 0) throw ended();
      value = decoded.value;
    } catch (error) {
      throw failed(prefix(), error, `Error deserializing Avro message for id ${name}`);
    }
    return value === null ? SchemaAndValue.NULL : new SchemaAndValue(codec.schema, value);
  }

  private nameIn(headers: readonly RawHeader[] | undefined): SchemaName | undefined {
    const { header } = this.dependencies;
    return headers === undefined || headers.length === 0 || header === null ? undefined : schemaNameIn(headers, header);
  }

  private originOf(name: SchemaName): Origin {
    const known = this.origins.get(name);
    if (known !== undefined) return known;
    const question = typeof name === 'string' ? questionByGuid(name) : questionById(name, this.dependencies.context);
    const origin: Origin = { name, question, codec: undefined };
    this.origins.set(name, origin);
    return origin;
  }

  private codecOf(registered: RegisteredSchema, prefix: () => string): Codec {
    const { view, options, context, warn } = this.dependencies;
    if (registered.schemaType !== 'AVRO') {
      throw new DataError(`${prefix()}the schema ${registered.id} is of type ${registered.schemaType}.`);
    }
    const avro = parseAvroSchema(registered.schema, referencedTexts(registered, view, context, prefix));
    const schema = connectSchemaOf(avro, options, { version: registered.version ?? null, warn });
    return { registered, schema, type: avroTypeForReading(avro, schema, options) };
  }
}

/** A DataError whatever went wrong: garbage can also nest deeper than the stack is. Environment failures stay what they are. */
function failed(prefix: string, error: unknown, what?: string): unknown {
  if (error instanceof ConnectError && !(error instanceof DataError)) return error;
  const cause = what === undefined ? error : new DataError(what, { cause: error });
  return new DataError(prefix, { ...(error instanceof DataError ? { code: error.code } : {}), cause });
}
