/** Which nodes of a registry are away, and whether all of them were at once. */
import type { Clock } from '../foundation/clock.ts';
import { steadyNow } from '../foundation/steady-time.ts';

export class NodePresence {
  private readonly nodes: readonly string[];
  private readonly clock: Clock;
  private readonly away = new Set<string>();
  /** ms since the epoch; undefined: somebody is there. */
  private desertedAt: number | undefined;

  constructor(options: { readonly nodes: readonly string[]; readonly clock: Clock }) {
    this.nodes = options.nodes;
    this.clock = options.clock;
  }

  isAway(node: string): boolean {
    return this.away.has(node);
  }

  /** Whether nobody is left. */
  left(node: string): boolean {
    this.away.add(node);
    if (this.away.size < this.nodes.length) return false;
    this.desertedAt ??= steadyNow(this.clock);
    return true;
  }

  /** The first one that is back ends the time in which nobody was there: since when, in ms since the epoch; undefined: somebody was. */
  returned(node: string): number | undefined {
    const { desertedAt } = this;
    this.away.delete(node);
    this.desertedAt = undefined;
    return desertedAt;
  }
}
