/** What no registry has to be asked about: bad data, known before a request is made of it, or before its answer is kept. */
import type { SchemaQuestion, SchemaText } from '../sdk/schema-view.ts';
import { REGISTRY_ID_UNKNOWN, REGISTRY_UNUSABLE, SchemaRejectedError } from './registry-errors.ts';
import { HIGHEST_ID, isUsableId } from './usable-ids.ts';

/** As for the JSON readers of converters and of the registries themselves: what nests deeper breaks whoever walks through it. */
const MAX_DEPTH = 1000;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Why this question can have no good answer; undefined: it can be asked. */
export function defectOf(question: SchemaQuestion): SchemaRejectedError | undefined {
  const { subject } = question;
  if (subject !== undefined && LONE_SURROGATE.test(subject)) {
    return unusable(
      `The subject ${JSON.stringify(subject)} is no text: it has half of a surrogate pair in it, which no URL can carry. ` +
        'Correct the name, or the reference in the schema that names it.',
    );
  }
  if (question.kind === 'by-id') return isUsableId(question.id) ? undefined : noId(question.id);
  if (question.kind !== 'register' && question.kind !== 'lookup') return undefined;
  return isTooDeep(question.schema) ? tooDeep(`The schema for subject ${question.subject}`) : undefined;
}

/** Throws SchemaRejectedError for a text that a registry gave and that nobody can use. */
export function checkUsable(id: number | string, text: SchemaText): void {
  if (isTooDeep(text)) throw tooDeep(`The schema with id ${id}`);
}

/** Objects and arrays nest more than 1000 deep in it. Never true for Protobuf, which is not walked through. */
export function isTooDeep({ schemaType, schema }: SchemaText): boolean {
  if (schemaType === 'PROTOBUF' || schema.length <= MAX_DEPTH) return false;
  let depth = 0;
  let inString = false;
  for (let n = 0; n < schema.length; n++) {
    const char = schema[n];
    if (inString) {
      if (char === '\\') n++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') {
      if (++depth > MAX_DEPTH) return true;
    } else if (char === '}' || char === ']') depth--;
  }
  return false;
}

function noId(id: number): SchemaRejectedError {
  return new SchemaRejectedError(
    `No registry has a schema with id ${id}: ids go from 0 to ${HIGHEST_ID}. The record is not in the registry's wire format.`,
    { code: REGISTRY_ID_UNKNOWN },
  );
}

function tooDeep(what: string): SchemaRejectedError {
  return unusable(
    `${what} nests more than ${MAX_DEPTH} deep. Give its inner types names of their own, and refer to them.`,
  );
}

function unusable(message: string): SchemaRejectedError {
  return new SchemaRejectedError(message, { code: REGISTRY_UNUSABLE });
}
