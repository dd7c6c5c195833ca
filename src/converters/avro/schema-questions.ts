/** What AvroConverter asks the registry: the one question that selects the schema to write with, and those for references. */
import { createHash } from 'node:crypto';
import { contextOf } from '../../registry/subject-context.ts';
import type { RegisteredSchema, SchemaQuestion, SchemaText, SchemaView } from '../../sdk/schema-view.ts';
import { inContext } from './subject-names.ts';

/** Which schema is written, and whether it may be new. */
export interface SchemaSelection {
  readonly autoRegister: boolean;
  readonly normalize: boolean;
  readonly useLatestVersion: boolean;
  /** null: not set. */
  readonly metadata: Readonly<Record<string, string>> | null;
  /** -1: not set. */
  readonly useSchemaId: number;
}

/** `context`: of the ids, '' for the default one. */
export function questionById(id: number, context: string): SchemaQuestion & { readonly kind: 'by-id' } {
  return context === ''
    ? { kind: 'by-id', key: `id:${id}`, id }
    : { kind: 'by-id', key: `id:${id}:${context}`, id, subject: inContext(context, '') };
}

export function questionByGuid(guid: string): SchemaQuestion {
  return { kind: 'by-guid', key: `guid:${guid}`, guid };
}

function questionByVersion(subject: string, version: number): SchemaQuestion & { readonly kind: 'version' } {
  return { kind: 'version', key: `version:${version}:${subject}`, subject, version };
}

/** The question for writing: a fixed id, else the latest version (with some metadata), else registration, else look-up. */
export function questionForWriting(selection: SchemaSelection, subject: string, text: string): SchemaQuestion {
  const { useSchemaId, metadata, useLatestVersion, autoRegister, normalize } = selection;
  if (useSchemaId >= 0) {
    const question = questionById(useSchemaId, contextOf(subject));
    return { ...question, key: `write:${question.key}`, forWriting: true };
  }
  if (metadata !== null) {
    return { kind: 'with-metadata', key: `metadata:${JSON.stringify(metadata)}:${subject}`, subject, metadata };
  }
  if (useLatestVersion) return questionByVersion(subject, -1);
  const kind = autoRegister ? 'register' : 'lookup';
  const schema: SchemaText = { schemaType: 'AVRO', schema: text, references: [] };
  const fingerprint = createHash('sha256').update(text).digest('base64');
  const key = `${kind}:${normalize}:${fingerprint}:${subject}`;
  return { kind, key, subject, schema, normalize };
}

/** What is known of the schemas that a schema refers to. */
export type References =
  /** The texts, each after those it refers to. */
  | { readonly kind: 'known'; readonly texts: readonly string[] }
  /** Not all are known: these questions are open. */
  | { readonly kind: 'open'; readonly questions: readonly SchemaQuestion[] }
  /** They lead back to one of them, in this order: none can be read before the others. */
  | { readonly kind: 'circular'; readonly path: readonly string[] };

/** Follows references as far as they are known. A subject without a context is in that of the schema that refers to it. */
export function referencesOf(schema: RegisteredSchema, view: SchemaView, context: string): References {
  const texts = new Map<string, string>();
  const open: SchemaQuestion[] = [];
  let circle: readonly string[] | undefined;
  const visit = (each: RegisteredSchema, within: string, trail: readonly string[]): void => {
    for (const reference of each.references) {
      const subject = inContext(within, reference.subject);
      const question = questionByVersion(subject, reference.version);
      const place = `${subject} version ${reference.version}`;
      if (trail.includes(place)) circle ??= [...trail.slice(trail.indexOf(place)), place];
      if (circle !== undefined || texts.has(question.key)) continue;
      const answer = view.peek(question);
      if (answer.kind !== 'known') {
        open.push(question);
        continue;
      }
      visit(answer.schema, contextOf(subject), [...trail, place]);
      texts.set(question.key, answer.schema.schema);
    }
  };
  visit(schema, context, []);
  if (circle !== undefined) return { kind: 'circular', path: circle };
  return open.length > 0 ? { kind: 'open', questions: open } : { kind: 'known', texts: [...texts.values()] };
}
