/** Reads a record of `_schemas` in either vendor's format (specs/registry.md, chapter 5): lenient in the order of fields, exact in what it can't read. */
import type { SchemaReference } from '../../sdk/schema-view.ts';
import { claimedId } from './claimed-id.ts';
import { isJsonObject, readJsonObject } from './json-bytes.ts';
import type { RawRecord } from './raw-record.ts';
import type {
  Absence,
  JsonObject,
  ReadRecord,
  SchemasRecord,
  SchemaValue,
  UnreadableProblem,
} from './schemas-record.ts';
import { isCanonicalKey } from './write-record.ts';

/** Java's int: an id or a version beyond it is read by no Confluent registry, and fits no five-byte header. */
const MAX_INT = 2_147_483_647;

interface KeyFields {
  readonly subject: string | null;
  readonly version: number | undefined;
}

type Unreadable = Omit<Extract<ReadRecord, { readonly ok: false }>, 'claimed'>;

/** Never throws, whatever the bytes are. An empty value is one that is absent, and is told apart from null. */
export function readRecord(raw: Pick<RawRecord, 'key' | 'value'>): ReadRecord {
  const read = readBytes(raw);
  return read.ok ? read : { ...read, claimed: claimedId(raw.value) };
}

function readBytes(raw: Pick<RawRecord, 'key' | 'value'>): Extract<ReadRecord, { readonly ok: true }> | Unreadable {
  if (raw.key === null) return unreadable('null-key', 'the key is null');
  const key = readJsonObject(raw.key);
  if (typeof key === 'string') return unreadable('key-not-json', `the key ${key}`);
  const fields = { subject: stringOrNull(key['subject']), version: integer(key['version'], 1) };
  const absence = raw.value === null ? 'null' : raw.value.length === 0 ? 'empty' : undefined;
  const value = raw.value === null || absence !== undefined ? null : readJsonObject(raw.value);
  const read = readFields(key, fields, absence, value);
  if ('problem' in read) return read;
  const magic = key['magic'];
  // Only a SCHEMA key's magic byte is looked at (Confluent: SchemaRegistrySerializer.validateMagicByte).
  if (key['keytype'] === 'SCHEMA' && magic !== 0 && magic !== 1 && magic !== undefined) {
    const reason = `the key's magic byte is ${show(magic)}, and 0 and 1 are known`;
    return unreadable('unsupported-magic', reason, fields, read);
  }
  const mismatch = mismatchOf(read);
  if (mismatch !== undefined) return unreadable('key-value-mismatch', mismatch, fields, read);
  return { ok: true, record: read, hasCanonicalKey: isCanonicalKey(raw.key, read) };
}

/** Whether a record says nothing: what a registry appends at each start. */
export function isNoop(record: Pick<RawRecord, 'key' | 'value'>): boolean {
  const read = readRecord(record);
  return read.ok && read.record.kind === 'noop';
}

function readFields(
  key: JsonObject,
  fields: KeyFields,
  absence: Absence | undefined,
  value: JsonObject | string | null,
): SchemasRecord | Unreadable {
  const keytype = key['keytype'];
  if (keytype === 'NOOP') return { kind: 'noop' };
  if (keytype === 'CONTEXT' || keytype === 'ASSOC') return { kind: 'other', keytype };
  if (!isKnownKeytype(keytype)) {
    return unreadable('unknown-keytype', `the key's keytype is ${show(keytype)}`, fields);
  }
  const { subject, version } = fields;
  const needsSubject = keytype === 'SCHEMA' || keytype === 'DELETE_SUBJECT';
  const isOddSubject = key['subject'] !== undefined && key['subject'] !== null && subject === null;
  if ((needsSubject && subject === null) || isOddSubject) {
    return unreadable('incomplete-key', `the ${keytype} key's subject is ${show(key['subject'])}`, fields);
  }
  if (keytype === 'SCHEMA' && version === undefined) {
    return unreadable('incomplete-key', `the SCHEMA key's version is ${show(key['version'])}`, fields);
  }
  const setting =
    keytype === 'CONFIG' ? { setting: 'config' as const } : keytype === 'MODE' ? { setting: 'mode' as const } : {};
  if (typeof value === 'string') {
    return { ...unreadable('value-not-json', `the value ${value}`, fields), ...setting };
  }
  const read = ofKeytype(keytype, subject, version, absence, value);
  return typeof read === 'string' ? { ...unreadable('incomplete-value', read, fields), ...setting } : read;
}

