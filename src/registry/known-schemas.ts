/** What one registry answered, in memory and in the store, with what proves it. */
import type { Clock } from '../foundation/clock.ts';
import { LruCache } from '../foundation/lru-cache.ts';
import { steadyNow } from '../foundation/steady-time.ts';
import type { RegisteredSchema, SchemaQuestion, SchemaText } from '../sdk/schema-view.ts';
import type { ClusterIdentity } from './cluster-identity.ts';
import { textFingerprint } from './fingerprint.ts';
import { KeptAnswers } from './kept-answers.ts';
import { isLatest } from './question-kinds.ts';
import type { Acknowledgement } from './registry-knowledge.ts';
import { contextOf } from './registry-requests.ts';
import type { CacheSnapshot } from './registry-snapshot.ts';
import { type ContextId, SchemaContents } from './schema-contents.ts';
import type { SchemaStore } from './schema-store.ts';
import type { Proof } from './stored-entries.ts';
import { checkUsable } from './unusable-schemas.ts';

export interface KnownAnswer {
  readonly schema: RegisteredSchema;
  readonly acknowledgement: Acknowledgement;
}

/** An answer as it is kept. */
export interface KnownEntry {
  readonly key: string;
  readonly question: SchemaQuestion;
  readonly known: KnownAnswer;
}

export type KnownCounts = Pick<CacheSnapshot, 'schemas' | 'answers' | 'suspect' | 'stored'>;

export interface KnownSchemasOptions {
  readonly clock: Clock;
  readonly store: SchemaStore | null;
  readonly identity: ClusterIdentity;
  readonly epoch: () => string;
  readonly maxEntries: number;
  /** `latest.cache.size` */
  readonly maxLatest: number;
}

/** The most that `latest` is believed without asking here; views keep it for as long as their settings say. */
const LATEST_MS = 1000;

/** One question, one text: two questions that mean the same have the same key, whoever asks. */
export function questionKey(question: SchemaQuestion): string {
  switch (question.kind) {
    case 'by-id':
      // Whoever is about to write the id must not join somebody who reads it: a suspect one is read back first.
      return JSON.stringify([question.forWriting ? 'to-write' : 'by-id', contextOf(question.subject), question.id]);
    case 'version':
      return JSON.stringify(['version', question.subject, question.version]);
    case 'with-metadata':
      return JSON.stringify(['with-metadata', question.subject, Object.entries(question.metadata).sort()]);
    case 'by-guid':
      return JSON.stringify(['by-guid', question.guid]);
    default:
      return JSON.stringify([question.kind, question.subject, textFingerprint(question.schema), question.normalize]);
  }
}

export class KnownSchemas {
  private readonly options: KnownSchemasOptions;
  readonly contents: SchemaContents;
  private readonly answers: KeptAnswers;
  private readonly latest: LruCache<string, KnownEntry>;
  private readonly subjects: LruCache<string, true>;

  constructor(options: KnownSchemasOptions) {
    this.options = options;
    const { clock, maxEntries, maxLatest } = options;
    this.contents = new SchemaContents(options);
    this.answers = new KeptAnswers({ maxEntries, clock });
    this.latest = new LruCache({ maxEntries: maxLatest, clock, ttlMs: LATEST_MS });
    this.subjects = new LruCache({ maxEntries, clock });
  }

  answer(key: string): KnownAnswer | undefined {
    return (this.answers.get(key) ?? this.latest.get(key))?.known;
  }

  /** What is kept, names an id and does not expire, the one used longest ago first. */
  entries(): KnownEntry[] {
    return [...this.answers.values()].filter(({ question }) => question.kind !== 'by-guid');
  }

  /** The answers that name this id. */
  entriesOf(what: ContextId): KnownEntry[] {
    return this.answers.of(what);
  }

  /** After a change of primary: what the registry may answer otherwise now is asked for again. */
  forgetVolatile(): void {
    this.latest.clear();
    for (const { key, question } of this.entries()) if (question.kind === 'version') this.answers.delete(key);
  }

  /** How much is kept, for `GET /registries`. */
  counts(isSuspect: (known: KnownAnswer) => boolean): KnownCounts {
    return {
      schemas: this.contents.size,
      answers: this.answers.size + this.latest.size,
      suspect: this.entries().filter(({ known }) => isSuspect(known)).length,
      stored: this.options.store?.size ?? 0,
    };
  }

  /** A registered or read subject: that the registry doesn't know it now is suspicious. */
  hasSeen(subject: string): boolean {
    return this.subjects.has(subject);
  }

  /** The highest id of a context that the registry gave us, or undefined. */
  highestId(context: string): number | undefined {
    return this.contents.highestId(context);
  }

  /** Forgets the answer but not the content: it must be asked for, and compared, again. */
  forget(key: string): void {
    this.answers.delete(key);
    this.latest.delete(key);
  }

  /** A text that the registry gave for an id. Throws RegistryIntegrityError when it gave another one before. */
  read(id: number, text: SchemaText, subject: string | undefined, node: string): RegisteredSchema {
    this.contents.learn({ id, text, subject, node, sent: null });
    return { id, ...text };
  }

