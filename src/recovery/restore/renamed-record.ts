/** One record under the names that `--map` gives; all that has no name in it stays byte for byte. */
import { contextOf } from '../../registry/subject-context.ts';
import { isJsonObject, readJsonObject, writeJson } from '../records/json-bytes.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { referencedSubject } from '../records/referenced-subject.ts';
import type { JsonObject, ReadRecord, SchemasRecord } from '../records/schemas-record.ts';
import { canonicalKey } from '../records/write-record.ts';
import { renamedOther, type TakenNames } from './renamed-other.ts';
import type { SubjectRules } from './subject-rules.ts';

/** undefined: it is left out. */
export function renamedRecord(
  raw: RawRecord,
  read: ReadRecord,
  rules: SubjectRules,
  taken: TakenNames,
): RawRecord | undefined {
  if (!read.ok) {
    const { subject } = read;
    const isTaken = !rules.isSubset || (subject !== undefined && taken.subjects.has(subject));
    const keepsName = subject === undefined ? !rules.renames : rules.renamed(subject) === subject;
    return isTaken && keepsName ? raw : undefined;
  }
  const { record } = read;
  if (record.kind === 'noop') return rules.isSubset ? undefined : raw;
  if (record.kind === 'other') return renamedOther(raw, record, rules, taken);
  const { subject } = record;
  if (rules.isSubset && (subject === null || !(taken.subjects.has(subject) || rules.takes(subject)))) return undefined;
  const renamed = renamedSubject(record, rules);
  if (renamed.subject === subject && !refersToRenamed(record, rules)) return raw;
  const key = renamed.subject === subject ? raw.key : (canonicalKey(renamed) ?? raw.key);
  return { ...raw, key, value: renamedValue(raw.value, subject, renamed.subject, rules) };
}

function renamedSubject<R extends Extract<SchemasRecord, { readonly subject: string | null }>>(
  record: R,
  rules: SubjectRules,
): R {
  const { subject } = record;
  const isSetting = record.kind === 'config' || record.kind === 'mode' || record.kind === 'clear-subject';
  return { ...record, subject: isSetting ? rules.renamedScope(subject) : rules.renamed(subject ?? '') };
}

function refersToRenamed(record: SchemasRecord, rules: SubjectRules): boolean {
  if (record.kind === 'config') {
    const alias = record.value?.['alias'];
    if (typeof alias !== 'string') return false;
    const full = referencedSubject(contextOf(record.subject ?? ''), alias);
    return rules.renamed(full) !== full;
  }
  if (record.kind !== 'schema') return false;
  const context = contextOf(record.subject);
  return record.value.references.some((reference) => {
    const full = referencedSubject(context, reference.subject);
    return rules.renamed(full) !== full;
  });
}

/** In the order of its fields, and with those that have no meaning here. */
function renamedValue(
  value: Uint8Array | null,
  from: string | null,
  to: string | null,
  rules: SubjectRules,
): Uint8Array | null {
  if (value === null || value.length === 0) return value;
  const json = readJsonObject(value);
  if (typeof json === 'string') return value;
  const fields: Record<string, unknown> = { ...json };
  if ('subject' in fields || (from === null && to !== null)) fields['subject'] = to;
  if (typeof fields['alias'] === 'string') {
    const full = referencedSubject(contextOf(from ?? ''), fields['alias']);
    fields['alias'] = rules.renamedReference(fields['alias'], full, to ?? '');
  }
  const references = fields['references'];
  if (Array.isArray(references)) {
    fields['references'] = references.map((reference: unknown) =>
      renamedReference(reference, from ?? '', to ?? '', rules),
    );
  }
  return writeJson(fields);
}

function renamedReference(reference: unknown, from: string, to: string, rules: SubjectRules): unknown {
  if (!isJsonObject(reference)) return reference;
  const subject = reference['subject'];
  if (typeof subject !== 'string') return reference;
  const full = referencedSubject(contextOf(from), subject);
  const renamed: JsonObject = { ...reference, subject: rules.renamedReference(subject, full, to) };
  return renamed;
}
