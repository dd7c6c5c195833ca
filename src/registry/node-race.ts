/** With every node dead, none is worth waiting for: all are asked at the same time. */
import { withLeastWait } from './least-wait.ts';
import type { RegistryNode } from './node-book.ts';
import type { CallResult, RegistryRequest } from './node-exchange.ts';
import { isAbsence, isSettled, lagging, moreTelling } from './telling-answers.ts';

/**
 * The first usable answer; otherwise, when all are there, the most telling one. Rejects when the first attempt does.
 *
 * @param attempts Parallel to the nodes, of which there is at least one.
 * @param hasRead Nothing says that the node has not read its topic to the end.
 */
export function firstUsable(
  request: RegistryRequest,
  nodes: readonly RegistryNode[],
  attempts: readonly Promise<CallResult>[],
  hasRead: (node: RegistryNode) => boolean,
): Promise<CallResult> {
  return new Promise((resolve, reject) => {
    let best: CallResult | undefined;
    const results: CallResult[] = [];
    let denials = 0;
    for (const [index, node] of nodes.entries()) {
      attempts[index]?.then((result) => {
        best = moreTelling(best, result);
        results.push(result);
        const isDenial = isAbsence(request, result);
        if (isDenial && hasRead(node)) denials += 1;
        if (isDenial ? denials === nodes.length : isSettled(result.verdict)) resolve(result);
        else if (results.length === attempts.length) {
          resolve(isAbsence(request, best) ? lagging(best) : withLeastWait(best, results));
        }
      }, reject);
    }
  });
}
