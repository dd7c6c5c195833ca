/** Whether a schema may follow the ones that a subject has. */
import { type CompatibilityLevel, incompatibilitiesAt } from '../registry/avro/avro-compatibility.ts';
import { parseAvro } from '../registry/avro/avro-schema.ts';
import type { StoredSchema } from './registry-record.ts';
import type { RegistryState } from './registry-state.ts';
import type { RoutedRequest } from './routes.ts';
import type { SchemaContent } from './schema-content.ts';
import { findVersion, flag, versionOf } from './schema-reads.ts';

export interface CompatibilityRequest {
  readonly subject: string;
  readonly content: SchemaContent;
}

/**
 * Empty: it may be registered. Only Avro is looked at: JSON Schema and Protobuf are always compatible with their own kind
 * here, which the embedded registry says in its documentation. A change of the schema's type never is.
 */
export function compatibilityProblems(
  state: RegistryState,
  subject: string,
  content: SchemaContent,
  against?: readonly StoredSchema[],
): readonly string[] {
  const level = state.compatibility(subject);
  if (level === 'NONE') return [];
  for (const earlier of against ?? comparisonSet(state, subject, level)) {
    const problems = problemsWith(state, level, content, earlier);
    if (problems.length > 0) {
      return [
        ...problems,
        `{oldSchemaVersion: ${earlier.version}}`,
        `{oldSchema: '${earlier.schema}'}`,
        `{compatibility: '${level}'}`,
      ];
    }
  }
  return [];
}

/** The last one first; a transitive level goes back to the first. Soft-deleted versions don't count. */
function comparisonSet(state: RegistryState, subject: string, level: CompatibilityLevel): readonly StoredSchema[] {
  const versions = state.versions(subject, { deleted: false }).toReversed();
  return level.endsWith('_TRANSITIVE') ? versions : versions.slice(0, 1);
}

function problemsWith(
  state: RegistryState,
  level: CompatibilityLevel,
  content: SchemaContent,
  earlier: StoredSchema,
): readonly string[] {
  if (content.schemaType !== earlier.schemaType) {
    return [`{errorType:'SCHEMA_TYPE_MISMATCH', description:'Incompatible because of different schema type'}`];
  }
  if (content.avro === undefined) return [];
  const references = state.referencedTexts(earlier.references);
  if (references === undefined) {
    return [`{errorType:'UNRESOLVED_REFERENCE', description:'A reference of the earlier schema is not there'}`];
  }
  let before: ReturnType<typeof parseAvro>;
  try {
    before = parseAvro(earlier.schema, { references });
  } catch (error) {
    return [`{errorType:'INVALID_SCHEMA', description:'The earlier schema is not valid: ${(error as Error).message}'}`];
  }
  return incompatibilitiesAt(level, content.avro.type, before.type);
}

/** `POST /compatibility/subjects/{subject}/versions[/{version}]`. Throws 40401, 40402, 42202. */
export function compatibilityAnswer(
  state: RegistryState,
  request: RoutedRequest,
  { subject, content }: CompatibilityRequest,
): unknown {
  const against =
    request.item === '' ? undefined : [findVersion(state, subject, versionOf(request.item), { deleted: false })];
  const messages = compatibilityProblems(state, subject, content, against);
  const verdict = { is_compatible: messages.length === 0 };
  return flag(request, 'verbose') ? { ...verdict, messages } : verdict;
}
