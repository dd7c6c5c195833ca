/**
 * Every schema that this worker ever saw, durable: what lets a worker that starts while the whole registry is down decode and
 * encode what it knew. Kept per cluster, and bound to node URLs only through the cluster that answered there.
 */
import type { Logger } from '../foundation/logger.ts';
import { BoundedEntries } from './bounded-entries.ts';
import type { CompactedLog, CompactedLogEntry } from './compacted-log.ts';
import {
  firstStays,
  type Ruling,
  rulingOn,
  rulingOnNames,
  type StoredContradiction,
  withFirstTime,
} from './first-known.ts';
import { REGISTRY_STORE } from './registry-errors.ts';
import { ServedMarks } from './served-marks.ts';
import { StoreWriter } from './store-writer.ts';
import {
  asBinding,
  asGuid,
  asProof,
  asSchema,
  asVersion,
  formatEntry,
  guidKey,
  HEADER_KEY,
  nodeKey,
  parseEntry,
  proofKey,
  REGISTRY_STORE_NEWER,
  type StoredGuid,
  type StoredProof,
  type StoredSchema,
  type StoredVersion,
  schemaKey,
  underOtherName,
  versionKey,
} from './stored-entries.ts';
import { contextOf } from './subject-context.ts';

type LoadListener = (found: readonly StoredContradiction[]) => void;

export interface SchemaStoreOptions {
  readonly log: CompactedLog;
  readonly logger: Logger;
  /** The most entries kept, and the most bytes of them; those written or used longest ago go first, and what is of no use without them. */
  readonly maxEntries?: number;
  readonly maxBytes?: number;
}

/** So many that differ are another store; it is left as it is. */
const MAX_RESTORED = 10_000;

export class SchemaStore {
  readonly served: ServedMarks;
  private readonly log: CompactedLog;
  private readonly logger: Logger;
  private readonly writer: StoreWriter;
  private readonly entries: BoundedEntries;
  /** Keys whose entries a newer version wrote: never overwritten, never removed. */
  private readonly newer = new Set<string>();
  /** Keys whose entries were written once more because another worker had written something else. */
  private readonly restored = new Set<string>();
  /** Nothing is written before all was read, so that what is older, and contradicts, is noticed. */
  private state: 'loading' | 'open' | 'memory-only' = 'loading';
  private saidNewer = false;
  private readonly loadListeners: LoadListener[] = [];
  private loadEnded: Promise<void> = Promise.resolve();

  private constructor(options: SchemaStoreOptions) {
    this.log = options.log;
    this.logger = options.logger;
    this.writer = new StoreWriter(options);
    this.entries = new BoundedEntries({
      maxEntries: options.maxEntries ?? 200_000,
      maxBytes: options.maxBytes ?? 64 * 1024 * 1024,
    });
    this.served = new ServedMarks({
      entries: this.entries,
      put: (key, value) => this.put(key, value),
      remove: (key) => this.remove(key),
    });
  }

  /** Loads what is there; entries of a newer format or that can't be read are left alone and not used. */
  static async open(options: SchemaStoreOptions, signal?: AbortSignal): Promise<SchemaStore> {
    const { store, loaded } = SchemaStore.begin(options, signal);
    await loaded;
    return store;
  }

  /**
   * A store that is empty at first, of use at once, and filled as soon as its log can be read. If `loaded` rejects, the store goes on in
   * memory only.
   */
  static begin(
    options: SchemaStoreOptions,
    signal?: AbortSignal,
  ): { readonly store: SchemaStore; readonly loaded: Promise<void> } {
    const store = new SchemaStore(options);
    const loaded = store.load(signal);
    store.loadEnded = loaded.catch(() => {});
    return { store, loaded };
  }

  /** What it lacks it may have yet: its log was not read to the end, and may still be. */
  get isLoading(): boolean {
    return this.state === 'loading';
  }

  /** Resolves when the log was read, or can't be. */
  whenLoaded(): Promise<void> {
    return this.loadEnded;
  }

  get size(): number {
    return this.entries.size;
  }

  /** Of keys and values in memory, and, with some bytes of frame around each, in the log. */
  get bytes(): number {
    return this.entries.bytes;
  }

  /** The cluster that answered at this node before. */
  clusterAt(node: string): string | undefined {
    return asBinding(this.entries.get(nodeKey(node)))?.clusterId;
  }

  bind(node: string, clusterId: string): void {
    if (this.clusterAt(node) !== clusterId) this.put(nodeKey(node), { clusterId });
  }

