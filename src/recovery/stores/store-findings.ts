/** What contradicts, what was proposed, and what is missing in what workers' stores know of a registry. */
import { counted } from '../../foundation/counted.ts';
import { referencedSubject } from '../records/referenced-subject.ts';
import type { Finding } from '../verify/finding.ts';
import { STORE_KINDS } from '../verify/store-kinds.ts';
import type { IdClaim, SettledId } from './id-claims.ts';
import type { MergedStores } from './merge-stores.ts';
import { type RebuiltVersion, versionKeyOf } from './rebuilt-records.ts';
import type { StoreContents } from './store-contents.ts';

/** Of one name; the last one says how many more there are. */
const MAX_TOLD = 1000;
/** Ranges or versions that one message lists. */
const MAX_LISTED = 20;

export function storeFindings(
  stores: readonly StoreContents[],
  merged: MergedStores,
  versions: readonly RebuiltVersion[],
): readonly Finding[] {
  const ids = [...merged.ids.values()].flatMap((of) => [...of.values()]);
  const subjectsOf = new Map<string, string[]>();
  for (const { subject, settled } of versions) {
    const key = `${settled.id} ${settled.context}`;
    subjectsOf.set(key, [...(subjectsOf.get(key) ?? []), subject]);
  }
  return [
    ...told(ids.filter(({ others }) => others.length > 0).map((each) => idConflict(each, subjectsOf))),
    ...told(merged.versionConflicts.map(versionConflict)),
    ...told(merged.withdrawn.map(withdrawn)),
    ...told(merged.contentless.map(contentless)),
    ...told(unknownReferences(versions)),
    ...told(versions.filter(({ origin }) => origin === 'proposed-version').map(proposedVersion)),
    ...told(versions.filter(({ origin }) => origin === 'proposed-subject').map(proposedSubject)),
    ...told(versionGaps(merged)),
    ...[...merged.ids].flatMap(([context, of]) => idGaps(context, [...of.keys()])),
    ...stores.flatMap(notRead),
    neverKnown(stores),
  ];
}

function told(findings: readonly Finding[]): readonly Finding[] {
  const [first] = findings;
  if (first === undefined || findings.length <= MAX_TOLD) return findings;
  return [
    ...findings.slice(0, MAX_TOLD - 1),
    { ...first, ...findings[MAX_TOLD - 1], more: findings.length - MAX_TOLD },
  ];
}

function kind(name: keyof typeof STORE_KINDS): Pick<Finding, 'name' | 'severity' | 'mend'> {
  const { severity, mend } = STORE_KINDS[name];
  return { name, severity, mend };
}

function idConflict(
  { context, id, believed, others }: SettledId,
  subjectsOf: ReadonlyMap<string, readonly string[]>,
): Finding {
  const claims = [believed, ...others].map(claimed);
  const subjects = subjectsOf.get(`${id} ${context}`) ?? [];
  return {
    ...kind('store-id-conflict'),
    context,
    id,
    ...(subjects[0] === undefined ? {} : { subject: subjects[0] }),
    message: `Workers know different schemas by id ${id}: ${claims.join('; ')}. The first of these is taken.`,
  };
}

function claimed({ schema, stores, time, isConfirmed, isContradicted, fingerprint }: IdClaim): string {
  const standing = isContradicted ? ', taken back later' : isConfirmed ? ', confirmed' : '';
  return `${stores.join(' and ')} says ${schema.schemaType} ${fingerprint.slice(0, 12)} (acknowledged ${timeOf(time)}${standing})`;
}

function versionConflict({ subject, version, believed, others }: MergedStores['versionConflicts'][number]): Finding {
  const says = [believed, ...others].map(({ id, stores }) => `${stores.join(' and ')} says id ${id}`);
  return {
    ...kind('store-version-conflict'),
    subject,
    version,
    id: believed.id,
    message: `Version ${version} of subject '${subject}' has several ids: ${says.join('; ')}. The first of these is taken.`,
  };
}

function withdrawn({ store, subject, id }: MergedStores['withdrawn'][number]): Finding {
  return {
    ...kind('store-proof-withdrawn'),
    subject,
    id,
    message: `${store} had id ${id} acknowledged under subject '${subject}', but the registry took it back, or the id means something else by now. It is left out of that subject.`,
  };
}

