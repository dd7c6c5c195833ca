/** What several workers' stores know of one registry, as one: every id with one content, every subject with its versions. */

import type { StoredProof } from '../../registry/stored-entries.ts';
import { contextOf, contextSubject } from '../../registry/subject-context.ts';
import { type ClaimStanding, IdClaims, type SettledId } from './id-claims.ts';
import { clusterNameOf } from './store-clusters.ts';
import type { StoreContents } from './store-contents.ts';
import { type SettledVersion, SubjectClaims, type VersionConflict } from './subject-claims.ts';

export interface MergedStores {
  /** By context and id. */
  readonly ids: ReadonlyMap<string, ReadonlyMap<number, SettledId>>;
  /** By subject, with its context. */
  readonly subjects: ReadonlyMap<string, readonly SettledVersion[]>;
  readonly versionConflicts: readonly (VersionConflict & { readonly subject: string })[];
  /** A registry took back what it had acknowledged; or the store that has the acknowledgement means other content by the id. */
  readonly withdrawn: readonly { readonly store: string; readonly subject: string; readonly id: number }[];
  /** Known under a subject, by nobody with content. */
  readonly contentless: readonly { readonly subject: string; readonly ids: readonly number[] }[];
}

export function mergeStores(
  stores: readonly StoreContents[],
  cluster: string,
  prefer: string | undefined,
): MergedStores {
  const ids = settledIds(stores, cluster, prefer);
  const subjects = new Map<string, SubjectClaims>();
  const withdrawn: { store: string; subject: string; id: number }[] = [];
  const subjectOf = (subject: string): SubjectClaims => {
    const known = subjects.get(subject) ?? new SubjectClaims();
    subjects.set(subject, known);
    return known;
  };
  for (const { name, proofs, versions } of stores) {
    for (const proof of proofs) {
      if (!isOf(proof.clusterId, cluster)) continue;
      const subject = fullSubject(proof.clusterId, proof.subject);
      const settled = ids.get(contextOf(subject))?.get(proof.id);
      const isOtherContent = settled?.others.some((claim) => claim.stores.includes(name)) === true;
      if (proof.contradictedAt !== undefined || isOtherContent) withdrawn.push({ store: name, subject, id: proof.id });
      else subjectOf(subject).prove(proof.id);
    }
    for (const { clusterId, subject, version, id } of versions) {
      if (isOf(clusterId, cluster)) subjectOf(fullSubject(clusterId, subject)).addVersion(name, version, id);
    }
  }
  const settled = new Map<string, readonly SettledVersion[]>();
  const versionConflicts: (VersionConflict & { subject: string })[] = [];
  const contentless: { subject: string; ids: readonly number[] }[] = [];
  for (const subject of [...subjects.keys()].sort()) {
    const claims = subjects.get(subject) as SubjectClaims;
    const context = contextOf(subject);
    const of = claims.settle(prefer, (id) => ids.get(context)?.has(id) === true);
    if (of.versions.length > 0) settled.set(subject, of.versions);
    versionConflicts.push(...of.conflicts.map((conflict) => ({ ...conflict, subject })));
    if (of.contentless.length > 0) contentless.push({ subject, ids: of.contentless });
  }
  return { ids, subjects: settled, versionConflicts, withdrawn, contentless };
}

/** A subject or a reference's with its context; one without is in the context of whoever names it. */
export function inContext(context: string, subject: string): string {
  return subject.startsWith(':.') ? subject : `${contextSubject(context) ?? ''}${subject}`;
}

function settledIds(
  stores: readonly StoreContents[],
  cluster: string,
  prefer: string | undefined,
): ReadonlyMap<string, ReadonlyMap<number, SettledId>> {
  const claims = new Map<string, Map<number, IdClaims>>();
  for (const { name, schemas, proofs } of stores) {
    const standing = standingOf(proofs, cluster);
    for (const schema of schemas) {
      if (!isOf(schema.clusterId, cluster)) continue;
      const context = schema.context === '' ? clusterNameOf(schema.clusterId).context : schema.context;
      const ids = claims.get(context) ?? new Map<number, IdClaims>();
      claims.set(context, ids);
      const known = ids.get(schema.id) ?? new IdClaims();
      ids.set(schema.id, known);
      known.add(name, schema, standing.get(`${schema.id} ${context}`) ?? NO_STANDING);
    }
  }
  const settled = new Map<string, ReadonlyMap<number, SettledId>>();
  for (const context of [...claims.keys()].sort()) {
    const ids = [...(claims.get(context) as Map<number, IdClaims>)].sort(([a], [b]) => a - b);
    settled.set(context, new Map(ids.map(([id, each]) => [id, { context, id, ...each.settle(prefer) }])));
  }
  return settled;
}

const NO_STANDING: ClaimStanding = { isConfirmed: false, isContradicted: false };

function standingOf(proofs: readonly StoredProof[], cluster: string): ReadonlyMap<string, ClaimStanding> {
  const standing = new Map<string, ClaimStanding>();
  for (const { clusterId, subject, id, confirmedAt, contradictedAt } of proofs) {
    if (!isOf(clusterId, cluster)) continue;
    const key = `${id} ${contextOf(fullSubject(clusterId, subject))}`;
    const known = standing.get(key) ?? NO_STANDING;
    standing.set(key, {
      isConfirmed: known.isConfirmed || (confirmedAt !== undefined && contradictedAt === undefined),
      isContradicted: known.isContradicted || contradictedAt !== undefined,
    });
  }
  return standing;
}

function isOf(clusterId: string, cluster: string): boolean {
  return clusterNameOf(clusterId).cluster === cluster;
}

function fullSubject(clusterId: string, subject: string): string {
  return inContext(clusterNameOf(clusterId).context, subject);
}