  schema(clusterId: string, context: string, id: number): StoredSchema | undefined {
    return asSchema(this.entries.use(schemaKey(clusterId, context, id)));
  }

  proof(clusterId: string, subject: string, text: string, normalize: boolean): StoredProof | undefined {
    return asProof(this.entries.use(proofKey(clusterId, subject, text, normalize)));
  }

  version(clusterId: string, subject: string, version: number): StoredVersion | undefined {
    return asVersion(this.entries.use(versionKey(clusterId, subject, version)));
  }

  guid(clusterId: string, guid: string): StoredGuid | undefined {
    return asGuid(this.entries.use(guidKey(clusterId, guid)));
  }

  rememberGuid(schema: StoredGuid): void {
    if (this.guid(schema.clusterId, schema.guid) === undefined) {
      this.put(guidKey(schema.clusterId, schema.guid), schema);
    }
  }

  remember(schema: StoredSchema): void {
    this.put(schemaKey(schema.clusterId, schema.context, schema.id), schema);
  }

  prove(proof: StoredProof): void {
    this.put(proofKey(proof.clusterId, proof.subject, proof.text, proof.normalize), proof);
  }

  /** The highest id of a context that is kept; undefined: none is. Walks all entries: not per record. */
  highestId(clusterId: string, context: string): number | undefined {
    let highest: number | undefined;
    for (const value of this.entries.values()) {
      const schema = asSchema(value);
      if (schema === undefined || schema.clusterId !== clusterId || schema.context !== context) continue;
      if (highest === undefined || schema.id > highest) highest = schema.id;
    }
    return highest;
  }

  /** What was acknowledged but not looked at a second time yet, oldest first; it survives a restart. Walks all entries: not per record. */
  unconfirmed(clusterId: string): readonly StoredProof[] {
    const found: StoredProof[] = [];
    for (const value of this.entries.values()) {
      const proof = asProof(value);
      if (proof !== undefined && proof.clusterId === clusterId && proof.confirmedAt === undefined) found.push(proof);
    }
    return found.sort((a, b) => a.time - b.time);
  }

  /** The second look at this proof found equal content. Nothing happens when it has been replaced or dropped meanwhile. */
  confirm(proof: StoredProof, confirmedAt: number): void {
    const known = this.proof(proof.clusterId, proof.subject, proof.text, proof.normalize);
    if (known?.id !== proof.id || known.time !== proof.time) return;
    const { contradictedAt, ...good } = known;
    if (known.confirmedAt === undefined || contradictedAt !== undefined) this.prove({ ...good, confirmedAt });
  }

  /** Invariant 6: the id does not mean what these proofs say. Walks all entries: not per record. */
  contradict(clusterId: string, context: string, id: number, contradictedAt: number): void {
    for (const value of [...this.entries.values()]) {
      const proof = asProof(value);
      if (proof === undefined || proof.clusterId !== clusterId || proof.id !== id) continue;
      if (contextOf(proof.subject) === context && proof.contradictedAt === undefined) {
        this.prove({ ...proof, contradictedAt });
      }
    }
  }

  /**
   * Tells once, when the log could be read only after the store was in use, what was learned meanwhile and contradicts it. Invariant 6: whoever
   * uses such an id or node is to be stopped.
   */
  onLoaded(listener: LoadListener): void {
    if (this.state === 'loading') this.loadListeners.push(listener);
  }

  /**
   * A cluster goes by another name from now on: what is kept under the one before is kept under this one, too. Returns what contradicts that
   * which was known under it already, and stays. Whoever else goes by the name before, a client of another list of URLs or a worker that shares
   * the log, finds all there as it was; what nobody uses there makes room first. But what was overruled there is no longer in the log: the next
   * run would rule on it, and tell of it, once more. Walks all entries: once per name.
   */
  adopt(from: string, to: string): readonly StoredContradiction[] {
    const found: StoredContradiction[] = [];
    const entries = [...this.entries.values()].flatMap((value) => underOtherName(value, from, to) ?? []);
    for (const { key, value } of entries) this.setRuled(key, value, (before) => rulingOnNames(before, value), found);
    for (const { now } of found) this.leaveOutOfLog(schemaKey(from, now.context, now.id), now.fingerprint);
    // Once for all of them: it is slow to begin with the oldest again and again.
    this.makeRoom();
    return found;
  }

  rememberVersion(version: StoredVersion): void {
    const known = this.version(version.clusterId, version.subject, version.version);
    if (known?.id === version.id) return;
    this.put(versionKey(version.clusterId, version.subject, version.version), version);
  }