  /** The answer to a question, with what proves it. Throws RegistryIntegrityError like `read`, and SchemaRejectedError for what is unusable. */
  settle(question: SchemaQuestion, schema: RegisteredSchema, node: string, sent: boolean): KnownAnswer {
    checkUsable(question.kind === 'by-guid' ? question.guid : schema.id, schema);
    const acknowledgement: Acknowledgement = { at: steadyNow(this.options.clock), epoch: this.options.epoch() };
    if (question.kind === 'by-guid') return this.settleGuid(question, schema, acknowledgement);
    const normalize = 'normalize' in question && question.normalize;
    this.contents.learn({
      id: schema.id,
      text: schema,
      subject: question.subject,
      node,
      sent: sent ? { normalize } : null,
    });
    if (question.subject !== undefined) this.subjects.set(question.subject, true);
    const known: KnownAnswer = { schema, acknowledgement };
    const key = questionKey(question);
    if (isLatest(question)) this.latest.set(key, { key, question, known });
    else this.answers.set({ key, question, known });
    // Who registered or looked up a schema can read records with its id, whatever the replicas know.
    if (question.kind !== 'by-id') {
      const { id } = schema;
      const byId: SchemaQuestion = { kind: 'by-id', key: '', id, subject: question.subject };
      const byIdKey = questionKey(byId);
      if (!this.answers.has(byIdKey)) this.answers.set({ key: byIdKey, question: byId, known });
    }
    this.prove(question, schema, acknowledgement);
    return known;
  }

  /** Read back with equal content: what names this id is as good as acknowledged now. */
  renew(what: ContextId): void {
    const acknowledgement = { at: steadyNow(this.options.clock), epoch: this.options.epoch(), readBack: true } as const;
    for (const entry of this.entriesOf(what)) {
      this.answers.set({ ...entry, known: { ...entry.known, acknowledgement } });
    }
  }

  /** What the store knows of a question, for when the registry can't be asked. Entries without proof never write. */
  fromStore(question: SchemaQuestion): KnownAnswer | undefined {
    const { store, identity, clock } = this.options;
    if (store === null) return undefined;
    const clusterId = identity.current();
    const context = contextOf(question.subject);
    // What an earlier run left under a clock that was ahead was acknowledged before now all the same.
    const now = steadyNow(clock);
    const known = (id: number, time?: number, epoch?: string): KnownAnswer | undefined => {
      const stored = store.schema(clusterId, context, id);
      if (stored === undefined) return undefined;
      const { schemaType, schema, references } = stored;
      return {
        schema: { id, schemaType, schema, references },
        acknowledgement: { at: Math.min(time ?? stored.time, now), epoch: epoch ?? stored.epoch },
      };
    };
    if (question.kind === 'with-metadata') return undefined;
    if (question.kind === 'by-guid') return this.guidFromStore(question.guid);
    if (question.kind === 'by-id') return known(question.id);
    if (question.kind === 'version') {
      const stored = question.version < 1 ? undefined : store.version(clusterId, question.subject, question.version);
      if (stored === undefined) return undefined;
      const found = known(stored.id);
      return found && { ...found, schema: { ...found.schema, subject: question.subject, version: question.version } };
    }
    const proof = store.proof(clusterId, question.subject, textFingerprint(question.schema), question.normalize);
    if (proof === undefined || proof.contradictedAt !== undefined) return undefined;
    const found = known(proof.id, proof.time, proof.epoch);
    return found && { ...found, schema: { ...found.schema, subject: question.subject } };
  }

  /** A GUID is made of the content: there is nothing that it could contradict. */
  private settleGuid(
    question: SchemaQuestion & { readonly kind: 'by-guid' },
    schema: RegisteredSchema,
    acknowledgement: Acknowledgement,
  ): KnownAnswer {
    const known: KnownAnswer = { schema, acknowledgement };
    const key = questionKey(question);
    this.answers.set({ key, question, known });
    this.prove(question, schema, acknowledgement);
    return known;
  }

  private guidFromStore(guid: string): KnownAnswer | undefined {
    const { store, identity } = this.options;
    const stored = store?.guid(identity.current(), guid);
    if (stored === undefined) return undefined;
    const { schemaType, schema, references, time, epoch } = stored;
    return { schema: { id: -1, schemaType, schema, references }, acknowledgement: { at: time, epoch } };
  }

  private prove(question: SchemaQuestion, schema: RegisteredSchema, acknowledgement: Acknowledgement): void {
    const { store, identity } = this.options;
    if (store === null || question.kind === 'by-id' || question.kind === 'with-metadata') return;
    const clusterId = identity.current();
    if (question.kind === 'by-guid') {
      const { schemaType, schema: text, references } = schema;
      const { at: time, epoch } = acknowledgement;
      store.rememberGuid({ clusterId, guid: question.guid, schemaType, schema: text, references, time, epoch });
      return;
    }
    if (question.kind === 'version') {
      if (question.version >= 1) {
        store.rememberVersion({ clusterId, subject: question.subject, version: question.version, id: schema.id });
      }
      return;
    }
    const text = textFingerprint(question.schema);
    const proof: Exclude<Proof, 'read'> = question.kind === 'register' ? 'registered' : 'looked-up';
    const before = store.proof(clusterId, question.subject, text, question.normalize);
    if (before?.id === schema.id && before.contradictedAt === undefined) return;
    store.prove({
      clusterId,
      subject: question.subject,
      text,
      normalize: question.normalize,
      proof,
      id: schema.id,
      time: acknowledgement.at,
      epoch: acknowledgement.epoch,
    });
  }
}
