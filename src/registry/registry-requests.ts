/** The requests of the Confluent-compatible REST API that the client makes, and how their answers are read. */
import type { RegisteredSchema, SchemaQuestion, SchemaReference, SchemaText } from '../sdk/schema-view.ts';
import type { RegistryRequest } from './node-exchange.ts';
import { isReference } from './stored-entries.ts';
import { contextOf } from './subject-context.ts';
import { isUsableId } from './usable-ids.ts';

export { contextOf } from './subject-context.ts';

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (json: unknown): Fields | undefined =>
  typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Fields) : undefined;

const subjectPath = (subject: string): string => `/subjects/${encodeURIComponent(subject)}`;

const schemaBody = (schema: SchemaText): string =>
  JSON.stringify({
    schema: schema.schema,
    ...(schema.schemaType === 'AVRO' ? {} : { schemaType: schema.schemaType }),
    ...(schema.references.length === 0 ? {} : { references: schema.references }),
  });

/**
 * Answered with a schema text; `fetchMaxId` adds the highest id that the node knows. The subject is sent only when it names a context: in the
 * default one the id says it all, and a subject that a node lacks would make it deny the id.
 */
export function byIdRequest(id: number, subject?: string, fetchMaxId = false): RegistryRequest {
  const query = new URLSearchParams();
  if (subject !== undefined && contextOf(subject) !== '') query.set('subject', subject);
  if (fetchMaxId) query.set('fetchMaxId', 'true');
  const suffix = query.size === 0 ? '' : `?${query}`;
  return {
    operation: 'by-id',
    method: 'GET',
    path: `/schemas/ids/${id}${suffix}`,
    channel: 'read',
    expects: (json) => schemaTextOf(json) !== undefined,
  };
}

export function registerRequest(subject: string, schema: SchemaText, normalize: boolean): RegistryRequest {
  return {
    operation: 'register',
    method: 'POST',
    path: `${subjectPath(subject)}/versions${normalize ? '?normalize=true' : ''}`,
    body: schemaBody(schema),
    channel: 'write',
    expects: (json) => idOf(json) !== undefined,
  };
}

export function lookupRequest(subject: string, schema: SchemaText, normalize: boolean): RegistryRequest {
  return {
    operation: 'lookup',
    method: 'POST',
    path: `${subjectPath(subject)}${normalize ? '?normalize=true' : ''}`,
    body: schemaBody(schema),
    channel: 'read',
    expects: (json) => idOf(json) !== undefined,
  };
}

/** -1: the latest. */
export function versionRequest(subject: string, version: number): RegistryRequest {
  return {
    operation: 'version',
    method: 'GET',
    path: `${subjectPath(subject)}/versions/${version === -1 ? 'latest' : version}`,
    channel: 'read',
    expects: (json) => idOf(json) !== undefined && schemaTextOf(json) !== undefined,
  };
}

/** Deleted versions count too, as for Confluent's clients. */
function withMetadataRequest(subject: string, metadata: Readonly<Record<string, string>>): RegistryRequest {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(metadata)) {
    query.append('key', key);
    query.append('value', value);
  }
  query.append('deleted', 'true');
  return {
    operation: 'version',
    method: 'GET',
    path: `${subjectPath(subject)}/metadata?${query}`,
    channel: 'read',
    expects: (json) => idOf(json) !== undefined && schemaTextOf(json) !== undefined,
  };
}

/** Answered with a schema text, and no id. */
export function byGuidRequest(guid: string): RegistryRequest {
  return {
    operation: 'by-id',
    method: 'GET',
    path: `/schemas/guids/${encodeURIComponent(guid)}`,
    channel: 'read',
    expects: (json) => schemaTextOf(json) !== undefined,
  };
}

/** The request of a question that only its subject's versions answer. */
export function bySubjectRequest(
  question: Extract<SchemaQuestion, { kind: 'lookup' | 'version' | 'with-metadata' }>,
): RegistryRequest {
  const { subject } = question;
  switch (question.kind) {
    case 'lookup':
      return lookupRequest(subject, question.schema, question.normalize);
    case 'version':
      return versionRequest(subject, question.version);
    case 'with-metadata':
      return withMetadataRequest(subject, question.metadata);
  }
}

