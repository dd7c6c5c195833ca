/**
 * Records of `_schemas` as Confluent's registry writes them today, byte for byte: compaction goes by the exact bytes of the key, so the
 * order of its fields is part of the format (specs/registry.md, chapter 5). Only for what has to be written anew; what is copied keeps its bytes.
 */
import { jsonText, writeJson } from './json-bytes.ts';
import type { JsonObject, SchemasRecord, SchemaValue } from './schemas-record.ts';

/** undefined for CONTEXT and ASSOC, whose keys are kept as they are. */
export function canonicalKey(record: SchemasRecord, global: GlobalSubject = 'null'): Uint8Array | undefined {
  switch (record.kind) {
    case 'schema':
    case 'schema-gone':
      return schemaKey(record.subject, record.version);
    case 'config':
    case 'mode':
      return settingKey(record.kind, record.subject, global);
    case 'delete-subject':
    case 'delete-subject-gone':
      return subjectKey('DELETE_SUBJECT', record.subject, global);
    case 'clear-subject':
      return subjectKey('CLEAR_SUBJECT', record.subject, global);
    case 'noop':
      return noopKey();
    case 'other':
      return undefined;
  }
}

/** How the key of the whole registry's setting is written: older Confluent and Karapace write `"subject":null`, newer Confluent leaves it out. */
export type GlobalSubject = 'null' | 'absent';

export function schemaKey(subject: string, version: number): Uint8Array {
  return writeJson({ keytype: 'SCHEMA', subject, version, magic: 1 });
}

export function settingKey(
  kind: 'config' | 'mode',
  subject: string | null,
  global: GlobalSubject = 'null',
): Uint8Array {
  return subjectKey(kind === 'config' ? 'CONFIG' : 'MODE', subject, global);
}

/** With a null value: what a new leader writes, and what moves the end of the log on. */
export function noopKey(): Uint8Array {
  return writeJson({ keytype: 'NOOP', magic: 0 });
}

function subjectKey(keytype: string, subject: string | null, global: GlobalSubject): Uint8Array {
  return writeJson(subject === null && global === 'absent' ? { keytype, magic: 0 } : { keytype, subject, magic: 0 });
}

/** In the order of Confluent's SchemaValue; AVRO, no references, no metadata and no rules are left out, as there. */
export function schemaValueBytes(value: SchemaValue): Uint8Array {
  const { subject, version, id, schemaType, references, metadata, ruleSet, schema, deleted } = value;
  return writeJson({
    subject,
    version,
    id,
    ...(schemaType === 'AVRO' ? {} : { schemaType }),
    ...(references.length === 0 ? {} : { references: references.map(referenceFields) }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(ruleSet === undefined ? {} : { ruleSet }),
    schema,
    deleted,
  });
}

function referenceFields({ name, subject, version }: SchemaValue['references'][number]): JsonObject {
  return { name, subject, version };
}

/** Of CONFIG and MODE; the subject comes first where there is one. */
export function settingValueBytes(subject: string | null, value: JsonObject): Uint8Array {
  return writeJson(subject === null ? value : { subject, ...value });
}

export function deleteSubjectValueBytes(subject: string, version: number): Uint8Array {
  return writeJson({ subject, version });
}

/** Whether these are the very bytes of {@link canonicalKey}, in either form of the whole registry's subject; true where keys are kept as they are. */
export function isCanonicalKey(key: Uint8Array, record: SchemasRecord): boolean {
  if (record.kind === 'schema' || record.kind === 'schema-gone')
    return isSchemaKey(key, record.subject, record.version);
  const canonical = canonicalKey(record);
  if (canonical === undefined || isEqual(key, canonical)) return true;
  const absent = canonicalKey(record, 'absent');
  return absent !== undefined && isEqual(key, absent);
}

/** As comparing with {@link schemaKey}, without making it: nearly all records of a registry pass here. */
function isSchemaKey(key: Uint8Array, subject: string, version: number): boolean {
  const text = `{"keytype":"SCHEMA","subject":${jsonText(subject)},"version":${version},"magic":1}`;
  // Fewer bytes than UTF-16 units, or more than three for each: no need to look.
  if (key.length < text.length || key.length > text.length * 3) return false;
  if (scratch.length < key.length + 4) scratch = new Uint8Array(key.length * 2 + 4);
  const { read, written } = encoder.encodeInto(text, scratch);
  return read === text.length && written === key.length && isEqual(key, scratch.subarray(0, written));
}

const encoder = new TextEncoder();
let scratch = new Uint8Array(1024);

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
