import { inspect } from 'node:util';
import { brandClass, isBranded } from '../../foundation/brand.ts';

const BRAND = Symbol.for('holdfast.config.Password');
const HIDDEN = '[hidden]';

/**
 * A secret setting. Invariant 8: it shows as `[hidden]` in texts, JSON, spreads and inspections; only `value()` gives it away.
 */
export class Password {
  /** The secret itself. Don't log it. */
  declare readonly value: () => string;

  constructor(secret: string) {
    // A closure, and not enumerable: no dump of the object's properties can show it.
    Object.defineProperty(this, 'value', { value: () => secret });
    Object.freeze(this);
  }

  equals(other: unknown): boolean {
    return isPassword(other) && other.value() === this.value();
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }

  static {
    brandClass(Password, BRAND);
  }
}

/** True for a Password of this or any other copy of the SDK. */
export function isPassword(value: unknown): value is Password {
  return isBranded(value, BRAND);
}
