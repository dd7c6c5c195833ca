import { type ConnectError, DataError } from '../../../src/sdk/errors/index.ts';
import type {
  RegisteredSchema,
  SchemaAnswer,
  SchemaQuestion,
  SchemaReference,
  SchemaView,
} from '../../../src/sdk/schema-view.ts';

/** A registry in memory that answers when it is asked, unless a test says otherwise. */
export class FakeSchemaView implements SchemaView {
  readonly registryId = 'fake';
  /** The questions of every call of `resolve`. */
  readonly asked: SchemaQuestion[][] = [];
  readonly bySubject = new Map<string, RegisteredSchema[]>();
  readonly byGuid = new Map<string, RegisteredSchema>();
  readonly metadata = new Map<RegisteredSchema, Readonly<Record<string, string>>>();
  isClosed = false;
  /** Given to all new questions while it is set. */
  outage: { kind: 'waiting' | 'refused'; error: ConnectError } | undefined;
  private readonly answers = new Map<string, SchemaAnswer>();
  private readonly byId = new Map<number, RegisteredSchema>();
  private nextId = 1;

  /** Puts a schema there as if somebody had registered it. */
  add(
    schema: string,
    options: {
      readonly subject?: string;
      readonly id?: number;
      readonly references?: readonly SchemaReference[];
      readonly schemaType?: RegisteredSchema['schemaType'];
      readonly version?: number;
    } = {},
  ): RegisteredSchema {
    const id = options.id ?? this.nextId++;
    const registered: RegisteredSchema = {
      id,
      schema,
      schemaType: options.schemaType ?? 'AVRO',
      references: options.references ?? [],
      ...(options.version === undefined ? {} : { version: options.version }),
    };
    this.byId.set(id, registered);
    if (options.subject !== undefined) {
      this.bySubject.set(options.subject, [...(this.bySubject.get(options.subject) ?? []), registered]);
    }
    return registered;
  }

  /** Sets the answer of one question, or takes it back. */
  answer(key: string, answer: SchemaAnswer): void {
    this.answers.set(key, answer);
  }

  forget(): void {
    this.answers.clear();
  }

  peek(question: SchemaQuestion): SchemaAnswer {
    return this.answers.get(question.key) ?? { kind: 'unasked' };
  }

  resolve(questions: readonly SchemaQuestion[]): Promise<void> | undefined {
    this.asked.push([...questions]);
    for (const question of questions) {
      this.answers.set(question.key, this.outage ?? this.find(question));
    }
    return Promise.resolve();
  }

  close(): void {
    this.isClosed = true;
  }

  private find(question: SchemaQuestion): SchemaAnswer {
    const known = (schema: RegisteredSchema | undefined): SchemaAnswer =>
      schema === undefined
        ? { kind: 'refused', error: new DataError(`There is no ${question.key}.`, { code: 'holdfast.test.none' }) }
        : { kind: 'known', schema };
    switch (question.kind) {
      case 'by-id':
        return known(this.byId.get(question.id));
      case 'by-guid':
        return known(this.byGuid.get(question.guid));
      case 'with-metadata':
        return known(
          (this.bySubject.get(question.subject) ?? []).findLast((schema) => {
            const metadata = this.metadata.get(schema) ?? {};
            return Object.entries(question.metadata).every(([key, value]) => metadata[key] === value);
          }),
        );
      case 'version': {
        const versions = this.bySubject.get(question.subject) ?? [];
        return known(question.version === -1 ? versions.at(-1) : versions[question.version - 1]);
      }
      default: {
        const same = (this.bySubject.get(question.subject) ?? []).find(
          ({ schema }) => schema === question.schema.schema,
        );
        if (same !== undefined || question.kind === 'lookup') return known(same);
        return known(this.add(question.schema.schema, { subject: question.subject }));
      }
    }
  }
}