export function modeRequest(subject: string): RegistryRequest {
  return {
    operation: 'meta',
    method: 'GET',
    path: `/mode/${encodeURIComponent(subject)}?defaultToGlobal=true`,
    channel: 'read',
    expects: (json) => modeOf(json) !== undefined,
  };
}

export function subjectsRequest(): RegistryRequest {
  return {
    operation: 'meta',
    method: 'GET',
    path: '/subjects',
    channel: 'read',
    expects: (json) => Array.isArray(json),
  };
}

export function clusterRequest(): RegistryRequest {
  return {
    operation: 'meta',
    method: 'GET',
    path: '/v1/metadata/id',
    channel: 'read',
    expects: (json) => fieldsOf(json) !== undefined,
  };
}

/** One that was `alive` until now is given little time, so that nobody waits for it much longer. */
export function livenessRequest(alive: boolean): RegistryRequest {
  return {
    operation: 'meta',
    method: 'GET',
    path: '/',
    channel: 'read',
    expects: () => true,
    ...(alive ? { timeoutMs: 2000 } : {}),
  };
}

/** The number that an answer gives for an id, if it is one or not; undefined: half an answer, or none of a registry's. */
export function idOf(json: unknown): number | undefined {
  const id = fieldsOf(json)?.['id'];
  return typeof id === 'number' ? id : undefined;
}

/** An id that may be asked for in its turn; undefined for any other number as well. */
export function usableIdOf(json: unknown): number | undefined {
  return usable(idOf(json));
}

/** How far a node has come; a number that is no id tells nothing of that. */
export function maxIdOf(json: unknown): number | undefined {
  const id = fieldsOf(json)?.['maxId'];
  return usable(typeof id === 'number' ? id : undefined);
}

function usable(id: number | undefined): number | undefined {
  return id !== undefined && isUsableId(id) ? id : undefined;
}

export function modeOf(json: unknown): string | undefined {
  const mode = fieldsOf(json)?.['mode'];
  return typeof mode === 'string' ? mode : undefined;
}

/** The text of an answer, of whatever type; undefined when it is none. Absent schemaType means AVRO. */
export function schemaTextOf(json: unknown): SchemaText | undefined {
  const fields = fieldsOf(json);
  if (fields === undefined || typeof fields['schema'] !== 'string') return undefined;
  const schemaType = fields['schemaType'] ?? 'AVRO';
  if (typeof schemaType !== 'string') return undefined;
  const references: readonly SchemaReference[] = Array.isArray(fields['references'])
    ? fields['references'].filter(isReference)
    : [];
  return {
    schemaType,
    schema: fields['schema'],
    references: references.map(({ name, subject, version }) => ({ name, subject, version })),
  };
}

/** Where an answer by subject says that it belongs. */
export function placeOf(json: unknown): Pick<RegisteredSchema, 'subject' | 'version'> {
  const fields = fieldsOf(json) ?? {};
  const { subject, version } = fields;
  return {
    ...(typeof subject === 'string' ? { subject } : {}),
    ...(typeof version === 'number' ? { version } : {}),
  };
}

/** One text that is the same for all nodes of a cluster; undefined when the answer names none. */
export function clusterIdOf(json: unknown): string | undefined {
  const fields = fieldsOf(json);
  if (fields === undefined) return undefined;
  const clusters = fieldsOf(fieldsOf(fields['scope'])?.['clusters']) ?? {};
  const parts = Object.entries(clusters)
    .filter(([, value]) => typeof value === 'string' && value !== '')
    .map(([name, value]) => `${name}=${String(value)}`)
    .sort();
  if (typeof fields['id'] === 'string' && fields['id'] !== '') parts.push(`id=${fields['id']}`);
  return parts.length === 0 ? undefined : parts.join(';');
}
