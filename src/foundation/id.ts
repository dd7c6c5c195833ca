import { randomUUID } from 'node:crypto';

declare const idTag: unique symbol;

/** A string that stands for one kind of thing, and is not taken for another kind by mistake. */
export type Id<Kind extends string> = string & { readonly [idTag]: Kind };

/** Declares that a string is an id of that kind. */
export function asId<Kind extends string>(text: string): Id<Kind> {
  return text as Id<Kind>;
}

/** A new id that is unique in the world. */
export function newId<Kind extends string>(): Id<Kind> {
  return asId<Kind>(randomUUID());
}
