/** Properties of an Avro schema that are none of Avro's own, as they are read leniently: what is of another type counts as absent. */
import { type Json, JsonNumber } from '../json/json-text.ts';

export function textOf(json: Json | undefined): string | null {
  return typeof json === 'string' ? json : null;
}

/** Whatever the case. */
export function is(json: Json | undefined, text: string): boolean {
  return typeof json === 'string' && json.toLowerCase() === text;
}

/** A number, cut off if it has a fraction. */
export function integerOf(json: Json | undefined): number | undefined {
  if (typeof json === 'bigint' || typeof json === 'number') return Number(json);
  return json instanceof JsonNumber ? Math.trunc(json.toNumber()) : undefined;
}
