/** The records of `_schemas` that say what merged stores know, references first. */

import { contextOf, contextSubject } from '../../registry/subject-context.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { referencedSubject } from '../records/referenced-subject.ts';
import type { SchemaType } from '../records/schemas-record.ts';
import { schemaKey, schemaValueBytes } from '../records/write-record.ts';
import type { SettledId } from './id-claims.ts';
import type { MergedStores } from './merge-stores.ts';

/** A version as it is written. */
export interface RebuiltVersion {
  readonly subject: string;
  readonly version: number;
  readonly settled: SettledId;
  readonly origin: 'known' | 'proposed-version' | 'proposed-subject';
}

/** Of ids that nobody knows a subject of: named after the id, so that it is seen what it is. */
export function recoveredSubject(context: string, id: number): string {
  return `${contextSubject(context) ?? ''}recovered-id-${id}`;
}

/**
 * Every known version, and one of a subject of its own for each id that no subject has, or of the subject that `subjectOf` proposes.
 * By context and id, but whatever is referred to comes before what refers to it, as far as references are no circle.
 */
export function rebuiltVersions(
  merged: MergedStores,
  subjectOf: (context: string, id: number) => string | undefined,
): readonly RebuiltVersion[] {
  const all: RebuiltVersion[] = [];
  const named = new Set<string>();
  const versions = new Map<string, number>();
  for (const [subject, settled] of merged.subjects) {
    const context = contextOf(subject);
    for (const { version, id, isProposed } of settled) {
      const of = merged.ids.get(context)?.get(id);
      if (of === undefined) continue;
      named.add(`${id} ${context}`);
      all.push({ subject, version, settled: of, origin: isProposed ? 'proposed-version' : 'known' });
      versions.set(subject, Math.max(version, versions.get(subject) ?? 0));
    }
  }
  for (const [context, ids] of merged.ids) {
    for (const [id, settled] of ids) {
      if (named.has(`${id} ${context}`)) continue;
      const subject = subjectOf(context, id) ?? recoveredSubject(context, id);
      const version = (versions.get(subject) ?? 0) + 1;
      versions.set(subject, version);
      all.push({ subject, version, settled, origin: 'proposed-subject' });
    }
  }
  all.sort(
    (a, b) =>
      compareText(a.settled.context, b.settled.context) ||
      a.settled.id - b.settled.id ||
      compareText(a.subject, b.subject) ||
      a.version - b.version,
  );
  return referencesFirst(all);
}

export function versionKeyOf(subject: string, version: number): string {
  return `${version} ${subject}`;
}

/** A record as Confluent's registry writes it; the time is the one at which the registry first vouched for the id. */
export function recordOf(offset: number, { subject, version, settled }: RebuiltVersion): RawRecord {
  const { id, believed } = settled;
  const { schemaType, references, schema } = believed.schema;
  return {
    offset,
    timestamp: believed.time,
    timestampType: 'CreateTime',
    key: schemaKey(subject, version),
    value: schemaValueBytes({
      ...{ subject, version, id },
      // A registry may have providers of other types; a record carries their names as well.
      schemaType: schemaType as SchemaType,
      ...{ references, schema },
      ...{ metadata: undefined, ruleSet: undefined, deleted: false },
    }),
    headers: [],
  };
}

function referencesFirst(all: readonly RebuiltVersion[]): readonly RebuiltVersion[] {
  const byKey = new Map(all.map((each) => [versionKeyOf(each.subject, each.version), each]));
  const ordered: RebuiltVersion[] = [];
  const seen = new Set<RebuiltVersion>();
  for (const root of all) {
    // Without recursion: chains of references may be long.
    const path = [{ version: root, next: 0 }];
    if (seen.has(root)) continue;
    seen.add(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const reference = top.version.settled.believed.schema.references[top.next++];
      if (reference === undefined) {
        ordered.push(top.version);
        path.pop();
        continue;
      }
      const subject = referencedSubject(top.version.settled.context, reference.subject);
      const target = byKey.get(versionKeyOf(subject, reference.version));
      if (target === undefined || seen.has(target)) continue;
      seen.add(target);
      path.push({ version: target, next: 0 });
    }
  }
  return ordered;
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
