/** A schema that the registry gave, to write with or to read: its references, and whether it fits the record's own. */
import { readingProblems } from '../../registry/avro/avro-compatibility.ts';
import { AvroSyntaxError, parseAvro } from '../../registry/avro/avro-schema.ts';
import { DataError, defineErrorCode } from '../../sdk/errors/index.ts';
import type { RegisteredSchema, SchemaReference, SchemaView } from '../../sdk/schema-view.ts';
import { answerOrThrow } from './registry-answers.ts';
import { referencesOf } from './schema-questions.ts';

export const INCOMPATIBLE = defineErrorCode('holdfast.converters.incompatible-schema', {
  what: 'A record has a schema that is not compatible with the one that is to be written (use.latest.version or use.schema.id).',
  mend: 'Change the record or the schema, or set latest.compatibility.strict or id.compatibility.strict to false.',
});

export const CIRCULAR_REFERENCES = defineErrorCode('holdfast.converters.circular-references', {
  what: 'The references of a schema lead back to one of them, so that none can be read before the others.',
  mend: 'Register the schemas so that references form no circle. Within one schema types may refer to each other freely.',
});

/** The texts of all references, each after those it refers to. Throws what the registry's answers say, or DataError for a circle. */
export function referencedTexts(
  registered: RegisteredSchema,
  view: SchemaView,
  context: string,
  prefix: () => string,
): readonly string[] {
  const references = referencesOf(registered, view, context);
  if (references.kind === 'known') return references.texts;
  if (references.kind === 'circular') {
    throw new DataError(`${prefix()}the references of its schema form a circle: ${references.path.join(' -> ')}.`, {
      code: CIRCULAR_REFERENCES,
    });
  }
  for (const open of references.questions) answerOrThrow(view, open, prefix);
  return [];
}

/**
 * As Confluent's serializers do: who reads with the schema that is written has to be able to read what the record's own schema wrote.
 * Forward compatibility is not asked for, because of unions. Throws DataError in Confluent's words.
 */
export function checkCompatible(
  registered: RegisteredSchema,
  referenced: readonly string[],
  own: string,
  setting: 'latest.compatibility.strict' | 'id.compatibility.strict',
): void {
  let problems: readonly { readonly path: string; readonly detail: string }[];
  try {
    const reader = parseAvro(registered.schema, { references: referenced });
    problems = readingProblems(reader.type, parseAvro(own).type);
  } catch (error) {
    if (!(error instanceof AvroSyntaxError)) throw error;
    throw new DataError(`The Avro schema is not valid: ${error.message}`, { cause: error });
  }
  if (problems.length === 0) return;
  const where = problems.map(({ path, detail }) => `${path}: ${detail}`).join('; ');
  throw new DataError(
    `Incompatible schema ${registered.schema} with refs [${registered.references.map(asText).join(', ')}] of type ${registered.schemaType} for schema ${own}. ` +
      `Set ${setting}=false to disable this check (${where})`,
    { code: INCOMPATIBLE },
  );
}

function asText({ name, subject, version }: SchemaReference): string {
  return `{name='${name}', subject='${subject}', version=${version}}`;
}
