/** The content of each id that one registry gave, in memory and in the store. Invariant 6: never overwritten by another. */
import type { Clock } from '../foundation/clock.ts';
import { LruCache } from '../foundation/lru-cache.ts';
import { steadyNow } from '../foundation/steady-time.ts';
import type { IntegrityError } from '../sdk/errors/index.ts';
import type { SchemaText } from '../sdk/schema-view.ts';
import type { ClusterIdentity } from './cluster-identity.ts';
import { contentFingerprint, isSentTextComparable } from './fingerprint.ts';
import type { StoredContradiction } from './first-known.ts';
import { contentChanged } from './integrity-errors.ts';
import { contextOf } from './registry-requests.ts';
import type { SchemaStore } from './schema-store.ts';
import { contextSubject } from './subject-context.ts';

export interface Content {
  readonly text: SchemaText;
  readonly fingerprint: string;
  /** The text is the one that was sent to be registered; null when the registry gave it. */
  readonly sent: { readonly normalize: boolean } | null;
}

/** A text that came with an id. */
export interface ContentNews {
  readonly id: number;
  readonly text: SchemaText;
  /** Says the context, and helps people. */
  readonly subject: string | undefined;
  readonly node: string;
  readonly sent: Content['sent'];
}

export interface SchemaContentsOptions {
  readonly clock: Clock;
  readonly store: SchemaStore | null;
  readonly identity: ClusterIdentity;
  readonly epoch: () => string;
  readonly maxEntries: number;
}

/** An id in its context; '' is the default one. */
export interface ContextId {
  readonly context: string;
  readonly id: number;
}

export class SchemaContents {
  private readonly options: SchemaContentsOptions;
  private readonly contents: LruCache<string, Content & ContextId>;
  private readonly highest = new Map<string, number>();
  /** What earlier runs left, by cluster and context. */
  private readonly storedHighest = new Map<string, number>();

  constructor(options: SchemaContentsOptions) {
    this.options = options;
    this.contents = new LruCache({ maxEntries: options.maxEntries, clock: options.clock });
  }

  get size(): number {
    return this.contents.size;
  }

  /** The highest id of a context that the registry gave us, in this run or an earlier one, or undefined. */
  highestId(context: string): number | undefined {
    const known = this.highest.get(context);
    const key = JSON.stringify([this.options.identity.current(), context]);
    let stored = this.storedHighest.get(key);
    if (stored === undefined) {
      stored = this.options.store?.highestId(this.options.identity.current(), context) ?? 0;
      // Looked for once it can be complete, and not at every question: all entries are walked.
      if (known !== undefined) this.storedHighest.set(key, stored);
    }
    const highest = Math.max(known ?? 0, stored);
    return highest === 0 ? undefined : highest;
  }

  /** Those in memory, the one used longest ago first. */
  ids(): ContextId[] {
    return [...this.contents.values()].map(({ context, id }) => ({ context, id }));
  }

  at({ context, id }: ContextId): Content | undefined {
    return this.contents.get(keyOf(context, id)) ?? this.stored(context, id);
  }

  /** Throws RegistryIntegrityError when the id meant something else before; then nothing is changed. */
  learn(news: ContentNews): void {
    const { id, sent } = news;
    const text = textOf(news.text);
    const context = contextOf(news.subject);
    const fingerprint = contentFingerprint(text);
    const before = this.at({ context, id });
    if (before !== undefined) compare(before, { ...news, text });
    const key = keyOf(context, id);
    if (before === undefined || isReplaced(before, sent)) {
      this.contents.set(key, { context, id, text, fingerprint, sent });
      this.keep(context, id, text, fingerprint, sent !== null);
    } else this.contents.set(key, { context, id, ...before });
    this.highest.set(context, Math.max(id, this.highest.get(context) ?? 0));
  }

  /** Throws like `learn`, but learns nothing: for an id that may yet come to nothing. `sent` is what it was acknowledged for. */
  check(news: ContentNews, sent: { readonly text: SchemaText; readonly normalize: boolean }): void {
    const before = this.at({ context: contextOf(news.subject), id: news.id });
    if (before !== undefined) compare(before, news);
    const text = textOf(sent.text);
    compare({ text, fingerprint: contentFingerprint(text), sent }, news);
  }

  /** The store has more than before: what an earlier run left, or what was kept under another name of the cluster. */
  storeGrew(): void {
    this.storedHighest.clear();
  }

  /** The store knew the id by other content than what came for it: that is forgotten, for what was known first counts. */
  contradicted({ before, now }: StoredContradiction): IntegrityError {
    const { context, id, fingerprint } = now;
    this.contents.delete(keyOf(context, id));
    return contentChanged({
      ...{ id, context, subject: contextSubject(context), node: 'the nodes of this run', fingerprint },
      before: { text: before, fingerprint: before.fingerprint },
      text: now,
    });
  }

  private stored(context: string, id: number): Content | undefined {
    const stored = this.options.store?.schema(this.options.identity.current(), context, id);
    return stored && { text: stored, fingerprint: stored.fingerprint, sent: stored.sent ? { normalize: true } : null };
  }

  private keep(context: string, id: number, text: SchemaText, fingerprint: string, sent: boolean): void {
    const { store, identity, clock, epoch } = this.options;
    const clusterId = identity.current();
    store?.remember({ clusterId, context, id, ...text, fingerprint, sent, time: steadyNow(clock), epoch: epoch() });
  }
}

const keyOf = (context: string, id: number): string => JSON.stringify([context, id]);
const textOf = ({ schemaType, schema, references }: SchemaText): SchemaText => ({ schemaType, schema, references });

/** What the registry made of a text replaces the text that was sent, never the other way round. */
function isReplaced(before: Content, sent: Content['sent']): boolean {
  return before.sent !== null && sent === null;
}

function compare(before: Content, news: ContentNews): void {
  const fingerprint = contentFingerprint(news.text);
  if (before.fingerprint === fingerprint || !isComparable(before, news.text, news.sent)) return;
  throw contentChanged({ ...news, context: contextOf(news.subject), before, fingerprint });
}

/** Two texts that were read always; a text that was sent only where registries keep its form. */
function isComparable(before: Content, text: SchemaText, sent: Content['sent']): boolean {
  if ((before.sent === null) === (sent === null)) {
    return sent === null || isSentTextComparable(text.schemaType, sent.normalize || before.sent?.normalize === true);
  }
  const oneSent = before.sent ?? sent;
  return isSentTextComparable(text.schemaType, oneSent?.normalize === true);
}
