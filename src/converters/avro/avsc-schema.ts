/**
 * Avro schemas as avsc takes them: the structure alone. Defaults, docs and aliases change no byte and are left out, and odd names have
 * others in their place, because avsc is stricter about both than Java's parser is about a schema that a registry already keeps.
 */
import type { Schema } from 'avsc';
import { DataError } from '../../sdk/errors/index.ts';
import { type Json, JsonNumber } from '../json/json-text.ts';

export type JsonObject = { readonly [key: string]: Json };

export const AVRO_PRIMITIVES: ReadonlySet<string> = new Set([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
]);

/** Throws DataError if a part is missing; what is there is left to avsc to check. */
export function avscSchemaOf(json: Json): Schema {
  if (typeof json === 'string') return referenceOf(json) as Schema;
  if (Array.isArray(json)) return (json as readonly Json[]).map(avscSchemaOf) as Schema;
  const members = definitionOf(json);
  const type = members['type'] ?? null;
  if (typeof type !== 'string') return avscSchemaOf(type);
  switch (type) {
    case 'record':
    case 'error': {
      const fields = listOf(members['fields'], 'fields').map((field) => {
        const { name, type: fieldType = null } = definitionOf(field);
        if (typeof name !== 'string') throw new DataError(`A field of the Avro record ${members['name']} has no name.`);
        return { name: safeName(name), type: avscSchemaOf(fieldType) };
      });
      return { type: 'record', ...namesOf(members), fields } as Schema;
    }
    case 'enum':
      return { type, ...namesOf(members), symbols: symbolsOf(members).map(safeName) } as Schema;
    case 'fixed':
      return { type, ...namesOf(members), size: Number(members['size']) } as Schema;
    case 'array':
      return { type, items: avscSchemaOf(members['items'] ?? null) } as Schema;
    case 'map':
      return { type, values: avscSchemaOf(members['values'] ?? null) } as Schema;
    default:
      return referenceOf(type) as Schema;
  }
}

/** The object that defines a type; `{"type": {"type": "string"}}` is no Avro, but seen in the wild. */
export function definitionOf(json: Json): JsonObject {
  if (typeof json === 'object' && json !== null && !Array.isArray(json) && !(json instanceof JsonNumber)) {
    return json as JsonObject;
  }
  throw new DataError(`An Avro schema is a name, an object or an array, but not ${String(json)}.`);
}

export function symbolsOf(members: JsonObject): readonly string[] {
  return listOf(members['symbols'], 'symbols').map(String);
}

function listOf(json: Json | undefined, what: string): readonly Json[] {
  if (Array.isArray(json)) return json as readonly Json[];
  throw new DataError(`An Avro schema lacks its ${what}.`);
}

function namesOf(members: JsonObject): { readonly name: string; readonly namespace?: string } {
  const { name, namespace } = members;
  if (typeof name !== 'string') {
    throw new DataError('No name in schema: a record, enum or fixed type of the Avro schema lacks one.');
  }
  // A name with dots is the full one, and says the namespace of what is within, too.
  if (name.includes('.') || typeof namespace !== 'string') return { name: safeTypeName(name) };
  return { name: safeTypeName(name), namespace: namespace === '' ? '' : safeName(namespace) };
}

function referenceOf(name: string): string {
  return AVRO_PRIMITIVES.has(name) ? name : safeTypeName(name);
}

const ESCAPED = '_hex_';
const VALID_PART = /^[A-Za-z_]\w*$/;

/** The name itself if avsc takes it, else another one that stands for it. avsc also stumbles over names that every object has. */
function safeName(name: string): string {
  return name
    .split('.')
    .map((part) => (isSafe(part) ? part : escaped(part)))
    .join('.');
}

/** For avsc a type by the name of a primitive one is that one, whatever its namespace. */
function safeTypeName(name: string): string {
  const parts = safeName(name).split('.');
  const last = parts.at(-1) ?? '';
  return AVRO_PRIMITIVES.has(last) ? [...parts.slice(0, -1), escaped(last)].join('.') : parts.join('.');
}

function isSafe(part: string): boolean {
  return VALID_PART.test(part) && !(part in Object.prototype) && !part.startsWith(ESCAPED);
}

function escaped(part: string): string {
  return ESCAPED + Buffer.from(part, 'utf8').toString('hex');
}

/** The name that stands in the schema. */
export function originalName(name: string): string {
  if (!name.includes(ESCAPED)) return name;
  return name
    .split('.')
    .map((part) => (part.startsWith(ESCAPED) ? Buffer.from(part.slice(ESCAPED.length), 'hex').toString('utf8') : part))
    .join('.');
}
