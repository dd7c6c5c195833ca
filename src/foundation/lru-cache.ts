import { type Clock, systemClock } from './clock.ts';

/** Limits of an {@link LruCache}. */
export interface LruCacheOptions<V = unknown> {
  /** The most entries it holds; the one used longest ago goes first. */
  readonly maxEntries: number;
  /** Milliseconds after which an entry is gone, counted from `set`; unlimited if absent. */
  readonly ttlMs?: number;
  /** Measures the time to live. */
  readonly clock?: Clock;
  /** An entry is held no more: it was replaced, deleted, found to be over, or there was no room for it. */
  onRemoved?(value: V): void;
}

interface Entry<V> {
  readonly value: V;
  readonly expiresAt: number;
}

/** A map bounded in size, and if wished in time. Operations take constant time. */
export class LruCache<K, V> {
  private readonly entries = new Map<K, Entry<V>>();
  private readonly maxEntries: number;
  private readonly ttlMs: number | undefined;
  private readonly clock: Clock;
  private readonly onRemoved: LruCacheOptions<V>['onRemoved'];

  constructor(options: LruCacheOptions<V>) {
    if (!(options.maxEntries >= 1))
      throw new RangeError(`maxEntries must be at least 1, but is ${options.maxEntries}.`);
    this.maxEntries = options.maxEntries;
    this.ttlMs = options.ttlMs;
    this.clock = options.clock ?? systemClock;
    this.onRemoved = options.onRemoved;
  }

  /** Entries held, including those whose time is over but that nobody asked for since. */
  get size(): number {
    return this.entries.size;
  }

  /** The value, which then counts as just used. */
  get(key: K): V | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    this.entries.delete(key);
    if (this.isExpired(entry)) {
      this.onRemoved?.(entry.value);
      return undefined;
    }
    this.entries.set(key, entry);
    return entry.value;
  }

  /** True if `get` would find it. Does not count as use. */
  has(key: K): boolean {
    const entry = this.entries.get(key);
    return entry !== undefined && !this.isExpired(entry);
  }

  set(key: K, value: V): void {
    this.delete(key);
    const expiresAt = this.ttlMs === undefined ? Number.POSITIVE_INFINITY : this.clock.monotonic() + this.ttlMs;
    this.entries.set(key, { value, expiresAt });
    if (this.entries.size > this.maxEntries) {
      const oldest = this.entries.keys().next();
      if (oldest.done !== true) this.delete(oldest.value);
    }
  }

  /** What `get` would find, the one used longest ago first. Does not count as use. */
  *values(): IterableIterator<V> {
    for (const entry of this.entries.values()) if (!this.isExpired(entry)) yield entry.value;
  }

  delete(key: K): boolean {
    const entry = this.entries.get(key);
    if (entry === undefined) return false;
    this.entries.delete(key);
    this.onRemoved?.(entry.value);
    return true;
  }

  clear(): void {
    if (this.onRemoved === undefined) this.entries.clear();
    else for (const key of [...this.entries.keys()]) this.delete(key);
  }

  private isExpired(entry: Entry<V>): boolean {
    return entry.expiresAt !== Number.POSITIVE_INFINITY && entry.expiresAt <= this.clock.monotonic();
  }
}
