/**
 * An id that a record carries and no node knows: lag, an id that is still to come, lost data, or garbage. It is one
 * partition's trouble, and never decided in haste.
 */
import type { NodeProgress } from './registry-knowledge.ts';

export interface UnknownIdFacts {
  readonly id: number;
  /** ms since a node denied it for the first time. */
  readonly deniedForMs: number;
  /** How often all nodes were asked, this time included. */
  readonly rounds: number;
  /** A change of primary or an outage ended less than the settle window ago. */
  readonly settling: boolean;
  /** The nodes that answered. */
  readonly nodes: readonly NodeProgress[];
  /** `unknown.id.max.gap` */
  readonly maxGap: number;
}

export type UnknownIdVerdict =
  /** The registry does not have it, and never had: bad data. */
  | { readonly kind: 'denied'; readonly why: string }
  /** A node may be behind. */
  | { readonly kind: 'lag' }
  /** Above the highest id of every node: the registry lost data, or its replicas are far behind. */
  | { readonly kind: 'from-future'; readonly highestId: number };

const DENIED_FOR_MS = 30_000;
const DENIED_ROUNDS = 2;

/** True for an id so far above all nodes that nobody needs to be asked for it. */
export function isAbsurdId(id: number, nodes: readonly NodeProgress[], maxGap: number): boolean {
  const highest = highestOf(nodes);
  return highest !== undefined && highest > 0 && id > highest + maxGap;
}

/** Decides on one id after one more round. Pure. */
export function judgeUnknownId(facts: UnknownIdFacts): UnknownIdVerdict {
  const { id, nodes, maxGap, settling } = facts;
  const highest = highestOf(nodes);
  const patient = facts.deniedForMs >= DENIED_FOR_MS && facts.rounds >= DENIED_ROUNDS;
  if (settling || highest === undefined) return { kind: 'lag' };
  if (id > highest + maxGap && (highest > 0 || patient)) {
    return { kind: 'denied', why: `it lies more than ${maxGap} above ${highest}, the highest id of every node` };
  }
  if (!patient) return { kind: 'lag' };
  const caughtUp = nodes.find((node) => node.ready && node.highestId !== null && node.highestId >= id);
  if (caughtUp !== undefined) {
    return {
      kind: 'denied',
      why: `${caughtUp.node} is ready and knows ids up to ${caughtUp.highestId}, but has denied it for ${Math.round(facts.deniedForMs / 1000)} s`,
    };
  }
  return id > highest ? { kind: 'from-future', highestId: highest } : { kind: 'lag' };
}

function highestOf(nodes: readonly NodeProgress[]): number | undefined {
  const known = nodes.flatMap((node) => (node.highestId === null ? [] : [node.highestId]));
  return known.length === 0 ? undefined : Math.max(...known);
}
