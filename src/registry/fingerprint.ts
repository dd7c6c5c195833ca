/**
 * When are two schema texts the same content? A registry gives back what it made of a text (Confluent: Avro's own
 * rendering; Karapace: re-serialised JSON), so whitespace, the order of JSON keys and the many ways to spell a name don't
 * count. Everything else does, docs and properties included.
 */
import { createHash } from 'node:crypto';
import type { SchemaReference, SchemaText } from '../sdk/schema-view.ts';
import { isTooDeep } from './unusable-schemas.ts';

/** Identity of the content: equal for texts that differ in form only, unless they nest too deeply to be walked through. */
export function contentFingerprint(schema: SchemaText): string {
  return digest(`${schema.schemaType}\n${canonicalContent(schema)}\n${references(schema.references)}`);
}

/** Identity of the text itself, byte by byte: what a question is deduplicated by. */
export function textFingerprint(schema: SchemaText): string {
  return digest(`${schema.schemaType}\n${schema.schema}\n${references(schema.references)}`);
}

/**
 * Whether a text that was *sent* can be compared with a text that was read back. Protobuf is rendered anew by registries
 * (statements reordered, names qualified), and so is JSON Schema when the registry was asked to normalize: for those only
 * two texts that were read are compared.
 */
export function isSentTextComparable(schemaType: SchemaText['schemaType'], normalized: boolean): boolean {
  return schemaType === 'AVRO' || (schemaType === 'JSON' && !normalized);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function references(list: readonly SchemaReference[]): string {
  return list
    .map((reference) => JSON.stringify([reference.name, reference.subject, reference.version]))
    .sort()
    .join('');
}

function canonicalContent(schema: SchemaText): string {
  if (schema.schemaType === 'PROTOBUF') return canonicalProtobuf(schema.schema);
  if (isTooDeep(schema)) return schema.schema.trim();
  let parsed: unknown;
  try {
    parsed = JSON.parse(schema.schema);
  } catch {
    // A bare Avro type name ("string" without quotes) or no JSON at all: compared as text.
    const bare = schema.schema.trim();
    return schema.schemaType === 'AVRO' && PRIMITIVES.has(bare) ? JSON.stringify(bare) : bare;
  }
  return stableJson(schema.schemaType === 'AVRO' ? canonicalAvro(parsed, '') : parsed);
}

/** JSON with the keys of every object in order. */
function stableJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stableJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${JSON.stringify(key)}:${stableJson(item)}`)
      .join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

const PRIMITIVES = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string']);

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
}

function namespaceOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(0, dot);
}

/** Names as full names, primitives in their short form, attributes at their default left out. */
function canonicalAvro(schema: unknown, namespace: string): unknown {
  if (typeof schema === 'string') return PRIMITIVES.has(schema) ? schema : fullName(schema, namespace);
  if (Array.isArray(schema)) return schema.map((branch) => canonicalAvro(branch, namespace));
  if (!isObject(schema)) return schema;
  const type = schema['type'];
  if (isObject(type) || Array.isArray(type)) {
    return Object.keys(schema).length === 1
      ? canonicalAvro(type, namespace)
      : { ...schema, type: canonicalAvro(type, namespace) };
  }
  if (type === 'array') return { ...schema, items: canonicalAvro(schema['items'], namespace) };
  if (type === 'map') return { ...schema, values: canonicalAvro(schema['values'], namespace) };
  if (type === 'record' || type === 'error' || type === 'enum' || type === 'fixed') {
    return canonicalNamed(schema, type, namespace);
  }
  if (typeof type === 'string') {
    const named = canonicalAvro(type, namespace);
    return Object.keys(schema).length === 1 ? named : { ...schema, type: named };
  }
  return schema;
}

function canonicalNamed(schema: JsonObject, type: string, enclosing: string): JsonObject {
  const { name: given, namespace: own, fields, aliases, ...rest } = schema;
  const space = typeof own === 'string' ? own : enclosing;
  const name = typeof given === 'string' ? fullName(given, space) : given;
  const inner = typeof name === 'string' ? namespaceOf(name) : space;
  return {
    ...withoutNullDoc(rest),
    name,
    ...canonicalAliases(aliases, inner),
    ...(type === 'record' || type === 'error'
      ? { fields: Array.isArray(fields) ? fields.map((field) => canonicalField(field, inner)) : fields }
      : {}),
  };
}

function canonicalField(field: unknown, namespace: string): unknown {
  if (!isObject(field)) return field;
  const { order, aliases, ...rest } = field;
  return {
    ...withoutNullDoc(rest),
    type: canonicalAvro(field['type'], namespace),
    ...(order === undefined || order === 'ascending' ? {} : { order }),
    ...(Array.isArray(aliases) && aliases.length > 0 ? { aliases } : {}),
  };
}

function withoutNullDoc(attributes: JsonObject): JsonObject {
  if (attributes['doc'] !== null) return attributes;
  const { doc: _, ...rest } = attributes;
  return rest;
}

function canonicalAliases(aliases: unknown, namespace: string): JsonObject {
  if (!Array.isArray(aliases) || aliases.length === 0) return {};
  return { aliases: aliases.map((alias) => (typeof alias === 'string' ? fullName(alias, namespace) : alias)) };
}

/** Comments and whitespace out; strings stay as they are. */
function canonicalProtobuf(text: string): string {
  const tokens = text.match(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[\w.]+|[^\s\w]/g) ?? [];
  return tokens.filter((token) => !token.startsWith('//') && !token.startsWith('/*')).join(' ');
}
