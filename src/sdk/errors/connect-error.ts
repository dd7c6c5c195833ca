import { brandClass, isBrandedClass } from '../../foundation/brand.ts';
import { defineErrorCode } from './codes.ts';

/** The prefix of every error brand, as found by `Symbol.keyFor`. */
export const ERROR_BRAND_PREFIX = 'holdfast.error.';

type ErrorClass = abstract new (...args: never[]) => ConnectError;

// Above the classes, as their static blocks write to it while the module loads.
const classesByBrand = new Map<string, ErrorClass>();

/** What an error may carry beside its message. */
export interface ConnectErrorOptions {
  /** The stable dotted code; the class's own by default. */
  readonly code?: string;
  /** What led to it. Any value: plugins throw all sorts of things. */
  readonly cause?: unknown;
  /** Structured facts for logs. Structured-cloneable, and never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The code of a failure that nobody classified further. */
export const CONNECT_FAILED = defineErrorCode('holdfast.connect.failed', {
  what: 'A connector, task or plugin failed in a way that was not classified further.',
  mend: 'Read the message and its causes; restart the connector or task once the cause is gone.',
});

/**
 * The root of every error that Holdfast raises, and that plugins should raise.
 *
 * `instanceof` holds between copies of the SDK (they are branded), and for plugin authors' own subclasses.
 */
export class ConnectError extends Error {
  static readonly defaultCode: string = CONNECT_FAILED;

  /** Stable and dotted, such as `holdfast.registry.unavailable`. Safe to match on; messages are not. */
  readonly code: string;
  /** Structured facts for logs, or undefined. */
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(message: string, options: ConnectErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code ?? new.target.defaultCode;
    this.details = options.details;
    if (!isBrandedClass(new.target)) {
      // A plugin's own subclass: name it after its class, as its parent's prototype name would hide it in logs.
      Object.defineProperty(this, 'name', { value: new.target.name, configurable: true, writable: true });
    }
  }

  static {
    brandErrorClass(ConnectError, 'ConnectError');
  }
}

/**
 * Gives an error class its brand and its `name`. Call it in a static block of every error class:
 *
 * ```ts
 * export class RegistryUnavailableError extends EnvironmentError {
 *   static override readonly defaultCode: string = REGISTRY_UNAVAILABLE;
 *   static { brandErrorClass(RegistryUnavailableError, 'RegistryUnavailableError'); }
 * }
 * ```
 */
export function brandErrorClass(target: ErrorClass, name: string): void {
  brandClass(target, Symbol.for(ERROR_BRAND_PREFIX + name));
  Object.defineProperty(target.prototype, 'name', { value: name, configurable: true, writable: true });
  classesByBrand.set(name, target);
}

/** The class that carries this brand in this copy of the SDK, if it was loaded. */
export function errorClassFor(name: string): ErrorClass | undefined {
  return classesByBrand.get(name);
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
