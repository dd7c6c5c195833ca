/** The order in which schemas can be read: Karapace drops one that comes before what it refers to (specs/registry.md, chapter 5). */
import type { SchemaReference } from '../../sdk/schema-view.ts';
import { LATEST, referred } from './referenced-subject.ts';

/** Each behind what it needs; otherwise as given. Those that need each other in a circle come in some order: none is right. */
export function inReferenceOrder<T>(items: Iterable<T>, needsOf: (item: T) => Iterable<T>): T[] {
  const ordered: T[] = [];
  const seen = new Set<T>();
  // With a stack of its own: a chain of references may be longer than the call stack.
  for (const root of items) {
    if (seen.has(root)) continue;
    seen.add(root);
    const path = [{ item: root, needs: needsOf(root)[Symbol.iterator]() }];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const needed = top.needs.next();
      if (needed.done === true) {
        ordered.push(top.item);
        path.pop();
      } else if (!seen.has(needed.value)) {
        seen.add(needed.value);
        path.push({ item: needed.value, needs: needsOf(needed.value)[Symbol.iterator]() });
      }
    }
  }
  return ordered;
}

interface Version {
  readonly subject: string;
  readonly version: number;
  /** Soft-deleted: the latest one only where none is alive. */
  readonly deleted?: boolean | undefined;
}

/** Finds which of some versions a reference of another one needs; undefined: none of them. */
export type TargetFinder<T> = (
  reference: Pick<SchemaReference, 'subject' | 'version'>,
  by: T,
  /** Whether it was there when `by` was written. */
  wasBefore: (other: T) => boolean,
) => T | undefined;

/**
 * A reference to the latest version needs the highest living one of those that were there before, or else the lowest living one, as later ones
 * may themselves need what refers to it.
 */
export function targetsAmong<T extends Version>(versions: Iterable<T>): TargetFinder<T> {
  const bySubject = new Map<string, Map<number, T>>();
  for (const each of versions) {
    const known = bySubject.get(each.subject);
    if (known === undefined) bySubject.set(each.subject, new Map([[each.version, each]]));
    else known.set(each.version, each);
  }
  return (reference, by, wasBefore) => {
    const { subject, version } = referred(reference, by.subject);
    const there = bySubject.get(subject);
    return version === LATEST ? latestFor(there?.values() ?? [], by, wasBefore) : there?.get(version);
  };
}

function latestFor<T extends Version>(versions: Iterable<T>, by: T, wasBefore: (other: T) => boolean): T | undefined {
  let highest: T | undefined;
  let lowest: T | undefined;
  const others = [...versions].filter((each) => each !== by);
  const living = others.filter(({ deleted }) => deleted !== true);
  for (const each of living.length > 0 ? living : others) {
    if (wasBefore(each) && (highest === undefined || each.version > highest.version)) highest = each;
    if (lowest === undefined || each.version < lowest.version) lowest = each;
  }
  return highest ?? lowest;
}
