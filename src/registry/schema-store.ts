/**
 * Every schema that this worker ever saw, durable: what lets a worker that starts while the whole registry is down decode and
 * encode what it knew. Kept per cluster, and bound to node URLs only through the cluster that answered there.
 */
import type { Logger } from '../foundation/logger.ts';
import type { SchemaReference, SchemaText } from '../sdk/schema-view.ts';
import type { CompactedLog, CompactedLogEntry } from './compacted-log.ts';

/** How the registry vouched for an id. Only the first two let a record be written: they name a subject and a schema. */
export type Proof = 'registered' | 'looked-up' | 'read';

export interface StoredSchema extends SchemaText {
  readonly clusterId: string;
  /** Ids count per context; '' is the default one. */
  readonly context: string;
  readonly id: number;
  /** contentFingerprint of the text. */
  readonly fingerprint: string;
  /** The text is the one we sent, not one that the registry gave back. */
  readonly sent: boolean;
  /** ms since the epoch at which the registry vouched for it. */
  readonly time: number;
  /** The primary's epoch at that time. */
  readonly epoch: string;
}

/** The registry acknowledged exactly this text under this subject. */
export interface StoredProof {
  readonly clusterId: string;
  readonly subject: string;
  /** textFingerprint of what was asked. */
  readonly text: string;
  readonly normalize: boolean;
  readonly proof: Exclude<Proof, 'read'>;
  readonly id: number;
  /** ms since the epoch of the acknowledgement, and the primary's epoch then. */
  readonly time: number;
  readonly epoch: string;
  /** ms since the epoch of the second look that found the id with equal content; absent: it is still to come. */
  readonly confirmedAt?: number;
}

/** A version of a subject, for references. Never for `latest`. */
export interface StoredVersion {
  readonly clusterId: string;
  readonly subject: string;
  readonly version: number;
  readonly id: number;
}

export interface SchemaStoreOptions {
  readonly log: CompactedLog;
  readonly logger: Logger;
  /** The most entries kept; those written longest ago go first. */
  readonly maxEntries?: number;
}

export class SchemaStore {
  private readonly log: CompactedLog;
  private readonly logger: Logger;
  private readonly maxEntries: number;
  /** Parsed values by key, in order of writing. */
  private readonly entries = new Map<string, unknown>();
  private pending: CompactedLogEntry[] = [];
  private writing: Promise<void> = Promise.resolve();
  private isWriting = false;
  private failing = false;

  private constructor(options: SchemaStoreOptions) {
    this.log = options.log;
    this.logger = options.logger;
    this.maxEntries = options.maxEntries ?? 200_000;
  }

  /** Loads what is there; entries of another format version or that can't be read are left alone and not used. */
  static async open(options: SchemaStoreOptions, signal?: AbortSignal): Promise<SchemaStore> {
    const store = new SchemaStore(options);
    for (const { key, value } of await options.log.load(signal)) {
      if (value === null) continue;
      try {
        store.entries.set(key, JSON.parse(value));
      } catch {
        options.logger.warn('An entry of the schema store can not be read and is not used', { key });
      }
    }
    return store;
  }

  get size(): number {
    return this.entries.size;
  }

  /** The cluster that answered at this node before. */
  clusterAt(node: string): string | undefined {
    return asObject<{ readonly clusterId: string }>(this.entries.get(nodeKey(node)), isBinding)?.clusterId;
  }

  bind(node: string, clusterId: string): void {
    if (this.clusterAt(node) !== clusterId) this.put(nodeKey(node), { clusterId });
  }

  schema(clusterId: string, context: string, id: number): StoredSchema | undefined {
    return asObject(this.entries.get(schemaKey(clusterId, context, id)), isStoredSchema);
  }

  proof(clusterId: string, subject: string, text: string, normalize: boolean): StoredProof | undefined {
    return asObject(this.entries.get(proofKey(clusterId, subject, text, normalize)), isStoredProof);
  }

  version(clusterId: string, subject: string, version: number): StoredVersion | undefined {
    return asObject(this.entries.get(versionKey(clusterId, subject, version)), isStoredVersion);
  }

  remember(schema: StoredSchema): void {
    this.put(schemaKey(schema.clusterId, schema.context, schema.id), schema);
  }

  prove(proof: StoredProof): void {
    this.put(proofKey(proof.clusterId, proof.subject, proof.text, proof.normalize), proof);
  }

