/**
 * Records of `_schemas` written by hand, as each vendor's registry writes them (specs/registry.md, chapter 5). On purpose not by means of
 * src/recovery/records: what is tested would otherwise be its own measure.
 */
import type { RawRecord } from '../../../src/recovery/records/raw-record.ts';
import type { SchemaReference } from '../../../src/sdk/schema-view.ts';

/** What is appended to a log, before the log gives it an offset. */
export interface WrittenRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: RawRecord['headers'];
}

export interface WrittenSchema {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly schema: string;
  readonly schemaType?: 'AVRO' | 'JSON' | 'PROTOBUF';
  readonly references?: readonly SchemaReference[];
  readonly metadata?: object;
  readonly ruleSet?: object;
  readonly deleted?: boolean;
}

export interface RecordWriter {
  readonly vendor: 'confluent' | 'karapace';
  schema(schema: WrittenSchema): WrittenRecord;
  /** A hard delete, in the vendor's own way: null, or empty. */
  gone(subject: string, version: number): WrittenRecord;
  config(subject: string | null, value: object | null): WrittenRecord;
  mode(subject: string | null, value: object | null): WrittenRecord;
  deleteSubject(subject: string, version: number): WrittenRecord;
  clearSubject(subject: string | null): WrittenRecord;
  noop(): WrittenRecord;
}

const EMPTY = new Uint8Array(0);

/** The text's bytes; null stays null. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function record(key: string | null, value: string | null, headers: RawRecord['headers'] = []): WrittenRecord {
  return { key: key === null ? null : bytesOf(key), value: value === null ? null : bytesOf(value), headers };
}

const q = (value: unknown): string => JSON.stringify(value);

function schemaValue(schema: WrittenSchema): string {
  const { schemaType = 'AVRO', references = [], metadata, ruleSet } = schema;
  const type = schemaType === 'AVRO' ? '' : `"schemaType":${q(schemaType)},`;
  const refs =
    references.length === 0
      ? ''
      : `"references":[${references.map(({ name, subject, version }) => `{"name":${q(name)},"subject":${q(subject)},"version":${version}}`).join(',')}],`;
  const more = `${metadata === undefined ? '' : `"metadata":${q(metadata)},`}${ruleSet === undefined ? '' : `"ruleSet":${q(ruleSet)},`}`;
  return (
    `{"subject":${q(schema.subject)},"version":${schema.version},"id":${schema.id},${type}${refs}${more}` +
    `"schema":${q(schema.schema)},"deleted":${schema.deleted === true}}`
  );
}

export const schemaKey = (subject: string, version: number): string =>
  `{"keytype":"SCHEMA","subject":${q(subject)},"version":${version},"magic":1}`;

/** How older versions of Karapace order the fields of a key: compaction takes it for another one. */
export const legacySchemaKey = (subject: string, version: number): string =>
  `{"subject":${q(subject)},"version":${version},"magic":1,"keytype":"SCHEMA"}`;

const subjectKey = (keytype: string, subject: string | null): string =>
  `{"keytype":"${keytype}","subject":${q(subject)},"magic":0}`;

const withSubject = (subject: string | null, value: object): string =>
  q(subject === null ? value : { subject, ...value });

export const confluent: RecordWriter = {
  vendor: 'confluent',
  schema: (schema) => record(schemaKey(schema.subject, schema.version), schemaValue(schema)),
  gone: (subject, version) => record(schemaKey(subject, version), null),
  config: (subject, value) =>
    record(subjectKey('CONFIG', subject), value === null ? null : withSubject(subject, value)),
  mode: (subject, value) => record(subjectKey('MODE', subject), value === null ? null : withSubject(subject, value)),
  deleteSubject: (subject, version) =>
    record(subjectKey('DELETE_SUBJECT', subject), `{"subject":${q(subject)},"version":${version}}`),
  clearSubject: (subject) => record(subjectKey('CLEAR_SUBJECT', subject), `{"subject":${q(subject)}}`),
  noop: () => record('{"keytype":"NOOP","magic":0}', null),
};

const karapaceHeaders: RawRecord['headers'] = [
  { key: 'X-Registry-Version', value: bytesOf('karapace-6.2.0') },
  { key: 'X-Origin-Host', value: bytesOf('registry-0') },
];

const byKarapace = (written: WrittenRecord): WrittenRecord => ({ ...written, headers: karapaceHeaders });

/** Karapace 6.2: headers, empty for null, no modes and no CLEAR_SUBJECT; deleting writes the version anew as deleted. */
export const karapace: RecordWriter = {
  vendor: 'karapace',
  schema: (schema) => byKarapace(confluent.schema(schema)),
  gone: (subject, version) => ({ ...byKarapace(confluent.gone(subject, version)), value: EMPTY }),
  config: (subject, value) => {
    const written = byKarapace(record(subjectKey('CONFIG', subject), value === null ? null : q(value)));
    return value === null ? { ...written, value: EMPTY } : written;
  },
  mode: () => {
    throw new Error('Karapace has no modes');
  },
  deleteSubject: (subject, version) => byKarapace(confluent.deleteSubject(subject, version)),
  clearSubject: () => {
    throw new Error('Karapace has no CLEAR_SUBJECT');
  },
  noop: () => byKarapace(confluent.noop()),
};

/** Gives written records offsets and times, as a topic does. */
export function asLog(written: readonly WrittenRecord[], from = 0): readonly RawRecord[] {
  return written.map(({ key, value, headers }, n) => ({
    offset: from + n,
    timestamp: Date.UTC(2026, 0, 1) + 1000 * (from + n),
    timestampType: 'CreateTime',
    key,
    value,
    headers,
  }));
}
