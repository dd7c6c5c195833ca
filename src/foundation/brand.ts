/**
 * Brands: how `instanceof` holds between two copies of the same class.
 *
 * A plugin may carry its own copy of `holdfast/sdk`. Its `RetriableError` is then another class object than the worker's, and a plain
 * `instanceof` would be false for an error that is one. A branded class puts a `Symbol.for` key, the same in every copy, on its prototype,
 * and its `instanceof` asks for the key instead of the prototype chain.
 */

type AnyClass = abstract new (...args: never[]) => object;

/**
 * Brands a class; call it in a static block. Instances of derived classes carry the brand too. A derived class without a brand of its own
 * (a plugin author's) keeps the language's own check, so that a plain `RetriableError` is not taken for a `MyRetriableError`.
 */
export function brandClass(target: AnyClass, brand: symbol): void {
  Object.defineProperty(target.prototype, brand, { value: true });
  Object.defineProperty(target, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      return this === target ? isBranded(value, brand) : Function.prototype[Symbol.hasInstance].call(this, value);
    },
  });
}

/** True for a class that was branded itself, as opposed to one derived from a branded class. */
export function isBrandedClass(target: object): boolean {
  return Object.hasOwn(target, Symbol.hasInstance);
}

/** True if the value carries the brand. Never throws: a proxy that does when it is asked carries none. */
export function isBranded(value: unknown, brand: symbol): boolean {
  try {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
  } catch {
    return false;
  }
}
