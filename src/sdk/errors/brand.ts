/**
 * Brands: how `instanceof` holds between two copies of the SDK.
 *
 * A plugin may carry its own copy of `holdfast/sdk`. Its `RetriableError` is then another class object than the worker's, and a plain
 * `instanceof` would be false for an error that is one. Every class of the SDK therefore puts a `Symbol.for` key on its prototype, and
 * its `Symbol.hasInstance` asks for the key instead of the prototype chain.
 */

/** The prefix of every error brand, as found by `Symbol.keyFor`. */
export const ERROR_BRAND_PREFIX = 'holdfast.error.';

type AnyClass = abstract new (...args: never[]) => object;

/** Classes that put a brand on their own prototype, and the brand they put there. */
const ownBrands = new WeakMap<object, symbol>();

/**
 * Puts the brand `Symbol.for(key)` on the class's prototype.
 *
 * Call it in a static block of the class. A class whose chain has {@link hasBrandedInstance} as `Symbol.hasInstance` then recognises
 * instances made by any other copy of the same class, and of classes derived from it.
 */
export function brandClass(target: AnyClass, key: string): void {
  const brand = Symbol.for(key);
  Object.defineProperty(target.prototype, brand, { value: true });
  ownBrands.set(target, brand);
}

/** True if the class itself was branded, as opposed to a class derived from a branded one. */
export function isBrandedClass(target: object): boolean {
  return ownBrands.has(target);
}

/**
 * The body of a branded class's `static [Symbol.hasInstance]`.
 *
 * For a class that has no brand of its own (a plugin author's subclass) this is the language's own check, so that a plain
 * `RetriableError` is not taken for a `MyRetriableError`.
 */
export function hasBrandedInstance(target: object, value: unknown): boolean {
  const brand = ownBrands.get(target);
  if (brand === undefined) return Function.prototype[Symbol.hasInstance].call(target, value);
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
}

/** The names of the error brands an object carries, the most derived first. */
export function errorBrandsOf(error: object): string[] {
  const names: string[] = [];
  for (let at: object | null = error; at !== null; at = Object.getPrototypeOf(at)) {
    for (const symbol of Object.getOwnPropertySymbols(at)) {
      const key = Symbol.keyFor(symbol);
      if (key?.startsWith(ERROR_BRAND_PREFIX) === true) {
        const name = key.slice(ERROR_BRAND_PREFIX.length);
        if (!names.includes(name)) names.push(name);
      }
    }
  }
  return names;
}
