/** Compares configs, modes and highest ids of two registries. */
import { contextOf } from '../../registry/subject-context.ts';
import { isJsonObject } from '../records/json-bytes.ts';
import type { JsonObject } from '../records/schemas-record.ts';
import type { RegistryState } from '../state/registry-state.ts';
import type { FindingBook } from './finding-book.ts';

/** By subject or context; '' is the whole registry. */
export type Settings = ReadonlyMap<string, JsonObject>;

export function configsOf(state: RegistryState): Settings {
  return new Map([...state.configSubjects()].map((subject) => [subject ?? '', state.config(subject)?.value ?? {}]));
}

export function modesOf(state: RegistryState): Settings {
  return new Map([...state.modeSubjects()].map((subject) => [subject ?? '', state.mode(subject)?.value ?? {}]));
}

export interface SettingsCompared {
  readonly book: FindingBook;
  readonly kind: 'config' | 'mode';
  readonly base: Settings;
  readonly other: Settings;
  readonly name: string;
  /** Whether the other side tells settings of it at all. */
  readonly isTold: (subject: string) => boolean;
  /** A registry over REST tells what holds, which may be more than what was set. */
  readonly isServed: boolean;
}

export function compareSettings(compared: SettingsCompared): void {
  const { book, kind, base, other, name, isTold, isServed } = compared;
  const add = (subject: string, message: string): void => {
    const at = subject === '' ? { node: name } : { subject, node: name };
    book.add(kind === 'config' ? 'config-differs' : 'mode-differs', at, message);
  };
  for (const [subject, value] of base) {
    if (!isTold(subject)) continue;
    const theirs = other.get(subject);
    const of = subject === '' ? 'the registry' : subject;
    if (theirs === undefined) add(subject, `The ${kind} of ${of} is ${shown(value)}, and there is none in ${name}.`);
    else if (!isIn(value, theirs) || (!isServed && !isIn(theirs, value))) {
      add(subject, `The ${kind} of ${of} is ${shown(value)}, and ${shown(theirs)} in ${name}.`);
    }
  }
  for (const [subject, theirs] of other) {
    // Every registry has a level and a mode of its own, set or not.
    if (base.has(subject) || (isServed && subject === '')) continue;
    add(subject, `Only ${name} has a ${kind} of ${subject === '' ? 'the registry' : subject}: ${shown(theirs)}.`);
  }
}

/** A context that the other side does not tell of is not compared. */
export function compareMaxIds(
  book: FindingBook,
  base: { readonly contexts: () => Iterable<string>; readonly maxId: (context: string) => number },
  other: { readonly name: string; readonly maxId: (context: string) => number | undefined },
): void {
  for (const context of base.contexts()) {
    const [ours, theirs] = [base.maxId(context), other.maxId(context)];
    if (theirs === undefined || theirs >= ours) continue;
    const of = context === '' ? '' : ` of context ${context}`;
    const message = `The highest id${of} is ${ours}, and ${theirs} in ${other.name}.`;
    book.add('max-id-lower', { context, id: ours, node: other.name }, message);
  }
}

/** A node tells settings of what has versions, of contexts, and of the whole registry. */
export function isToldByNode(state: RegistryState): (subject: string) => boolean {
  return (subject) => subject === '' || subject === `:.${contextOf(subject)}:` || state.versions(subject).length > 0;
}

/** Whether the one has all that is set in the other; null and '' are not set. */
export function isIn(part: unknown, whole: unknown): boolean {
  if (part === null || part === undefined || part === '') return true;
  if (!isJsonObject(part)) return JSON.stringify(part) === JSON.stringify(whole);
  return Object.entries(part).every(([key, value]) => isIn(value, isJsonObject(whole) ? whole[key] : undefined));
}

function shown(value: JsonObject): string {
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
