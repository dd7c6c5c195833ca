/** Which of two entries with one key the schema store keeps. Invariant 6: what was known first stays, whatever contradicts it. */
import type { Logger } from '../foundation/logger.ts';
import { areOtherClusters, isUnidentified } from './cluster-names.ts';
import { isSentTextComparable } from './fingerprint.ts';
import { REGISTRY_CONTENT_CHANGED, REGISTRY_OTHER_CLUSTER } from './registry-errors.ts';
import {
  asBinding,
  asProof,
  asSchema,
  asVersion,
  isNodeKey,
  type StoredProof,
  type StoredSchema,
} from './stored-entries.ts';

/** What an id of a cluster means, and other content that came for it. */
export interface StoredContradiction {
  readonly before: StoredSchema;
  readonly now: StoredSchema;
}

export type Ruling =
  | 'later'
  | 'first'
  /** They contradict each other; unless it says so, the first of the two that were compared stays. */
  | { readonly schemas: StoredContradiction; readonly stays?: 'later' }
  | { readonly clusters: { readonly before: string; readonly now: string } };

/** Of what is known under a key, and what was written there later. */
export function rulingOn(key: string, before: object, now: object): Ruling {
  const [schemaBefore, schemaNow] = [asSchema(before), asSchema(now)];
  if (schemaBefore !== undefined && schemaNow !== undefined) return onSchemas(schemaBefore, schemaNow);
  const [clusterBefore, clusterNow] = [asBinding(before)?.clusterId, asBinding(now)?.clusterId];
  if (!isNodeKey(key) || clusterBefore === undefined || clusterNow === undefined) return 'later';
  return onBindings(clusterBefore, clusterNow);
}

/**
 * Of what is known under the name of a cluster that stays, and what was known under one that it had for a while. Of contents that contradict each
 * other, the one that was acknowledged first stays, under whatever name.
 */
export function rulingOnNames(before: object, now: object): Ruling {
  const [schemaBefore, schemaNow] = [asSchema(before), asSchema(now)];
  if (schemaBefore !== undefined && schemaNow !== undefined) {
    const isReplaced = schemaBefore.sent && !schemaNow.sent;
    const ruling = onSchemas(schemaBefore, schemaNow);
    if (typeof ruling === 'object' && schemaNow.time < schemaBefore.time) {
      return { schemas: { before: schemaNow, now: schemaBefore }, stays: 'later' };
    }
    return ruling === 'later' && !isReplaced ? 'first' : ruling;
  }
  const [proofBefore, proofNow] = [asProof(before), asProof(now)];
  if (proofBefore !== undefined && proofNow !== undefined) {
    return lastSaid(proofNow) > lastSaid(proofBefore) ? 'later' : 'first';
  }
  // A GUID always means the same.
  return asVersion(before)?.id === asVersion(now)?.id ? 'first' : 'later';
}

/**
 * What is kept in the place of another entry with its key. A schema that takes the place of one means the same, and is as old: by its age it is
 * ruled which of two came first.
 */
export function withFirstTime(before: object | undefined, now: object): object {
  const [schemaBefore, schemaNow] = [asSchema(before), asSchema(now)];
  if (schemaBefore === undefined || schemaNow === undefined || !(schemaBefore.time < schemaNow.time)) return now;
  const { time, epoch } = schemaBefore;
  return { ...schemaNow, time, epoch };
}

/** Returns whether the first one stays. A contradiction is an ERROR line. */
export function firstStays(ruling: Ruling, key: string, logger: Logger): boolean {
  if (typeof ruling === 'string') return ruling === 'first';
  if ('schemas' in ruling) {
    const { before, now } = ruling.schemas;
    logger.error('A schema id is known with different content; the first is kept', {
      code: REGISTRY_CONTENT_CHANGED,
      key,
      before: before.fingerprint,
      now: now.fingerprint,
    });
    return ruling.stays !== 'later';
  }
  logger.error('A registry node led to different clusters; the first is kept', {
    code: REGISTRY_OTHER_CLUSTER,
    key,
    ...ruling.clusters,
  });
  return true;
}

function onSchemas(before: StoredSchema, now: StoredSchema): Ruling {
  if (before.fingerprint === now.fingerprint) return 'later';
  // Whether a text was sent to be normalized is not kept.
  if ((!before.sent && !now.sent) || isSentTextComparable(now.schemaType, true)) return { schemas: { before, now } };
  // A text that the registry gave replaces the one that was sent.
  return now.sent && !before.sent ? 'first' : 'later';
}

/** The first name stays, as what is kept is found under it. But one that a node told takes the place of one that we gave. */
function onBindings(before: string, now: string): Ruling {
  if (before === now) return 'later';
  if (isUnidentified(before)) return isUnidentified(now) ? 'first' : 'later';
  return isUnidentified(now) || !areOtherClusters(before, now) ? 'first' : { clusters: { before, now } };
}

/** ms since the epoch at which the registry vouched for it, or contradicted it, last. */
function lastSaid({ time, confirmedAt = 0, contradictedAt = 0 }: StoredProof): number {
  return Math.max(time, confirmedAt, contradictedAt);
}
