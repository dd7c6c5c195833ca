/** How long a registry wants to be left alone, when several of its nodes say so (`Retry-After`), or not all of them. */
import type { CallResult } from './node-exchange.ts';

/**
 * An outage lasts for as long as every node that answered wants to be left alone, and no longer: of several times the least, and none when one
 * names none. A node that gives no answer is told when it is back.
 */
export function withLeastWait(best: CallResult, results: readonly CallResult[]): CallResult {
  if (best.verdict.class !== 'park' || best.issuer !== undefined) return best;
  const waits = results
    .filter(({ status }) => status !== undefined)
    .map(({ verdict }) => (verdict.class === 'park' ? verdict.retryAfterMs : undefined) ?? 0);
  const { retryAfterMs: _own, ...verdict } = best.verdict;
  const retryAfterMs = waits.length === 0 ? 0 : Math.min(...waits);
  return { ...best, verdict: retryAfterMs === 0 ? verdict : { ...verdict, retryAfterMs } };
}
