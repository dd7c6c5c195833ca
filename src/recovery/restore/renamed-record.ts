/** One record under the names that `--map` gives; all that has no name in it stays byte for byte. */
import { contextOf } from '../../registry/subject-context.ts';
import { isJsonObject, readJsonObject, writeJson } from '../records/json-bytes.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { referencedSubject } from '../records/referenced-subject.ts';
import { isReservedSubject } from '../records/reserved-id.ts';
import type { JsonObject, ReadRecord, SchemasRecord } from '../records/schemas-record.ts';
import { type DifferentlyRead, isReadDifferently } from '../records/vendor-reading.ts';
import { canonicalKey } from '../records/write-record.ts';
import { renamedOther, type TakenNames } from './renamed-other.ts';
import type { SubjectRules } from './subject-rules.ts';

export interface RenamedNames {
  /** Those that the taken subjects get. */
  readonly targets: ReadonlySet<string>;
  /** One context gets the subjects of several. */
  readonly merges: boolean;
}

/** undefined: it is left out. */
export function renamedRecord(
  raw: RawRecord,
  read: ReadRecord,
  rules: SubjectRules,
  taken: TakenNames & RenamedNames,
): RawRecord | undefined {
  if (!read.ok) {
    if (isReadDifferently(read)) return renamedDisputed(raw, read, rules, taken);
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

/**
 * What one vendor reads under its key, and the other under its value: taken where all that it names is, and renamed in both, with everything
 * else as it was. Nothing was compared with its id and references, so it comes into no subject or context that has others now.
 */
function renamedDisputed(
  raw: RawRecord,
  { overlooked }: DifferentlyRead,
  rules: SubjectRules,
  { subjects, targets, merges }: TakenNames & RenamedNames,
): RawRecord | undefined {
  if (overlooked.kind !== 'schema' && overlooked.kind !== 'schema-gone') return undefined;
  const { subject } = overlooked;
  const value = overlooked.kind === 'schema' ? overlooked.value : undefined;
  const own = [subject, value?.subject ?? subject];
  const context = contextOf(subject);
  const references = value?.references.map((each) => referencedSubject(context, each.subject)) ?? [];
  if (rules.isSubset) {
    const isTaken = (name: string): boolean => subjects.has(name) || rules.takes(name);
    if (!own.every(isTaken) || !references.every(isTaken)) return undefined;
  }
  if (merges) return undefined;
  const named = [...own, ...references];
  if (named.every((name) => rules.renamed(name) === name)) return raw;
  const [inKey = '', inValue = ''] = own.map((name) => rules.renamed(name));
  const to = contextOf(inKey);
  // One of two contexts, or a name that no other record has and that may be another one's by now.
  const isOdd = (name: string): boolean =>
    isReservedSubject(name) ||
    contextOf(name) !== context ||
    contextOf(rules.renamed(name)) !== to ||
    (!subjects.has(name) && (to !== context || targets.has(rules.renamed(name))));
  if (own.some(isOdd)) return undefined;
  if (to !== '' && references.some((name) => contextOf(rules.renamed(name)) === '')) return undefined;
  const key = raw.key === null ? undefined : readJsonObject(raw.key);
  if (key === undefined || typeof key === 'string') return undefined;
  const renamed = { ...raw, key: writeJson({ ...key, subject: inKey }) };
  // A value that names no subject is of the key's.
  return { ...renamed, value: renamedValue(raw.value, own[1] ?? subject, inValue, rules) };
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
