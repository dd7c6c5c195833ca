/** In which order the nodes of a registry are asked. */
import type { Clock } from '../foundation/clock.ts';
import type { NodeBook, RegistryNode } from './node-book.ts';

export interface NodeOrderOptions {
  readonly book: NodeBook;
  readonly clock: Clock;
  /** The node that writes go to first; null: unknown. */
  readonly primary: () => string | null;
  /** What the node says of itself; null: nothing. */
  readonly isReady: (node: string) => boolean | null;
  /** The node that begins while nothing is known of any. */
  readonly first: number;
}

/**
 * Reads are dealt out by smooth weighted round robin, each node's weight being the inverse of what a request costs there: equal nodes take
 * turns, one that is ten times slower gets a tenth, and one that hangs gets nothing more while it hangs. Writes begin with the primary, and end with nodes that left one unanswered. In
 * both a node that is not ready comes after those that are, and a dead one last.
 */
export class NodeOrder {
  private readonly options: NodeOrderOptions;

  constructor(options: NodeOrderOptions) {
    this.options = options;
    const { nodes } = options.book;
    nodes.forEach((node, index) => {
      // Owed next to nothing: it only decides between equals.
      node.credit = -((index - options.first + nodes.length) % nodes.length) * 1e-9;
    });
  }

  forReads(): RegistryNode[] {
    const order = this.ranked(null);
    const [first] = order;
    if (first === undefined) return order;
    // Only nodes of the same standing share.
    const sharing = order.filter((node) => this.rank(node, null) === this.rank(first, null));
    let chosen = first;
    let total = 0;
    for (const node of sharing) {
      const weight = 1 / node.cost;
      total += weight;
      node.credit += weight;
      if (node.credit > chosen.credit) chosen = node;
    }
    chosen.credit -= total;
    return [chosen, ...order.filter((node) => node !== chosen)];
  }

  /** @param lastWriter Who took the last write; preferred while no primary is known. */
  forWrites(lastWriter: string | null): RegistryNode[] {
    const order = this.ranked(this.options.primary() ?? lastWriter);
    const hanging = order.filter((node) => node.alive && this.hangsWrites(node));
    const dead = order.filter((node) => !node.alive);
    return [...order.filter((node) => !hanging.includes(node) && !dead.includes(node)), ...hanging, ...dead];
  }

  /** It left a write unanswered a short time ago. */
  hangsWrites(node: RegistryNode): boolean {
    return node.writesHungUntil > this.options.clock.monotonic();
  }

  /** Another primary was named while a write hung: it is next, even if it was that node where the write hung, and then those that are left. */
  afterChange(left: readonly RegistryNode[]): RegistryNode[] {
    const primary = this.options.primary();
    return this.forWrites(null).filter((node) => node.url === primary || left.includes(node));
  }

  /** Those that cost least first, within each standing. */
  private ranked(preferred: string | null): RegistryNode[] {
    const ranks = new Map(this.options.book.nodes.map((node) => [node, this.rank(node, preferred)]));
    const costs = new Map(this.options.book.nodes.map((node) => [node, node.cost]));
    return [...this.options.book.nodes].sort(
      (a, b) =>
        (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0) || (costs.get(a) ?? 0) - (costs.get(b) ?? 0) || b.credit - a.credit,
    );
  }

  private rank(node: RegistryNode, preferred: string | null): number {
    if (!node.alive) return 4;
    if (node.url === preferred) return 0;
    if (this.options.isReady(node.url) === false) return 3;
    return node.shunnedUntil > this.options.clock.monotonic() ? 2 : 1;
  }
}
