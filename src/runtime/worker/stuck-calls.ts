/** The calls of plugins that have not returned for long, of the whole worker, and how many there were. */
import type { StuckInfo } from './plugin-watch.ts';

/** Whose call it is; `task` is null for the connector itself. */
export interface CallOwner {
  readonly connector: string;
  readonly task: number | null;
}

export type StuckCall = CallOwner & StuckInfo;

/** Calls of one method of one plugin: the oldest of them. */
export interface StuckCallGroup extends StuckCall {
  /** How many of them have not returned. */
  readonly count: number;
}

/** Questions whether a configuration is valid, say, may hang with each request: so many of a method are kept apart, the oldest. */
const KEPT = 100;

interface Group {
  readonly kept: Map<object, StuckCall>;
  count: number;
  /** The oldest of those that were not kept. */
  other: StuckCall | null;
}

export class StuckCalls {
  private readonly groups = new Map<string, Group>();
  /** Weak, as a call that never returns is referred to by nobody. */
  private readonly keys = new WeakMap<object, string>();
  private readonly counted = new WeakMap<object, string>();
  private readonly counts = new Map<string, { readonly connector: string; readonly method: string; count: number }>();

  /** What a watch sees of its one plugin now; null: that it returns. */
  set(watch: object, call: StuckCall | null): void {
    const key = call === null ? null : JSON.stringify([call.connector, call.task, call.method]);
    if (this.keys.get(watch) !== key) this.leave(watch);
    if (call !== null && key !== null) this.enter(watch, key, call);
    if (call === null || call.method === null) return;
    const { connector, method, since } = call;
    // Shown again after a loop was blocked, it is the same call.
    if (this.counted.get(watch) === `${method} ${since}`) return;
    this.counted.set(watch, `${method} ${since}`);
    const counter = JSON.stringify([connector, method]);
    const counted = this.counts.get(counter) ?? { connector, method, count: 0 };
    counted.count += 1;
    this.counts.set(counter, counted);
  }

  /**
   * One for each method of each plugin that has calls which do not return. Bounded in memory: of more than 100 calls of one method the oldest
   * 100 are known one by one; once all those have returned, the age of the rest is that of the oldest that ever was among them.
   */
  list(): readonly StuckCallGroup[] {
    return [...this.groups.values()].flatMap(({ kept, count, other }) => {
      const candidates = kept.size > 0 || other === null ? [...kept.values()] : [other];
      const [first, ...rest] = candidates;
      if (first === undefined) return [];
      return [{ ...rest.reduce((oldest, call) => (call.since < oldest.since ? call : oldest), first), count }];
    });
  }

  /** Those that have returned since, too. */
  totals(): readonly { readonly connector: string; readonly method: string; readonly count: number }[] {
    return [...this.counts.values()];
  }

  private enter(watch: object, key: string, call: StuckCall): void {
    const group = this.groups.get(key) ?? { kept: new Map<object, StuckCall>(), count: 0, other: null };
    this.groups.set(key, group);
    const isNew = this.keys.get(watch) !== key;
    if (isNew) {
      this.keys.set(watch, key);
      group.count += 1;
    }
    if (group.kept.has(watch) || (isNew && group.kept.size < KEPT)) group.kept.set(watch, call);
    else if (group.other === null || call.since < group.other.since) group.other = call;
  }

  private leave(watch: object): void {
    const key = this.keys.get(watch);
    if (key === undefined) return;
    this.keys.delete(watch);
    const group = this.groups.get(key);
    if (group === undefined) return;
    group.kept.delete(watch);
    group.count -= 1;
    if (group.count === 0) this.groups.delete(key);
  }

  /** The totals of connectors that are gone go with them. */
  forgetAllBut(connectors: ReadonlySet<string>): void {
    for (const [key, { connector }] of this.counts) if (!connectors.has(connector)) this.counts.delete(key);
  }
}
