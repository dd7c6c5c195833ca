/** Goes through a value that is to be logged, and masks every text in it. Invariant 8. */

const MAX_DEPTH = 8;
/** Of values in one; a log line with more in it is cut anyway. */
const MAX_VALUES = 20_000;
const TOO_LARGE = '[too large to be shown]';
const CIRCULAR = '[Circular]';
const NO_TEXT = '[a value that has no text form]';

export class Masking {
  private readonly mask: (text: string) => string;
  private readonly entered = new Set<object>();
  private readonly done = new Map<object, unknown>();
  private count = 0;

  constructor(mask: (text: string) => string) {
    this.mask = mask;
  }

  /** The same value if there is nothing to mask in it. Never throws. */
  of(value: unknown, depth = 0): unknown {
    if (typeof value === 'string') return this.mask(value);
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
    if (this.done.has(value)) return this.done.get(value);
    if (this.entered.has(value)) return CIRCULAR;
    if (depth > MAX_DEPTH || ++this.count > MAX_VALUES) return TOO_LARGE;
    this.entered.add(value);
    let masked: unknown;
    try {
      masked = value instanceof Error ? this.error(value, depth) : this.object(value, depth);
    } catch {
      // A getter that throws, say.
      masked = NO_TEXT;
    }
    this.entered.delete(value);
    this.done.set(value, masked);
    return masked;
  }

  private object(value: object, depth: number): unknown {
    if (Array.isArray(value)) return this.list(value, depth);
    if (value instanceof Map || value instanceof Set) {
      const items: unknown[] = [...value];
      const masked = this.list(items, depth);
      return masked === items ? value : masked;
    }
    const { toJSON } = value as { readonly toJSON?: unknown };
    if (typeof toJSON === 'function') {
      const json: unknown = toJSON.call(value, '');
      const masked = json === value ? this.fields(value, depth) : this.of(json, depth + 1);
      return masked === json ? value : masked;
    }
    return this.fields(value, depth);
  }

  private fields(value: object, depth: number): unknown {
    let changed = false;
    const entries = Object.entries(value).map(([key, item]) => {
      const [shown, masked] = [this.mask(key), this.of(item, depth + 1)];
      changed ||= masked !== item || shown !== key;
      return [shown, masked] as const;
    });
    return changed ? Object.fromEntries(entries) : value;
  }

  private list(items: readonly unknown[], depth: number): unknown {
    const masked = items.map((item) => this.of(item, depth + 1));
    return masked.some((item, at) => item !== items[at]) ? masked : items;
  }

  /** A twin with the same class and fields: whoever told it apart by them still does. */
  private error(error: Error, depth: number): Error {
    const message = this.mask(error.message);
    const stack = error.stack === undefined ? undefined : this.mask(error.stack);
    const fields = Object.entries(error).map(([key, field]) => [key, field, this.of(field, depth + 1)] as const);
    const cause = this.of(error.cause, depth + 1);
    const same = message === error.message && stack === error.stack && cause === error.cause;
    if (same && fields.every(([, field, masked]) => field === masked)) return error;
    const twin = Object.create(Object.getPrototypeOf(error), Object.getOwnPropertyDescriptors(error)) as Error;
    for (const [key, , masked] of fields) define(twin, key, masked, true);
    define(twin, 'message', message, false);
    define(twin, 'stack', stack, false);
    if (error.cause !== undefined) define(twin, 'cause', cause, false);
    return twin;
  }
}

function define(target: Error, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(target, key, { value, enumerable, writable: true, configurable: true });
}