function contentless({ subject, ids }: MergedStores['contentless'][number]): Finding {
  return {
    ...kind('store-schema-missing'),
    subject,
    ...(ids[0] === undefined ? {} : { id: ids[0] }),
    message: `Subject '${subject}' had schemas of which no store has the text: id ${listed(ids)}.`,
  };
}

function unknownReferences(versions: readonly RebuiltVersion[]): readonly Finding[] {
  const known = new Set(versions.map(({ subject, version }) => versionKeyOf(subject, version)));
  return versions.flatMap(({ subject, version, settled }) =>
    settled.believed.schema.references
      .filter((each) => !known.has(versionKeyOf(referencedSubject(settled.context, each.subject), each.version)))
      .map((each) => ({
        ...kind('store-reference-unknown'),
        subject,
        version,
        id: settled.id,
        message: `The schema of id ${settled.id} refers to version ${each.version} of '${referencedSubject(settled.context, each.subject)}', which no store knows: nobody can resolve it.`,
      })),
  );
}

function proposedVersion({ subject, version, settled }: RebuiltVersion): Finding {
  return {
    ...kind('store-version-proposed'),
    subject,
    version,
    id: settled.id,
    message: `Which version of subject '${subject}' id ${settled.id} was, no store knows. It becomes version ${version}.`,
  };
}

function proposedSubject({ subject, version, settled }: RebuiltVersion): Finding {
  return {
    ...kind('store-subject-proposed'),
    subject,
    version,
    context: settled.context,
    id: settled.id,
    message: `Under which subject id ${settled.id} was registered, no store knows; it was only read. It becomes version ${version} of '${subject}', so that the id resolves.`,
  };
}

function versionGaps(merged: MergedStores): readonly Finding[] {
  return [...merged.subjects].flatMap(([subject, versions]) => {
    const gaps = rangesBetween(versions.map(({ version }) => version));
    if (gaps.length === 0) return [];
    return {
      ...kind('store-version-gap'),
      subject,
      message: `Subject '${subject}' lacks versions ${listed(gaps)}: deleted, or never seen by a worker.`,
    };
  });
}

function idGaps(context: string, ids: readonly number[]): readonly Finding[] {
  const gaps = rangesBetween(ids);
  if (gaps.length === 0) return [];
  return [
    {
      ...kind('store-id-gap'),
      context,
      message: `No store knows ids ${listed(gaps)}${context === '' ? '' : ` of context '${context}'`}, below the highest known, ${ids.at(-1)}. There may be higher ones as well.`,
    },
  ];
}

function notRead({ name, unreadable, newer, guids, schemas }: StoreContents): readonly Finding[] {
  const findings: Finding[] = [];
  if (unreadable > 0) {
    findings.push({
      ...kind('store-unreadable'),
      message: `${unreadable} entries of ${name} can not be read and are left out.`,
    });
  }
  if (newer > 0) {
    findings.push({
      ...kind('store-newer'),
      message: `${newer} entries of ${name} were written by a newer version and are left out.`,
    });
  }
  if (guids.length > 0 && schemas.length === 0) {
    findings.push({
      ...kind('store-guid-only'),
      message: `${name} knows ${counted(guids.length, 'schema')} by GUID only; a GUID tells no id.`,
    });
  }
  return findings;
}

function neverKnown(stores: readonly StoreContents[]): Finding {
  return {
    ...kind('store-facts-unknown'),
    message: `${stores.length === 1 ? 'A store' : 'Stores'} of workers can't tell: what was soft-deleted (it comes back alive), compatibility settings and modes (the registry's defaults hold), metadata and rules of schemas, and what no worker ever used.`,
  };
}

/** What lies between ascending numbers from 1 on. */
function rangesBetween(numbers: readonly number[]): readonly string[] {
  const gaps: string[] = [];
  let next = 1;
  for (const number of numbers) {
    if (number > next) gaps.push(number - 1 === next ? String(next) : `${next}-${number - 1}`);
    next = Math.max(next, number + 1);
  }
  return gaps;
}

function listed(all: readonly (number | string)[]): string {
  const more = all.length - MAX_LISTED;
  return `${all.slice(0, MAX_LISTED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function timeOf(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? 'at an unknown time' : date.toISOString();
}
