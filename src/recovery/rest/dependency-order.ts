/** Which schema has to be there before which other one. */
import type { SchemaReference } from '../../sdk/schema-view.ts';
import { targetsAmong } from '../records/reference-order.ts';

export interface Dependent {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly references: readonly SchemaReference[];
}

export interface DependencyOrder<T> {
  /** Each after what it refers to, as far as that is among them; otherwise by id. Those of a circle are not in it, nor what needs one. */
  readonly order: readonly T[];
  /** The versions of the first circle that was found, each referring to the next, the last one to the first; undefined: there is none. */
  readonly circle: readonly T[] | undefined;
}

interface Visit<T> {
  readonly item: T;
  next: number;
}

/**
 * Not recursive: chains of references may be long.
 * @param rank lower ones first, before ids are looked at
 */
export function dependencyOrder<T extends Dependent>(
  versions: readonly T[],
  rank: (version: T) => number = () => 0,
): DependencyOrder<T> {
  const targetOf = targetsAmong(versions);
  const sorted = [...versions].sort(
    (a, b) => rank(a) - rank(b) || a.id - b.id || compare(a.subject, b.subject) || a.version - b.version,
  );
  const state = new Map<T, 'open' | 'done' | 'stuck'>();
  const order: T[] = [];
  let circle: readonly T[] | undefined;
  for (const root of sorted) {
    if (state.has(root)) continue;
    const path: Visit<T>[] = [{ item: root, next: 0 }];
    state.set(root, 'open');
    for (let visit = path.at(-1); visit !== undefined; visit = path.at(-1)) {
      const { item } = visit;
      const reference = item.references[visit.next++];
      if (reference === undefined) {
        path.pop();
        if (state.get(item) !== 'open') continue;
        state.set(item, 'done');
        order.push(item);
        continue;
      }
      const needed = targetOf(reference, item, ({ id }) => id < item.id);
      if (needed === undefined) continue;
      const known = state.get(needed);
      if (known === undefined) {
        state.set(needed, 'open');
        path.push({ item: needed, next: 0 });
      } else if (known !== 'done') {
        const from = path.findIndex((each) => each.item === needed);
        if (from >= 0) circle ??= path.slice(from).map((each) => each.item);
        for (const each of path) state.set(each.item, 'stuck');
      }
    }
  }
  return { order, circle };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
