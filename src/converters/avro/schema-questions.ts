/** What AvroConverter asks the registry: the one question that selects the schema to write with, and those for references. */
import { createHash } from 'node:crypto';
import type { RegisteredSchema, SchemaQuestion, SchemaText, SchemaView } from '../../sdk/schema-view.ts';

/** Which schema is written, and whether it may be new. */
export interface SchemaSelection {
  readonly autoRegister: boolean;
  readonly normalize: boolean;
  readonly useLatestVersion: boolean;
  /** -1: not set. */
  readonly useSchemaId: number;
}

export function questionById(id: number): SchemaQuestion {
  return { kind: 'by-id', key: `id:${id}`, id };
}

function questionByVersion(subject: string, version: number): SchemaQuestion {
  return { kind: 'version', key: `version:${version}:${subject}`, subject, version };
}

/**
 * The question for writing. Its order is that of Confluent's converters: a fixed id, the latest version, registration, look-up.
 */
export function questionForWriting(selection: SchemaSelection, subject: string, text: string): SchemaQuestion {
  if (selection.useSchemaId >= 0) return questionById(selection.useSchemaId);
  if (selection.useLatestVersion) return questionByVersion(subject, -1);
  const kind = selection.autoRegister ? 'register' : 'lookup';
  const schema: SchemaText = { schemaType: 'AVRO', schema: text, references: [] };
  const fingerprint = createHash('sha256').update(text).digest('base64');
  const key = `${kind}:${selection.normalize}:${fingerprint}:${subject}`;
  return { kind, key, subject, schema, normalize: selection.normalize };
}

/** What is known of the schemas that a schema refers to. */
export type References =
  /** The texts, each after those it refers to. */
  | { readonly kind: 'known'; readonly texts: readonly string[] }
  /** Not all are known: these questions are open. */
  | { readonly kind: 'open'; readonly questions: readonly SchemaQuestion[] };

/** Follows references as far as they are known. */
export function referencesOf(schema: RegisteredSchema, view: SchemaView): References {
  const texts = new Map<string, string>();
  const open: SchemaQuestion[] = [];
  const visit = (each: RegisteredSchema): void => {
    for (const { subject, version } of each.references) {
      const question = questionByVersion(subject, version);
      if (texts.has(question.key)) continue;
      const answer = view.peek(question);
      if (answer.kind !== 'known') {
        open.push(question);
        continue;
      }
      // Taken as seen before its own references are followed, so that a circle ends; put in after them.
      texts.set(question.key, answer.schema.schema);
      visit(answer.schema);
      texts.delete(question.key);
      texts.set(question.key, answer.schema.schema);
    }
  };
  visit(schema);
  return open.length > 0 ? { kind: 'open', questions: open } : { kind: 'known', texts: [...texts.values()] };
}
