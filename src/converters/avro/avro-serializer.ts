/** Connect values to framed Avro records: which schema a value is written with, and the codec for it, both found once per schema. */
import { LruCache } from '../../foundation/lru-cache.ts';
import { contextOf } from '../../registry/subject-context.ts';
import type { Schema } from '../../sdk/data/index.ts';
import { SchemaCache } from '../../sdk/data/schema-cache.ts';
import { DataError } from '../../sdk/errors/index.ts';
import type { RegisteredSchema, SchemaQuestion, SchemaView } from '../../sdk/schema-view.ts';
import type { AvroDataOptions } from './avro-data-options.ts';
import { type AvroSchema, parseAvroSchema } from './avro-schema.ts';
import { AvroSlab } from './avro-slab.ts';
import type { ConnectType } from './avro-tap.ts';
import { avroTypeForWriting } from './avro-value-writer.ts';
import { answerOrThrow } from './registry-answers.ts';
import { questionForWriting, referencesOf, type SchemaSelection } from './schema-questions.ts';
import { checkCompatible, referencedTexts } from './selected-schema.ts';
import type { SubjectNameStrategy } from './subject-names.ts';
import { avroSchemaTextOf } from './to-avro-schema.ts';

export interface AvroSerializerDependencies {
  readonly view: SchemaView;
  readonly options: AvroDataOptions;
  readonly selection: SchemaSelection;
  /** Whether the record's own schema has to be compatible with one that is selected by id, or as the latest version. */
  readonly isStrict: { readonly id: boolean; readonly latest: boolean };
  /** The subject with its context. */
  readonly subjectOf: SubjectNameStrategy;
  readonly maxSchemas: number;
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** A schema's own Avro form, or why it has none. */
interface OwnSchema {
  readonly text: string;
  readonly avro: AvroSchema;
  readonly topics: LruCache<string, Target>;
  lastTopic: string | undefined;
  lastTarget: Target | undefined;
}

/** What the values of a schema become in one topic. */
interface Target {
  readonly schema: Schema | null;
  readonly own: OwnSchema;
  readonly question: SchemaQuestion;
  codec: { readonly registered: RegisteredSchema; readonly type: ConnectType } | undefined;
}

type OwnSchemaOrFailure = OwnSchema | { readonly failure: DataError };

export class AvroSerializer {
  private readonly dependencies: AvroSerializerDependencies;
  private readonly schemas: SchemaCache<OwnSchemaOrFailure>;
  private readonly slab = new AvroSlab();
  private schemaless: OwnSchemaOrFailure | undefined;

  constructor(dependencies: AvroSerializerDependencies) {
    this.dependencies = dependencies;
    this.schemas = new SchemaCache({
      maxEntries: dependencies.maxSchemas,
      create: (schema) => this.ownSchemaOf(schema),
    });
  }

  /** Questions without which values of the schema can't be written to the topic; none if it can't be written at all. */
  lacking(topic: string, schema: Schema | null): readonly SchemaQuestion[] {
    let target: Target;
    try {
      target = this.targetOf(topic, schema);
    } catch (error) {
      // Kept: `serialize` throws it for the records concerned.
      if (error instanceof DataError) return [];
      throw error;
    }
    const { question, codec } = target;
    const answer = this.dependencies.view.peek(question);
    if (answer.kind !== 'known') return [question];
    if (codec?.registered === answer.schema || !isSelected(question)) return [];
    const references = referencesOf(answer.schema, this.dependencies.view, contextOf(question.subject));
    return references.kind === 'open' ? references.questions : [];
  }

  /** The framed record. Throws DataError for bad data, or what the registry's answer says. */
  serialize(topic: string, schema: Schema | null, value: unknown): Uint8Array {
    const target = this.targetOf(topic, schema);
    const { view } = this.dependencies;
    const registered = answerOrThrow(
      view,
      target.question,
      () => `Failed to serialize Avro data from topic ${topic} : `,
    );
    let { codec } = target;
    if (codec?.registered !== registered) {
      codec = { registered, type: this.typeOf(target, registered, topic) };
      target.codec = codec;
    }
    // Invariant 5: the id is one that the view vouches for at this very moment.
    try {
      return this.slab.encode(registered.id, codec.type, value);
    } catch (error) {
      throw tooDeep(error, 'The value');
    }
  }

  private targetOf(topic: string, schema: Schema | null): Target {
    let own: OwnSchemaOrFailure;
    if (schema !== null) own = this.schemas.get(schema);
    else {
      this.schemaless ??= this.ownSchemaOf(null);
      own = this.schemaless;
    }
    if ('failure' in own) throw own.failure;
    if (own.lastTopic === topic && own.lastTarget !== undefined) return own.lastTarget;
    let target = own.topics.get(topic);
    if (target === undefined) {
      const subject = this.dependencies.subjectOf(topic, own.avro);
      const question = questionForWriting(this.dependencies.selection, subject, own.text);
      target = { schema, own, question, codec: undefined };
      own.topics.set(topic, target);
    }
    own.lastTopic = topic;
    own.lastTarget = target;
    return target;
  }

  private ownSchemaOf(schema: Schema | null): OwnSchemaOrFailure {
    const { options, warn, maxSchemas } = this.dependencies;
    try {
      const text = avroSchemaTextOf(schema, options, warn);
      const topics = new LruCache<string, Target>({ maxEntries: Math.max(1, maxSchemas) });
      return { text, avro: parseAvroSchema(text), topics, lastTopic: undefined, lastTarget: undefined };
    } catch (error) {
      const failure = tooDeep(error, 'The schema');
      if (failure instanceof DataError) return { failure };
      throw failure;
    }
  }

  private typeOf(target: Target, registered: RegisteredSchema, topic: string): ConnectType {
    const { view, options } = this.dependencies;
    const { own, schema, question } = target;
    if (!isSelected(question)) return avroTypeForWriting(own.avro, schema, { options, isStrict: true });
    const prefix = `Failed to serialize Avro data from topic ${topic} : `;
    if (registered.schemaType !== 'AVRO') {
      throw new DataError(`${prefix}the schema ${registered.id} is of type ${registered.schemaType}.`);
    }
    const texts = referencedTexts(registered, view, contextOf(question.subject), () => prefix);
    const check = this.checkOf(question);
    try {
      if (check !== null) checkCompatible(registered, texts, own.text, check);
      const isStrict = check !== null;
      const avro = parseAvroSchema(registered.schema, texts);
      return avroTypeForWriting(avro, schema, { options, isStrict });
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      throw new DataError(`${prefix}${error.message}`, { code: error.code, cause: error.cause });
    }
  }

  /** The setting that asks for the check of a selected schema; null: none does. Confluent checks no version with metadata. */
  private checkOf(question: SchemaQuestion): 'id.compatibility.strict' | 'latest.compatibility.strict' | null {
    const { isStrict } = this.dependencies;
    if (question.kind === 'by-id') return isStrict.id ? 'id.compatibility.strict' : null;
    return question.kind === 'version' && isStrict.latest ? 'latest.compatibility.strict' : null;
  }
}

/** What nests deeper than the stack is, is bad data. */
function tooDeep(error: unknown, what: string): unknown {
  if (!(error instanceof RangeError)) return error;
  return new DataError(`${what} is nested too deeply to be written as Avro.`, { cause: error });
}

/** True if the registry says what to write with, so that it may be another schema than the record's own. */
function isSelected(question: SchemaQuestion): boolean {
  return question.kind === 'by-id' || question.kind === 'version' || question.kind === 'with-metadata';
}
