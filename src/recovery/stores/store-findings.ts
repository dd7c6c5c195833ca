/** What contradicts, what was proposed, and what is missing in what workers' stores know of a registry. */
import type { Finding } from '../verify/finding.ts';
import type { IdClaim, SettledId } from './id-claims.ts';
import { type MergedStores, referencedSubject } from './merge-stores.ts';
import { type RebuiltVersion, versionKeyOf } from './rebuilt-records.ts';
import type { StoreContents } from './store-contents.ts';

/** Of one name; what is more is counted. */
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
  const { name, severity, mend } = first;
  const message = `${findings.length - MAX_TOLD} more of these are not listed.`;
  return [...findings.slice(0, MAX_TOLD), { name, severity, message, mend }];
}

function idConflict(
  { context, id, believed, others }: SettledId,
  subjectsOf: ReadonlyMap<string, readonly string[]>,
): Finding {
  const claims = [believed, ...others].map(claimed);
  const subjects = subjectsOf.get(`${id} ${context}`) ?? [];
  return {
    name: 'store-id-conflict',
    severity: 'error',
    context,
    id,
    ...(subjects[0] === undefined ? {} : { subject: subjects[0] }),
    message: `Workers know different schemas by id ${id}: ${claims.join('; ')}. The first of these is taken.`,
    mend: 'Records that were written with the others by those workers can not be read by this id. Take another one with --prefer STORE, or the registry has to keep both: see repair duplicate-ids.',
  };
}

function claimed({ schema, stores, time, isConfirmed, isContradicted, fingerprint }: IdClaim): string {
  const standing = isContradicted ? ', taken back later' : isConfirmed ? ', confirmed' : '';
  return `${stores.join(' and ')} says ${schema.schemaType} ${fingerprint.slice(0, 12)} (acknowledged ${timeOf(time)}${standing})`;
}

function versionConflict({ subject, version, believed, others }: MergedStores['versionConflicts'][number]): Finding {
  const says = [believed, ...others].map(({ id, stores }) => `${stores.join(' and ')} says id ${id}`);
  return {
    name: 'store-version-conflict',
    severity: 'error',
    subject,
    version,
    id: believed.id,
    message: `Version ${version} of subject '${subject}' has several ids: ${says.join('; ')}. The first of these is taken.`,
    mend: 'A subject that was deleted and made anew gives its versions again. Take another store with --prefer STORE where it knows better.',
  };
}

function withdrawn({ store, subject, id }: MergedStores['withdrawn'][number]): Finding {
  return {
    name: 'store-proof-withdrawn',
    severity: 'warning',
    subject,
    id,
    message: `${store} had id ${id} acknowledged under subject '${subject}', but the registry took it back, or the id means something else by now. It is left out of that subject.`,
    mend: 'Nothing, unless the subject is missing afterwards: then its producers register it again.',
  };
}

function contentless({ subject, ids }: MergedStores['contentless'][number]): Finding {
  return {
    name: 'store-schema-missing',
    severity: 'error',
    subject,
    ...(ids[0] === undefined ? {} : { id: ids[0] }),
    message: `Subject '${subject}' had schemas of which no store has the text: id ${listed(ids)}.`,
    mend: 'Add stores of other workers with --from-store, or take the text from the code of the producers.',
  };
}

function unknownReferences(versions: readonly RebuiltVersion[]): readonly Finding[] {
  const known = new Set(versions.map(({ subject, version }) => versionKeyOf(subject, version)));
  return versions.flatMap(({ subject, version, settled }) =>
    settled.believed.schema.references
      .filter((each) => !known.has(versionKeyOf(referencedSubject(settled.context, each), each.version)))
      .map((each) => ({
        name: 'store-reference-unknown',
        severity: 'error' as const,
        subject,
        version,
        id: settled.id,
        message: `The schema of id ${settled.id} refers to version ${each.version} of '${referencedSubject(settled.context, each)}', which no store knows: nobody can resolve it.`,
        mend: 'Add stores of other workers with --from-store, or register that version before the registry is used.',
      })),
  );
}

function proposedVersion({ subject, version, settled }: RebuiltVersion): Finding {
  return {
    name: 'store-version-proposed',
    severity: 'warning',
    subject,
    version,
    id: settled.id,
    message: `Which version of subject '${subject}' id ${settled.id} was, no store knows. It becomes version ${version}.`,
    mend: 'Nothing, unless something asks for versions by number: references, or clients that are set to one.',
  };
}

function proposedSubject({ subject, version, settled }: RebuiltVersion): Finding {
  return {
    name: 'store-subject-proposed',
    severity: 'warning',
    subject,
    version,
    context: settled.context,
    id: settled.id,
    message: `Under which subject id ${settled.id} was registered, no store knows; it was only read. It becomes version ${version} of '${subject}', so that the id resolves.`,
    mend: 'Producers register it again under its own subject and get the same id. After that the proposed subject can be deleted.',
  };
}

function versionGaps(merged: MergedStores): readonly Finding[] {
  return [...merged.subjects].flatMap(([subject, versions]) => {
    const gaps = rangesBetween(versions.map(({ version }) => version));
    if (gaps.length === 0) return [];
    return {
      name: 'store-version-gap',
      severity: 'note' as const,
      subject,
      message: `Subject '${subject}' lacks versions ${listed(gaps)}: deleted, or never seen by a worker.`,
      mend: 'Add stores of other workers with --from-store if there are any.',
    };
  });
}

function idGaps(context: string, ids: readonly number[]): readonly Finding[] {
  const gaps = rangesBetween(ids);
  if (gaps.length === 0) return [];
  return [
    {
      name: 'store-id-gap',
      severity: 'note',
      context,
      message: `No store knows ids ${listed(gaps)}${context === '' ? '' : ` of context '${context}'`}, below the highest known, ${ids.at(-1)}. There may be higher ones as well.`,
      mend: 'Look whether data carries them: verify --from-store ... --used-by TOPICS.',
    },
  ];
}

function notRead({ name, unreadable, newer, guids, schemas }: StoreContents): readonly Finding[] {
  const findings: Finding[] = [];
  if (unreadable > 0) {
    findings.push({
      name: 'store-unreadable',
      severity: 'warning',
      message: `${unreadable} entries of ${name} can not be read and are left out.`,
      mend: 'Check the disk of that worker; stores of other workers may have them.',
    });
  }
  if (newer > 0) {
    findings.push({
      name: 'store-newer',
      severity: 'warning',
      message: `${newer} entries of ${name} were written by a newer version and are left out.`,
      mend: 'Run this command with the version of that worker.',
    });
  }
  if (guids.length > 0 && schemas.length === 0) {
    findings.push({
      name: 'store-guid-only',
      severity: 'note',
      message: `${name} knows ${guids.length} schemas by their GUID only; a GUID tells no id.`,
      mend: 'Nothing: producers register them again.',
    });
  }
  return findings;
}

function neverKnown(stores: readonly StoreContents[]): Finding {
  return {
    name: 'store-facts-unknown',
    severity: 'note',
    message: `${stores.length === 1 ? 'A store' : 'Stores'} of workers can't tell: what was soft-deleted (it comes back alive), compatibility settings and modes (the registry's defaults hold), metadata and rules of schemas, and what no worker ever used.`,
    mend: 'Set compatibility and modes anew, and delete again what should be gone.',
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
