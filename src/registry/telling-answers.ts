/** Which of the answers of several nodes counts. */
import type { FailureClass } from './failure-classes.ts';
import type { RegistryNode } from './node-book.ts';
import type { CallResult, RegistryRequest } from './node-exchange.ts';

/** Codes of a registry's own have five digits; of shorter ones any web server may think. */
export function isOfRegistry({ operation }: RegistryRequest, { verdict, errorCode = 0 }: CallResult): boolean {
  if (operation === 'meta') return false;
  return verdict.class === 'ok' || (errorCode >= 40_400 && errorCode < 50_000);
}

/** No other node needs to be asked. */
export function isSettled(verdict: FailureClass): boolean {
  return verdict.class !== 'park' && verdict.class !== 'config' && verdict.class !== 'refresh-and-retry';
}

/** Invariant 3: "there is none" is what a node says too that has not read yet what others have: one node alone is not believed. */
export function isAbsence({ operation }: RegistryRequest, { verdict }: CallResult): boolean {
  return verdict.class === 'negative' && (operation === 'lookup' || operation === 'version');
}

/** Not every node was heard, nor the primary: one that was not may have it. */
export function lagging(denied: CallResult): CallResult {
  return { ...denied, verdict: { class: 'refresh-and-retry' } };
}

function weightOf(verdict: FailureClass): number {
  if (verdict.class === 'park') return verdict.misleading !== undefined ? 2 : 3;
  if (verdict.class === 'refresh-and-retry' || verdict.class === 'negative') return 4;
  return verdict.class === 'config' ? 1 : 0;
}

/**
 * Of answers that settle nothing: one that may yet change counts more than one that tells of a wrong setting, and one node's
 * "there is none" more than another's silence, so that a single unknown id never looks like an outage.
 */
export function moreTelling(a: CallResult | undefined, b: CallResult): CallResult {
  if (a === undefined || isSettled(b.verdict) || b.issuer !== undefined) return b;
  return weightOf(b.verdict) >= weightOf(a.verdict) ? b : a;
}

/** In place of an answer of a node that is dead; the reason is the one remembered. */
export function deadNode(node: RegistryNode): CallResult {
  return {
    verdict: { class: 'park', outcomeUnknown: false },
    node: node.url,
    status: undefined,
    transport: 'connect',
    errorCode: undefined,
    json: undefined,
    reason: node.reason,
  };
}
