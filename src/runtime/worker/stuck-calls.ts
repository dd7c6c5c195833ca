/** The calls of plugins that have not returned for long, of the whole worker, and how many there were. */
import type { StuckInfo } from './plugin-watch.ts';

/** Whose call it is; `task` is null for the connector itself. */
export interface CallOwner {
  readonly connector: string;
  readonly task: number | null;
}

export type StuckCall = CallOwner & StuckInfo;

export class StuckCalls {
  private readonly current = new Map<object, StuckCall>();
  private readonly counted = new WeakMap<object, string>();
  private readonly counts = new Map<string, { readonly connector: string; readonly method: string; count: number }>();

  /** What a watch sees of its one plugin now; null: that it returns. */
  set(watch: object, call: StuckCall | null): void {
    if (call === null) this.current.delete(watch);
    else this.current.set(watch, call);
    if (call === null || call.method === null) return;
    const { connector, method, since } = call;
    // Shown again after a loop was blocked, it is the same call.
    if (this.counted.get(watch) === `${method} ${since}`) return;
    this.counted.set(watch, `${method} ${since}`);
    const key = JSON.stringify([connector, method]);
    const counted = this.counts.get(key) ?? { connector, method, count: 0 };
    counted.count += 1;
    this.counts.set(key, counted);
  }

  list(): readonly StuckCall[] {
    return [...this.current.values()];
  }

  /** Those that have returned since, too. */
  totals(): readonly { readonly connector: string; readonly method: string; readonly count: number }[] {
    return [...this.counts.values()];
  }

  /** The totals of connectors that are gone go with them. */
  forgetAllBut(connectors: ReadonlySet<string>): void {
    for (const [key, { connector }] of this.counts) if (!connectors.has(connector)) this.counts.delete(key);
  }
}
