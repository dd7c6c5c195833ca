/** What the stores say an id means, and which of them is believed where they differ. */
import { contentFingerprint, isSentTextComparable } from '../../registry/fingerprint.ts';
import type { StoredSchema } from '../../registry/stored-entries.ts';

/** One content that stores have for an id. */
export interface IdClaim {
  readonly schema: StoredSchema;
  readonly fingerprint: string;
  /** Which stores say so, in the order in which they were named. */
  readonly stores: string[];
  /** ms since the epoch at which the registry first vouched for it, in any of them. */
  time: number;
  /** A registry confirmed it by a second look, or took it back, in any of them. */
  isConfirmed: boolean;
  isContradicted: boolean;
}

export interface SettledId {
  readonly context: string;
  readonly id: number;
  readonly believed: IdClaim;
  /** They contradict it. */
  readonly others: readonly IdClaim[];
}

/** What a worker's proofs say beyond the content. */
export interface ClaimStanding {
  readonly isConfirmed: boolean;
  readonly isContradicted: boolean;
}

/** All that stores say of one id. */
export class IdClaims {
  private readonly claims: IdClaim[] = [];

  add(store: string, schema: StoredSchema, { isConfirmed, isContradicted }: ClaimStanding): void {
    const fingerprint = contentFingerprint(schema);
    const same = this.claims.findIndex((claim) => isSameContent(claim, { schema, fingerprint }));
    const known = this.claims[same];
    if (known === undefined) {
      const { time } = schema;
      this.claims.push({ schema, fingerprint, stores: [store], time, isConfirmed, isContradicted });
      return;
    }
    if (!known.stores.includes(store)) known.stores.push(store);
    known.time = Math.min(known.time, schema.time);
    known.isConfirmed ||= isConfirmed;
    known.isContradicted ||= isContradicted;
    // What the registry gave back is nearer to what it keeps than what was sent.
    if (known.schema.sent && !schema.sent) this.claims[same] = { ...known, schema, fingerprint };
  }

  /**
   * Believed is what the preferred store says; then what no registry took back, what one confirmed, and what was acknowledged first, as
   * ids are given out once.
   */
  settle(prefer: string | undefined): { readonly believed: IdClaim; readonly others: readonly IdClaim[] } {
    const rank = (claim: IdClaim): readonly number[] => [
      prefer !== undefined && claim.stores.includes(prefer) ? 0 : 1,
      claim.isContradicted ? 1 : 0,
      claim.isConfirmed ? 0 : 1,
      claim.time,
    ];
    const [believed, ...others] = this.claims
      .map((claim) => ({ claim, rank: rank(claim) }))
      .sort((a, b) => compare(a.rank, b.rank))
      .map(({ claim }) => claim);
    if (believed === undefined) throw new TypeError('An id without a claim.');
    return { believed, others };
  }
}

function isSameContent(
  a: { readonly schema: StoredSchema; readonly fingerprint: string },
  b: { readonly schema: StoredSchema; readonly fingerprint: string },
): boolean {
  if (a.fingerprint === b.fingerprint) return true;
  // A text that was sent may have been written anew by the registry in a way that can't be compared.
  const { schemaType } = a.schema;
  return (
    schemaType === b.schema.schemaType &&
    a.schema.sent !== b.schema.sent &&
    !isSentTextComparable(schemaType, schemaType !== 'AVRO')
  );
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < a.length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
