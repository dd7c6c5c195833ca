/**
 * The records of the topic `_schemas`, byte for byte as Confluent's registry writes them: compaction goes by the exact
 * bytes of the key, so the order of its fields is part of the format. Reading is lenient in the order, and tells what it
 * can't read from what it does.
 */
import type { SchemaReference } from '../sdk/schema-view.ts';

export interface StoredSchema {
  /** With its context, as `:.context:subject`; the default context has no prefix. */
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly schemaType: 'AVRO' | 'JSON' | 'PROTOBUF';
  readonly references: readonly SchemaReference[];
  /** Tags and properties of Confluent's data contracts; kept and given back, without a meaning here. */
  readonly metadata?: JsonObject;
  readonly ruleSet?: JsonObject;
  readonly schema: string;
  readonly deleted: boolean;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** A subject of null is the whole registry. */
export type RegistryRecord =
  | {
      readonly keytype: 'SCHEMA';
      readonly subject: string;
      readonly version: number;
      readonly value: StoredSchema | null;
    }
  | { readonly keytype: 'CONFIG'; readonly subject: string | null; readonly value: JsonObject | null }
  | {
      readonly keytype: 'MODE';
      readonly subject: string | null;
      readonly value: { readonly mode: RegistryMode } | null;
    }
  /** Soft-deletes every version up to this one. */
  | { readonly keytype: 'DELETE_SUBJECT'; readonly subject: string; readonly version: number }
  /** What is soft-deleted is gone for good; comes before an import. */
  | { readonly keytype: 'CLEAR_SUBJECT'; readonly subject: string | null }
  | { readonly keytype: 'NOOP' };

export const REGISTRY_MODES = ['READWRITE', 'READONLY', 'READONLY_OVERRIDE', 'IMPORT'] as const;
export type RegistryMode = (typeof REGISTRY_MODES)[number];

export interface RecordBytes {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/** `unreadable`: not of this format; a registry passes over it. */
export type DecodedRecord =
  | { readonly kind: 'record'; readonly record: RegistryRecord }
  | { readonly kind: 'unreadable'; readonly reason: string };

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });
const bytes = (json: object): Uint8Array => encoder.encode(JSON.stringify(json));

export function encodeRecord(record: RegistryRecord): RecordBytes {
  switch (record.keytype) {
    case 'SCHEMA': {
      const { keytype, subject, version } = record;
      return {
        key: bytes({ keytype, subject, version, magic: 1 }),
        value: record.value === null ? null : bytes(schemaValue(record.value)),
      };
    }
    case 'CONFIG':
    case 'MODE': {
      const { keytype, subject, value } = record;
      return {
        key: bytes({ keytype, subject, magic: 0 }),
        value: value === null ? null : bytes(subject === null ? value : { subject, ...value }),
      };
    }
    case 'DELETE_SUBJECT': {
      const { keytype, subject, version } = record;
      return { key: bytes({ keytype, subject, magic: 0 }), value: bytes({ subject, version }) };
    }
    case 'CLEAR_SUBJECT': {
      const { keytype, subject } = record;
      return { key: bytes({ keytype, subject, magic: 0 }), value: bytes({ subject }) };
    }
    case 'NOOP':
      return { key: bytes({ keytype: 'NOOP', magic: 0 }), value: null };
  }
}

function schemaValue(value: StoredSchema): object {
  const { subject, version, id, schemaType, references, metadata, ruleSet, schema, deleted } = value;
  return {
    subject,
    version,
    id,
    ...(schemaType === 'AVRO' ? {} : { schemaType }),
    ...(references.length === 0 ? {} : { references }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(ruleSet === undefined ? {} : { ruleSet }),
    schema,
    deleted,
  };
}

/**
 * Never throws.
 * @param deletesByEmpty reads an empty value as none, as Karapace does, which deletes so; to Confluent's registry it is no JSON
 */
export function decodeRecord(
  key: Uint8Array | null,
  value: Uint8Array | null,
  { deletesByEmpty }: { readonly deletesByEmpty: boolean } = { deletesByEmpty: true },
): DecodedRecord {
  const keyJson = parseObject(key);
  if (keyJson === undefined) return unreadable('the key is not a JSON object');
  const hasValue = value !== null && (value.length > 0 || !deletesByEmpty);
  const valueJson = hasValue ? parseObject(value) : undefined;
  if (hasValue && valueJson === undefined) return unreadable('the value is not a JSON object');
  const record = recordOf(keyJson, valueJson ?? null);
  return typeof record === 'string' ? unreadable(record) : { kind: 'record', record };
}

function unreadable(reason: string): DecodedRecord {
  return { kind: 'unreadable', reason };
}

function recordOf(key: JsonObject, value: JsonObject | null): RegistryRecord | string {
  const subject = typeof key['subject'] === 'string' ? key['subject'] : null;
  switch (key['keytype']) {
    case 'SCHEMA': {
      const version = positiveInteger(key['version']);
      if (subject === null || version === undefined) return 'a SCHEMA key without subject or version';
      if (value === null) return { keytype: 'SCHEMA', subject, version, value: null };
      const stored = storedSchema(value, subject, version);
      return stored === undefined
        ? 'a SCHEMA value without id or schema'
        : { keytype: 'SCHEMA', subject, version, value: stored };
    }
    case 'CONFIG': {
      if (value === null) return { keytype: 'CONFIG', subject, value: null };
      const { subject: _, ...config } = value;
      return { keytype: 'CONFIG', subject, value: config };
    }
    case 'MODE': {
      if (value === null) return { keytype: 'MODE', subject, value: null };
      const mode = REGISTRY_MODES.find((known) => known === value['mode']);
      return mode === undefined ? 'a MODE value without a known mode' : { keytype: 'MODE', subject, value: { mode } };
    }
    case 'DELETE_SUBJECT': {
      const version = positiveInteger(value?.['version']);
      if (subject === null || version === undefined) return 'a DELETE_SUBJECT record without subject or version';
      return { keytype: 'DELETE_SUBJECT', subject, version };
    }
    case 'CLEAR_SUBJECT':
      return { keytype: 'CLEAR_SUBJECT', subject };
    case 'NOOP':
      return { keytype: 'NOOP' };
    default:
      return `unknown keytype ${JSON.stringify(key['keytype'] ?? null)}`;
  }
}

function storedSchema(value: JsonObject, subject: string, version: number): StoredSchema | undefined {
  const { id, schema, schemaType, references, metadata, ruleSet, deleted } = value;
  if (typeof id !== 'number' || !Number.isInteger(id) || typeof schema !== 'string') return undefined;
  return {
    subject,
    version,
    id,
    schemaType: schemaType === 'JSON' || schemaType === 'PROTOBUF' ? schemaType : 'AVRO',
    references: referencesOf(references) ?? [],
    ...(isObject(metadata) ? { metadata } : {}),
    ...(isObject(ruleSet) ? { ruleSet } : {}),
    schema,
    deleted: deleted === true,
  };
}

/** undefined: not a list of references. */
export function referencesOf(json: unknown): readonly SchemaReference[] | undefined {
  if (!Array.isArray(json)) return undefined;
  const references: SchemaReference[] = [];
  for (const item of json) {
    if (!isObject(item)) return undefined;
    const { name, subject, version } = item;
    if (typeof name !== 'string' || typeof subject !== 'string' || typeof version !== 'number') return undefined;
    references.push({ name, subject, version });
  }
  return references;
}

function positiveInteger(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseObject(data: Uint8Array | null): JsonObject | undefined {
  if (data === null) return undefined;
  try {
    const json: unknown = JSON.parse(decoder.decode(data));
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}
