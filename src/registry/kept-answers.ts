/** Answers that do not expire: bounded, and found by their question, or by the id that they name. */
import type { Clock } from '../foundation/clock.ts';
import { LruCache } from '../foundation/lru-cache.ts';
import type { KnownEntry } from './known-schemas.ts';
import { contextOf } from './registry-requests.ts';
import type { ContextId } from './schema-contents.ts';

export class KeptAnswers {
  private readonly byKey: LruCache<string, KnownEntry>;
  /** By context and id, then by question: those in `byKey` that name an id. */
  private readonly byId = new Map<string, Map<string, KnownEntry>>();

  constructor(options: { readonly maxEntries: number; readonly clock: Clock }) {
    this.byKey = new LruCache({ ...options, onRemoved: (entry) => this.removed(entry) });
  }

  get size(): number {
    return this.byKey.size;
  }

  has(key: string): boolean {
    return this.byKey.has(key);
  }

  get(key: string): KnownEntry | undefined {
    return this.byKey.get(key);
  }

  set(entry: KnownEntry): void {
    this.byKey.set(entry.key, entry);
    if (entry.question.kind === 'by-guid') return;
    const id = idKeyOf(entry);
    const same = this.byId.get(id) ?? new Map<string, KnownEntry>();
    this.byId.set(id, same.set(entry.key, entry));
  }

  delete(key: string): void {
    this.byKey.delete(key);
  }

  /** The one used longest ago first. */
  values(): IterableIterator<KnownEntry> {
    return this.byKey.values();
  }

  /** Those that name this id. Takes as long as they are many; does not count as use. */
  of({ context, id }: ContextId): KnownEntry[] {
    return [...(this.byId.get(keyOf(context, id))?.values() ?? [])];
  }

  private removed(entry: KnownEntry): void {
    const id = idKeyOf(entry);
    const same = this.byId.get(id);
    same?.delete(entry.key);
    if (same?.size === 0) this.byId.delete(id);
  }
}

const keyOf = (context: string, id: number): string => `${id} ${context}`;
const idKeyOf = ({ question, known }: KnownEntry): string => keyOf(contextOf(question.subject), known.schema.id);
