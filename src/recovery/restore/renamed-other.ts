/**
 * CONTEXT and ASSOC records under the names that `--map` gives. They have no meaning for ids, but a registry lists its contexts by the former,
 * and the latter tell which topic a subject belongs to (specs/registry.md, chapter 5).
 */
import { contextOf, contextSubject } from '../../registry/subject-context.ts';
import { readJsonObject, writeJson } from '../records/json-bytes.ts';
import type { RawRecord } from '../records/raw-record.ts';
import type { JsonObject, SchemasRecord } from '../records/schemas-record.ts';
import type { SubjectRules } from './subject-rules.ts';

type Other = Extract<SchemasRecord, { readonly kind: 'other' }>;

export interface TakenNames {
  /** With schemas. */
  readonly subjects: ReadonlySet<string>;
  /** Of these subjects; '' is the default one. */
  readonly contexts: ReadonlySet<string>;
}

/** What such a record is about, as it is written there; undefined: it does not tell, and can neither be chosen nor renamed. */
export function namedByOther({ key, value }: Pick<RawRecord, 'key' | 'value'>, { keytype }: Other): string | undefined {
  const field = fieldOf(keytype);
  for (const bytes of [key, value]) {
    const name = jsonOf(bytes)?.[field];
    if (typeof name === 'string') return name;
  }
  return undefined;
}

/** undefined: it is left out, as what it is about is, or is the default context from now on, which has no such record. */
export function renamedOther(
  raw: RawRecord,
  record: Other,
  rules: SubjectRules,
  taken: TakenNames,
): RawRecord | undefined {
  if (!rules.isSubset && !rules.renames) return raw;
  const name = namedByOther(raw, record);
  if (name === undefined) return undefined;
  const to = record.keytype === 'CONTEXT' ? contextTo(name, rules, taken) : subjectTo(name, rules, taken);
  if (to === undefined || to === name) return to === undefined ? undefined : raw;
  const field = fieldOf(record.keytype);
  return { ...raw, key: withName(raw.key, field, to), value: withName(raw.value, field, to) };
}

function fieldOf(keytype: string): 'context' | 'subject' {
  return keytype === 'CONTEXT' ? 'context' : 'subject';
}

function subjectTo(subject: string, rules: SubjectRules, taken: TakenNames): string | undefined {
  return taken.subjects.has(subject) || rules.takes(subject) ? rules.renamed(subject) : undefined;
}

/** Contexts are written with the dot that names of subjects have, `.context`; without it they stay so. */
function contextTo(written: string, rules: SubjectRules, taken: TakenNames): string | undefined {
  const dot = written.startsWith('.') ? '.' : '';
  const context = written.slice(dot.length);
  const scope = contextSubject(context) ?? null;
  if (!taken.contexts.has(context) && !rules.takes(scope ?? ':.:')) return undefined;
  const to = rules.renamedScope(scope);
  if (to === scope) return written;
  return to === null ? undefined : `${dot}${contextOf(to)}`;
}

/** In the order of its fields: compaction goes by the bytes of the key. */
function withName(bytes: Uint8Array | null, field: string, name: string): Uint8Array | null {
  const json = jsonOf(bytes);
  return json === undefined || typeof json[field] !== 'string' ? bytes : writeJson({ ...json, [field]: name });
}

function jsonOf(bytes: Uint8Array | null): JsonObject | undefined {
  if (bytes === null || bytes.length === 0) return undefined;
  const json = readJsonObject(bytes);
  return typeof json === 'string' ? undefined : json;
}
