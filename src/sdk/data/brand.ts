/** Brands of the data classes: `instanceof` by `Symbol.for`, so that it holds between two copies of the SDK. */

type AnyClass = abstract new (...args: never[]) => object;

/**
 * Puts the brand on the prototype of the class and makes `instanceof` ask for it. Classes derived from it that have no brand of their own
 * keep the language's own check.
 */
export function brandDataClass(target: AnyClass, brand: symbol): void {
  Object.defineProperty(target.prototype, brand, { value: true });
  Object.defineProperty(target, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      return this === target ? isBranded(value, brand) : Function.prototype[Symbol.hasInstance].call(this, value);
    },
  });
}

/** True if the value carries the brand. */
export function isBranded(value: unknown, brand: symbol): boolean {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
}
