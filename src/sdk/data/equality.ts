/** Deep equality of Connect values, and a hash that agrees with it. */

interface Equatable {
  equals(other: unknown): boolean;
}

/**
 * True if two Connect values are the same: by content for bytes, dates, arrays, maps and plain objects, by their own `equals` for Struct,
 * BigDecimal and Schema. NaN equals NaN. A number never equals a bigint. Null and undefined are the same.
 */
export function valuesEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (a === null || a === undefined) return b === null || b === undefined;
  if (b === null || b === undefined) return false;
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime();
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((element, index) => valuesEqual(element, b[index]));
  }
  if (isEquatable(a)) return a.equals(b);
  const left = entriesOf(a);
  const right = entriesOf(b);
  if (left === undefined || right === undefined || left.size !== right.size) return false;
  for (const [key, value] of left) {
    if (right.has(key) ? !valuesEqual(value, right.get(key)) : !hasEqualEntry(right, key, value)) return false;
  }
  return true;
}

/** Keys that are objects (a Struct, bytes) are found by their content. */
function hasEqualEntry(entries: ReadonlyMap<unknown, unknown>, key: unknown, value: unknown): boolean {
  if (typeof key !== 'object') return false;
  for (const [otherKey, otherValue] of entries) {
    if (valuesEqual(key, otherKey) && valuesEqual(value, otherValue)) return true;
  }
  return false;
}

function isEquatable(value: object): value is Equatable {
  return typeof (value as Partial<Equatable>).equals === 'function';
}

function entriesOf(value: object): ReadonlyMap<unknown, unknown> | undefined {
  if (value instanceof Map) return value;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? new Map(Object.entries(value)) : undefined;
}

/**
 * Keys of a Map as Java would have them: of two objects with the same content (dates, decimals, structs, lists) the first one stands for
 * both. Bytes, which Java tells apart by identity, are each a key of their own.
 */
export class MapKeys {
  private readonly buckets = new Map<number, unknown[]>();

  /** The key that came before with the same content, or else this one. */
  same(key: unknown): unknown {
    if (typeof key !== 'object' || key === null || key instanceof Uint8Array) return key;
    const hash = hashOf(key);
    const bucket = this.buckets.get(hash);
    if (bucket === undefined) {
      this.buckets.set(hash, [key]);
      return key;
    }
    const found = bucket.find((each) => valuesEqual(each, key));
    if (found === undefined) bucket.push(key);
    return found ?? key;
  }
}

/** A 32-bit hash; equal values have equal hashes. Cheap rather than thorough for large values. */
export function hashOf(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return hashOfText(value);
    case 'number':
    case 'bigint':
    case 'boolean':
      // -0 and 0 are === and so equal above; both print as 0.
      return hashOfText(String(value));
    case 'object':
      if (value === null) return 0;
      if (value instanceof Uint8Array) return value.length + 7;
      if (value instanceof Date) return hashOfText(String(value.getTime()));
      if (Array.isArray(value))
        return value.reduce<number>((hash, each) => (Math.imul(hash, 31) + hashOf(each)) | 0, 1);
      return 1;
    default:
      return 0;
  }
}

function hashOfText(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}