  /** Resolves when what was put so far is durable, or could not be made so (which was logged). */
  flushed(): Promise<void> {
    return this.writer.flushed();
  }

  /** Makes the rest durable, for as long as the log waits for that. */
  close(): Promise<void> {
    this.state = 'memory-only';
    return this.writer.close();
  }

  private async load(signal: AbortSignal | undefined): Promise<void> {
    let read: readonly CompactedLogEntry[];
    try {
      read = await this.log.load(signal);
    } catch (error) {
      this.state = 'memory-only';
      throw error;
    }
    if (this.state !== 'loading') return;
    // What was learned meanwhile is later than what was read; it is put again, behind it.
    const meanwhile = [...this.entries.keys()].map((key) => [key, this.entries.get(key)] as const);
    for (const { key, value } of read) this.take(key, value);
    this.state = 'open';
    this.writer.open();
    const found: StoredContradiction[] = [];
    for (const [key, value] of meanwhile)
      if (value !== undefined) this.setRuled(key, value, (before) => rulingOn(key, before, value), found);
    this.makeRoom();
    this.log.follow?.((entries) => this.others(entries));
    for (const listener of this.loadListeners.splice(0)) listener(found);
  }

  /** An entry that is not ours to write. */
  private take(key: string, text: string | null): void {
    if (text === null) {
      this.newer.delete(key);
      this.entries.delete(key);
      return;
    }
    const parsed = parseEntry(text);
    switch (parsed.kind) {
      case 'entry':
        this.newer.delete(key);
        if (key === HEADER_KEY) this.writer.headerIsThere();
        else this.entries.set(key, parsed.value, text.length);
        return;
      case 'newer':
        if (key === HEADER_KEY) this.writer.headerIsThere();
        this.entries.delete(key);
        this.newer.add(key);
        this.sayNewer(parsed.format);
        return;
      case 'unreadable':
        this.entries.delete(key);
        this.logger.warn('An entry of the schema store can not be read and is not used', { code: REGISTRY_STORE, key });
    }
  }

  /** What other workers that share the log have written: the last one counts, unless it contradicts. */
  private others(entries: readonly CompactedLogEntry[]): void {
    for (const { key, value } of entries) {
      const known = this.entries.get(key);
      const parsed = value === null ? undefined : parseEntry(value);
      const isEntry = known !== undefined && parsed?.kind === 'entry';
      if (isEntry && firstStays(rulingOn(key, known, parsed.value), key, this.logger)) this.restore(key, known);
      else this.take(key, value);
    }
    this.makeRoom();
  }

  /** Or the next run would read the other one. Once: two workers that each keep their own must not write in turns for ever. */
  private restore(key: string, known: object): void {
    if (this.restored.has(key) || this.restored.size >= MAX_RESTORED) return;
    this.restored.add(key);
    this.writer.write(key, formatEntry(known));
  }

  private setRuled(key: string, value: object, ruled: (before: object) => Ruling, found: StoredContradiction[]): void {
    const before = this.entries.get(key);
    const ruling = before === undefined ? 'later' : ruled(before);
    if (typeof ruling === 'object' && 'schemas' in ruling) found.push(ruling.schemas);
    if (!firstStays(ruling, key, this.logger)) this.set(key, value);
  }

  private sayNewer(format: number): void {
    if (this.saidNewer) return;
    this.saidNewer = true;
    this.logger.warn('The schema store was written by a newer version; its entries are left alone and not used', {
      code: REGISTRY_STORE_NEWER,
      format,
    });
  }

  private put(key: string, value: object): void {
    this.set(key, value);
    this.makeRoom();
  }

  private set(key: string, value: object): void {
    const kept = withFirstTime(this.entries.get(key), value);
    const text = formatEntry(kept);
    this.entries.set(key, kept, text.length);
    if (!this.newer.has(key)) this.writer.write(key, text);
  }

  /** It stays in memory: other clients of this worker that used it have still to be told. */
  private leaveOutOfLog(key: string, fingerprint: string): void {
    if (asSchema(this.entries.get(key))?.fingerprint !== fingerprint || this.newer.has(key)) return;
    for (const each of this.entries.withWhatNeeds(key)) this.writer.write(each, null);
  }

  private makeRoom(): void {
    for (const key of this.entries.makeRoom()) if (!this.newer.has(key)) this.writer.write(key, null);
  }

  private remove(key: string): void {
    this.entries.delete(key);
    if (!this.newer.has(key)) this.writer.write(key, null);
  }
}