  /** What was acknowledged but not looked at a second time yet, oldest first; it survives a restart. Walks all entries: not per record. */
  unconfirmed(clusterId: string): readonly StoredProof[] {
    const found: StoredProof[] = [];
    for (const value of this.entries.values()) {
      const proof = asObject<StoredProof>(value, isStoredProof);
      if (proof !== undefined && proof.clusterId === clusterId && proof.confirmedAt === undefined) found.push(proof);
    }
    return found.sort((a, b) => a.time - b.time);
  }

  /** The second look at this proof found equal content. Nothing happens when it has been replaced or dropped meanwhile. */
  confirm(proof: StoredProof, confirmedAt: number): void {
    const known = this.proof(proof.clusterId, proof.subject, proof.text, proof.normalize);
    if (known?.id !== proof.id || known.time !== proof.time || known.confirmedAt !== undefined) return;
    this.prove({ ...known, confirmedAt });
  }

  rememberVersion(version: StoredVersion): void {
    const known = this.version(version.clusterId, version.subject, version.version);
    if (known?.id === version.id) return;
    this.put(versionKey(version.clusterId, version.subject, version.version), version);
  }

  /** Resolves when what was put so far is durable, or could not be made so (which was logged). */
  async flushed(): Promise<void> {
    while (this.isWriting) await this.writing;
    if (this.pending.length === 0) return;
    // Once more, and no more: a disk that is full must not keep a worker from stopping.
    this.startWriting();
    await this.writing;
  }

  async close(): Promise<void> {
    await this.flushed();
    await this.log.close();
  }

  private put(key: string, value: object): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    this.pending.push({ key, value: JSON.stringify(value) });
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= this.maxEntries) break;
      this.entries.delete(oldest);
      this.pending.push({ key: oldest, value: null });
    }
    if (!this.isWriting) this.startWriting();
  }

  private startWriting(): void {
    this.isWriting = true;
    this.writing = this.write();
  }

  /**
   * Pipelines don't wait for the store: it serves a later start, and an id that it lost is asked for again. A disk that is full
   * is told once, and tried again with the next entry.
   */
  private async write(): Promise<void> {
    while (this.pending.length > 0) {
      const batch = this.pending;
      this.pending = [];
      try {
        await this.log.append(batch);
        if (this.failing) this.logger.info('The schema store can be written again');
        this.failing = false;
      } catch (err) {
        if (!this.failing) {
          this.logger.warn(
            'The schema store can not be written; a restart during an outage would not know new schemas',
            {
              err,
            },
          );
        }
        this.failing = true;
        this.pending = batch.concat(this.pending);
        break;
      }
    }
    this.isWriting = false;
    // Bounded while the disk is full: what is dropped is only missing after a restart.
    if (this.failing && this.pending.length > 10_000) this.pending = this.pending.slice(-10_000);
  }
}

const key = (...parts: readonly (string | number | boolean)[]): string => JSON.stringify(parts);
const nodeKey = (node: string): string => key('node', node);
const schemaKey = (clusterId: string, context: string, id: number): string => key('schema', clusterId, context, id);
const proofKey = (clusterId: string, subject: string, text: string, normalize: boolean): string =>
  key('proof', clusterId, subject, text, normalize);
const versionKey = (clusterId: string, subject: string, version: number): string =>
  key('version', clusterId, subject, version);

type Fields = Readonly<Record<string, unknown>>;

/** What was written by another version, or damaged, is as good as unknown. */
function asObject<T>(value: unknown, is: (fields: Fields) => boolean): T | undefined {
  return typeof value === 'object' && value !== null && is(value as Fields) ? (value as T) : undefined;
}

const isBinding = (fields: Fields): boolean => typeof fields['clusterId'] === 'string';
const isStoredSchema = (fields: Fields): boolean =>
  typeof fields['schema'] === 'string' &&
  typeof fields['fingerprint'] === 'string' &&
  typeof fields['id'] === 'number' &&
  (fields['schemaType'] === 'AVRO' || fields['schemaType'] === 'JSON' || fields['schemaType'] === 'PROTOBUF') &&
  Array.isArray(fields['references']) &&
  (fields['references'] as readonly unknown[]).every(isReference);
const isStoredProof = (fields: Fields): boolean =>
  typeof fields['id'] === 'number' && (fields['proof'] === 'registered' || fields['proof'] === 'looked-up');
const isStoredVersion = (fields: Fields): boolean => typeof fields['id'] === 'number';

export function isReference(value: unknown): value is SchemaReference {
  if (typeof value !== 'object' || value === null) return false;
  const { name, subject, version } = value as Fields;
  return typeof name === 'string' && typeof subject === 'string' && typeof version === 'number';
}