const KEYTYPES = ['SCHEMA', 'CONFIG', 'MODE', 'DELETE_SUBJECT', 'CLEAR_SUBJECT'] as const;
type Keytype = (typeof KEYTYPES)[number];

function isKnownKeytype(keytype: unknown): keytype is Keytype {
  return KEYTYPES.some((known) => known === keytype);
}

function ofKeytype(
  keytype: Keytype,
  subject: string | null,
  version: number | undefined,
  absence: Absence | undefined,
  value: JsonObject | null,
): SchemasRecord | string {
  switch (keytype) {
    case 'SCHEMA': {
      if (subject === null || version === undefined) return 'the SCHEMA key is incomplete';
      if (value === null) return { kind: 'schema-gone', subject, version, absence: absence ?? 'null' };
      const schema = schemaValue(value, subject, version);
      return typeof schema === 'string' ? schema : { kind: 'schema', subject, version, value: schema };
    }
    case 'CONFIG':
    case 'MODE': {
      const kind = keytype === 'CONFIG' ? 'config' : 'mode';
      if (value === null) return { kind, subject, value: null, absence: absence ?? 'null' };
      const { subject: _, ...rest } = value;
      if (kind === 'mode' && typeof rest['mode'] !== 'string') return `the MODE value's mode is ${show(rest['mode'])}`;
      return { kind, subject, value: rest, absence: undefined };
    }
    case 'DELETE_SUBJECT': {
      if (subject === null) return 'the DELETE_SUBJECT key is incomplete';
      if (value === null) return { kind: 'delete-subject-gone', subject, absence: absence ?? 'null' };
      const upTo = integer(value['version'], 1);
      if (upTo === undefined) return `the DELETE_SUBJECT value's version is ${show(value['version'])}`;
      return { kind: 'delete-subject', subject, version: upTo };
    }
    case 'CLEAR_SUBJECT':
      return { kind: 'clear-subject', subject };
  }
}

/** Or what it lacks, in words. A subject or version that the value does not tell is the key's. */
function schemaValue(value: JsonObject, keySubject: string, keyVersion: number): SchemaValue | string {
  const { schema, schemaType, references, metadata, ruleSet, deleted } = value;
  const id = integer(value['id'], 0);
  if (id === undefined) return `the SCHEMA value's id is ${show(value['id'])}`;
  if (typeof schema !== 'string') return `the SCHEMA value's schema is ${show(schema)}`;
  const subject = value['subject'] ?? keySubject;
  if (typeof subject !== 'string') return `the SCHEMA value's subject is ${show(subject)}`;
  const version = integer(value['version'] ?? keyVersion, -MAX_INT);
  if (version === undefined) return `the SCHEMA value's version is ${show(value['version'])}`;
  const type = schemaType ?? 'AVRO';
  if (typeof type !== 'string') return `the SCHEMA value's schemaType is ${show(type)}`;
  const list = references === undefined || references === null ? [] : readReferences(references);
  if (list === undefined) return "the SCHEMA value's references are no list of name, subject and version";
  return {
    subject,
    version,
    id,
    schemaType: type,
    references: list,
    metadata: isJsonObject(metadata) ? metadata : undefined,
    ruleSet: isJsonObject(ruleSet) ? ruleSet : undefined,
    schema,
    deleted: deleted === true,
  };
}

/** undefined: not a list of references. */
export function readReferences(json: unknown): readonly SchemaReference[] | undefined {
  if (!Array.isArray(json)) return undefined;
  const references: SchemaReference[] = [];
  for (const item of json) {
    if (!isJsonObject(item)) return undefined;
    const { name, subject } = item;
    const version = integer(item['version'], -1);
    if (typeof name !== 'string' || typeof subject !== 'string' || version === undefined) return undefined;
    references.push({ name, subject, version });
  }
  return references;
}

function mismatchOf(record: SchemasRecord): string | undefined {
  if (record.kind !== 'schema') return undefined;
  const { subject, version, value } = record;
  if (value.subject === subject && value.version === version) return undefined;
  return `the key is of ${show(subject)} version ${version}, the value of ${show(value.subject)} version ${value.version}`;
}

function unreadable(
  problem: UnreadableProblem,
  reason: string,
  key?: KeyFields,
  overlooked?: SchemasRecord,
): Unreadable {
  return { ok: false, problem, reason, subject: key?.subject ?? undefined, version: key?.version, overlooked };
}

function integer(value: unknown, from: number): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= from && value <= MAX_INT ? value : undefined;
}

function stringOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Short, and on one line. */
function show(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
