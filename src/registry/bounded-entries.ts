/** Entries of the schema store in memory, within a number and a size: those written or used longest ago make room first. */
import { isPermanent, schemaNeededBy } from './stored-entries.ts';

interface Entry {
  readonly value: object;
  /** Characters of key and value as they are written: bytes, for what is nearly always ASCII. */
  readonly bytes: number;
  /** The schema that goes with it. */
  readonly needs: string | null;
}

export class BoundedEntries {
  private readonly maxEntries: number;
  private readonly maxBytes: number;
  /** In order of writing or use. */
  private readonly entries = new Map<string, Entry>();
  /** What is of no use without a schema, by the key of that schema. */
  private readonly needing = new Map<string, Set<string>>();
  private heldBytes = 0;

  constructor(options: { readonly maxEntries: number; readonly maxBytes: number }) {
    this.maxEntries = options.maxEntries;
    this.maxBytes = options.maxBytes;
  }

  get size(): number {
    return this.entries.size;
  }

  get bytes(): number {
    return this.heldBytes;
  }

  get(key: string): object | undefined {
    return this.entries.get(key)?.value;
  }

  /** As `get`, and the entry makes room after all others from now on. */
  use(key: string): object | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.value;
  }

  *values(): Generator<object> {
    for (const { value } of this.entries.values()) yield value;
  }

  *keys(): Generator<string> {
    yield* this.entries.keys();
  }

  set(key: string, value: object, textLength: number): void {
    this.delete(key);
    const entry = { value, bytes: key.length + textLength, needs: schemaNeededBy(value) };
    // Whoever proves something of a schema uses it.
    if (entry.needs !== null) this.use(entry.needs);
    this.entries.set(key, entry);
    this.heldBytes += entry.bytes;
    if (entry.needs === null) return;
    const needing = this.needing.get(entry.needs);
    if (needing === undefined) this.needing.set(entry.needs, new Set([key]));
    else needing.add(key);
  }

  delete(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    this.heldBytes -= entry.bytes;
    if (entry.needs === null) return;
    const needing = this.needing.get(entry.needs);
    needing?.delete(key);
    if (needing?.size === 0) this.needing.delete(entry.needs);
  }

  /** The key, and those of what is of no use without its entry. */
  withWhatNeeds(key: string): readonly string[] {
    return [key, ...(this.needing.get(key) ?? [])];
  }

  /** Takes out what is too much, with all that is of no use without it, and returns the keys. */
  makeRoom(): readonly string[] {
    const gone: string[] = [];
    if (!this.isOverfull()) return gone;
    for (const key of this.entries.keys()) {
      if (isPermanent(key)) continue;
      for (const each of this.withWhatNeeds(key)) {
        this.delete(each);
        gone.push(each);
      }
      if (!this.isOverfull()) break;
    }
    return gone;
  }

  private isOverfull(): boolean {
    return this.entries.size > this.maxEntries || this.heldBytes > this.maxBytes;
  }
}
