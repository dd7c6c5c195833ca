/**
 * One request on its way from node to node, until one gives an answer that settles it. What is tried before an outage is called an outage is
 * decided here.
 */
import { withLeastWait } from './least-wait.ts';
import type { RegistryNode } from './node-book.ts';
import type { CallResult, RegistryRequest } from './node-exchange.ts';
import type { NodeOrder } from './node-order.ts';
import { isAbsence, isSettled, lagging, moreTelling } from './telling-answers.ts';

export interface NodeRoundOptions {
  readonly request: RegistryRequest;
  /** In the order in which they are to be asked; at least one. */
  readonly order: readonly RegistryNode[];
  /** One of them was alive at the beginning. */
  readonly anyAlive: boolean;
  /** One node's "there is none" will do. */
  readonly believesOne: boolean;
  /** Asked before a request is sent again that may have taken effect; an `ok` result takes the place of the repetition. */
  readonly resolveUnknown: (() => Promise<CallResult>) | undefined;
  /** Sends it to this node, on a connection of its own if `fresh`. */
  readonly send: (node: RegistryNode, fresh: boolean) => Promise<CallResult>;
  /** Nothing says that the node has not read its topic to the end. */
  readonly hasRead: (node: RegistryNode) => boolean;
  readonly primary: () => string | null;
  readonly orders: Pick<NodeOrder, 'hangsWrites' | 'afterChange'>;
}

export class NodeRound {
  /** URL of the node that settled it; null: none did, or it was found to have been carried out before. */
  settledAt: string | null = null;
  private readonly options: NodeRoundOptions;
  private readonly results: CallResult[] = [];
  private best: CallResult | undefined;
  /** What was sent may have taken effect. */
  private isUnknown = false;
  private anyAnswered = false;
  private denials = 0;

  constructor(options: NodeRoundOptions) {
    this.options = options;
  }

  /** The answer that settled it; otherwise the most telling of what the nodes said. Rejects as `send` and `resolveUnknown` do. */
  async run(): Promise<CallResult> {
    const { order, orders } = this.options;
    let left = [...order];
    for (let node = left.shift(); node !== undefined; node = left.shift()) {
      if (this.isPassedOver(node)) continue;
      const result = await this.ask(node);
      if (result.issuer !== undefined) break;
      if (result.overtaken === true) left = orders.afterChange(left);
      if (result.status !== undefined) this.anyAnswered = true;
      if (this.settles(node, result)) return result;
    }
    return this.unsettled();
  }

  private isPassedOver(node: RegistryNode): boolean {
    const { request, anyAlive, orders } = this.options;
    if (!this.anyAnswered) return false;
    const isOutage = this.best?.verdict.class === 'park';
    // The revival asks the dead. A request tries one only when the living give no answer, or one that speaks of an outage and the dead one's takes no time.
    if (!node.alive && anyAlive && (node.slowToFail || !isOutage)) return true;
    // It would take its time limit once more, and another one has said already that there is an outage.
    return request.channel === 'write' && isOutage && orders.hangsWrites(node);
  }

  /** Once, and once more where another connection may lead to another answer. */
  private async ask(node: RegistryNode): Promise<CallResult> {
    const { request, order } = this.options;
    const wasAlive = node.alive;
    let result = await this.attempt(node, false);
    if (result.verdict.class === 'park' && wasAlive && deservesFreshConnection(result, order.length)) {
      result = await this.attempt(node, true);
    }
    // Behind one URL, another connection may lead to a node that has read more.
    if (order.length === 1 && isAbsence(request, result)) result = await this.attempt(node, true);
    this.best = moreTelling(this.best, result);
    return result;
  }

  private async attempt(node: RegistryNode, fresh: boolean): Promise<CallResult> {
    const { resolveUnknown, send } = this.options;
    if (this.isUnknown && resolveUnknown !== undefined) {
      const resolved = await resolveUnknown();
      if (resolved.verdict.class === 'ok') return resolved;
    }
    const result = await send(node, fresh);
    if (isSettled(result.verdict)) this.settledAt = node.url;
    if (result.verdict.class === 'park' && result.verdict.outcomeUnknown) this.isUnknown = true;
    this.results.push(result);
    return result;
  }

  private settles(node: RegistryNode, result: CallResult): boolean {
    const { request, order, believesOne, hasRead, primary } = this.options;
    if (!isAbsence(request, result)) return isSettled(result.verdict);
    // A node that replays its topic lacks what it has not read yet.
    const isInformed = hasRead(node);
    if (isInformed) this.denials += 1;
    return believesOne || this.denials === order.length || (isInformed && node.url === primary());
  }

  private unsettled(): CallResult {
    const { best, results, isUnknown } = this;
    if (best === undefined) throw new Error('A registry needs at least one URL.');
    if (isAbsence(this.options.request, best)) return lagging(best);
    const told = withLeastWait(best, results);
    // What may have been written stays "may have been written", whichever node answered last.
    return isUnknown && told.verdict.class === 'park'
      ? { ...told, verdict: { ...told.verdict, outcomeUnknown: true } }
      : told;
  }
}

/** A reused connection may just have been stale; with one URL only, another connection may lead to another node behind it. */
function deservesFreshConnection(result: CallResult, nodes: number): boolean {
  if (result.issuer !== undefined) return false;
  if (result.status !== undefined) return nodes === 1 && result.status !== 429;
  // A node that answers nothing costs the whole time limit once more: another one is the better second try.
  if (result.transport === 'timeout') return nodes === 1;
  return result.transport !== 'connect';
}
