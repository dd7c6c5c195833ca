/** Framed Avro records to Connect values: the schema of an id, and the codec for it, both found once. */
import { LruCache } from '../../foundation/lru-cache.ts';
import { type Schema, SchemaAndValue } from '../../sdk/data/index.ts';
import { ConnectError, DataError } from '../../sdk/errors/index.ts';
import type { RegisteredSchema, SchemaQuestion, SchemaView } from '../../sdk/schema-view.ts';
import type { AvroDataOptions } from './avro-data-options.ts';
import { parseAvroSchema } from './avro-schema.ts';
import { type ConnectType, ended } from './avro-tap.ts';
import { avroTypeForReading } from './avro-value-reader.ts';
import { answerOrThrow } from './registry-answers.ts';
import { questionById, referencesOf } from './schema-questions.ts';
import { connectSchemaOf } from './to-connect-schema.ts';
import { FRAME_BYTES, schemaIdOf } from './wire-format.ts';

export interface AvroDeserializerDependencies {
  readonly view: SchemaView;
  readonly options: AvroDataOptions;
  readonly maxSchemas: number;
}

interface Origin {
  readonly id: number;
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
  private readonly origins: LruCache<number, Origin>;
  private last: Origin | undefined;

  constructor(dependencies: AvroDeserializerDependencies) {
    this.dependencies = dependencies;
    this.origins = new LruCache({ maxEntries: Math.max(1, dependencies.maxSchemas) });
  }

  /** Questions without which records of the id can't be read. */
  lacking(id: number): readonly SchemaQuestion[] {
    const { question, codec } = this.originOf(id);
    const answer = this.dependencies.view.peek(question);
    if (answer.kind !== 'known') return [question];
    if (codec?.registered === answer.schema || answer.schema.references.length === 0) return [];
    const references = referencesOf(answer.schema, this.dependencies.view);
    return references.kind === 'open' ? references.questions : [];
  }

  /** Throws DataError for what is no record, or what the registry's answer says. */
  deserialize(topic: string, bytes: Buffer): SchemaAndValue {
    const prefix = (): string => `Failed to deserialize data for topic ${topic} to Avro: `;
    let id: number;
    try {
      id = schemaIdOf(bytes);
    } catch (error) {
      throw failed(prefix(), error);
    }
    const origin = this.last?.id === id ? this.last : this.originOf(id);
    this.last = origin;
    const registered = answerOrThrow(this.dependencies.view, origin.question, prefix);
    let { codec } = origin;
    if (codec?.registered !== registered) {
      codec = this.codecOf(registered, prefix);
      origin.codec = codec;
    }
    let value: unknown;
    try {
      const decoded = codec.type.decode(bytes, FRAME_BYTES);
      // Bytes behind the value are left aside, as by Confluent's deserializer.
      if (decoded.offset < 0) throw ended();
      value = decoded.value;
    } catch (error) {
      throw failed(prefix(), error, `Error deserializing Avro message for id ${id}`);
    }
    return value === null ? SchemaAndValue.NULL : new SchemaAndValue(codec.schema, value);
  }

  private originOf(id: number): Origin {
    const known = this.origins.get(id);
    if (known !== undefined) return known;
    const origin: Origin = { id, question: questionById(id), codec: undefined };
    this.origins.set(id, origin);
    return origin;
  }

  private codecOf(registered: RegisteredSchema, prefix: () => string): Codec {
    const { view, options } = this.dependencies;
    if (registered.schemaType !== 'AVRO') {
      throw new DataError(`${prefix()}the schema ${registered.id} is of type ${registered.schemaType}.`);
    }
    const references = referencesOf(registered, view);
    if (references.kind === 'open') for (const open of references.questions) answerOrThrow(view, open, prefix);
    const avro = parseAvroSchema(registered.schema, references.kind === 'known' ? references.texts : []);
    const schema = connectSchemaOf(avro, options, registered.version ?? null);
    return { registered, schema, type: avroTypeForReading(avro, schema, options) };
  }
}

/** A DataError whatever went wrong: garbage can also nest deeper than the stack is. Environment failures stay what they are. */
function failed(prefix: string, error: unknown, what?: string): unknown {
  if (error instanceof ConnectError && !(error instanceof DataError)) return error;
  const cause = what === undefined ? error : new DataError(what, { cause: error });
  return new DataError(prefix, { ...(error instanceof DataError ? { code: error.code } : {}), cause });
}
