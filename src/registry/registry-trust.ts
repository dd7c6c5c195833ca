/** Whether what a registry says can be relied on: everything that reads back, compares, and holds contradictions against it. */
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { IntegrityError } from '../sdk/errors/index.ts';
import type { SchemaQuestion } from '../sdk/schema-view.ts';
import type { ClusterIdentity } from './cluster-identity.ts';
import { Contradictions } from './contradictions.ts';
import type { RegistryEndpoints } from './endpoints.ts';
import type { StoredContradiction } from './first-known.ts';
import { IdOrder } from './id-order.ts';
import { IdVerifier } from './id-verifier.ts';
import type { KnownAnswer, KnownEntry, KnownSchemas } from './known-schemas.ts';
import { PacedJobs } from './paced-jobs.ts';
import type { RegistryConfigValues } from './registry-config.ts';
import type { RegistryEvent } from './registry-events.ts';
import type { RegistryKnowledge } from './registry-knowledge.ts';
import type { RegistryNotice } from './registry-notices.ts';
import { Revalidation } from './revalidation.ts';
import type { SchemaStore } from './schema-store.ts';
import { SecondLook, type Unconfirmed } from './second-look.ts';

export interface RegistryTrustOptions {
  readonly registryId: string;
  readonly values: RegistryConfigValues;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly endpoints: RegistryEndpoints;
  readonly known: KnownSchemas;
  readonly knowledge: RegistryKnowledge;
  readonly identity: ClusterIdentity;
  readonly store: SchemaStore | null;
  /** "Not found" may be lag now: a change or an outage has only just ended. */
  readonly isSettling: () => boolean;
  readonly mayRead: () => boolean;
  readonly mayWrite: () => boolean;
  readonly emit: (event: RegistryEvent) => void;
  readonly notify: (notice: RegistryNotice) => void;
  readonly signal: AbortSignal;
}

export class RegistryTrust {
  readonly verifier: IdVerifier;
  readonly order: IdOrder;
  readonly contradictions: Contradictions;
  private readonly known: KnownSchemas;
  private readonly store: SchemaStore | null;
  private readonly secondLook: SecondLook;
  private readonly revalidation: Revalidation;

  constructor(options: RegistryTrustOptions) {
    const { values, known, identity, mayRead, logger, clock, signal } = options;
    const contradicted = (error: IntegrityError): void => {
      this.contradictions.found(error);
    };
    this.known = known;
    this.store = options.store;
    this.contradictions = new Contradictions({
      ...options,
      forget: (what) => {
        const keys = known.entriesOf(what).map(({ key }) => key);
        for (const key of keys) known.forget(key);
        options.store?.contradict(identity.current(), what.context, what.id, clock.now());
        return keys;
      },
      doubt: () => this.revalidation.doubt(),
    });
    const { contents } = known;
    this.verifier = new IdVerifier({
      ...options,
      contents,
      subjectOf: (what) => {
        for (const { question } of known.entriesOf(what)) if (question.subject !== undefined) return question.subject;
        return undefined;
      },
    });
    const { verifier } = this;
    this.order = new IdOrder({ ...options, contents, verifier });
    const perSecond = values['registry.revalidate.max.per.second'];
    const jobs = new PacedJobs({ clock, logger, perSecond, mayRun: mayRead, signal });
    this.secondLook = new SecondLook({
      ...options,
      afterMs: values['registry.second.look.ms'],
      contents,
      clusterId: () => identity.current(),
      verifier,
      jobs,
      contradicted,
    });
    this.revalidation = new Revalidation({
      ...options,
      verifier,
      jobs,
      intervalMs: values['registry.refresh.interval.ms'],
      sampleSize: values['registry.refresh.sample.size'],
      lost: (entry) => this.lost(entry),
      vouched: () => this.contradictions.vouched(),
      contradicted,
    });
    this.revalidation.start();
  }

  get unconfirmed(): number {
    return this.secondLook.size;
  }

  /** The registry gave out this id, or vouched for it: it is looked at once more later. */
  acknowledged(question: SchemaQuestion, known: KnownAnswer): void {
    const what = unconfirmedOf(question, known);
    if (what !== undefined) this.secondLook.expect(what);
  }

  /** The store could be read only now: what was learned before is compared with it, and what an earlier run left is taken up at the next contact. */
  storeLoaded(found: readonly StoredContradiction[]): void {
    this.contradicted(found);
    this.secondLook.storeLoaded();
  }

  /** The cluster goes by another name: what the store has under that counts, and the rest is kept under it. */
  renamed(from: string, to: string): void {
    this.contradicted(this.store?.adopt(from, to) ?? []);
  }

  /** A node answered: what an earlier run left open is taken up. */
  met(): void {
    this.secondLook.resume();
  }

  /** The primary changed, or may have. */
  changed(): void {
    this.known.forgetVolatile();
    this.revalidation.changed();
  }

  /** Before anybody needs them. */
  readBackSuspects(): void {
    this.revalidation.readBackSuspects();
  }

  stop(): void {
    this.revalidation.stop();
    this.secondLook.stop();
  }

  private contradicted(found: readonly StoredContradiction[]): void {
    const { contents } = this.known;
    contents.storeGrew();
    for (const each of found) this.contradictions.found(contents.contradicted(each));
  }

  private lost({ key, question, known }: KnownEntry): void {
    const what = unconfirmedOf(question, known);
    if (what === undefined) this.known.forget(key);
    else this.secondLook.hasten(what);
  }
}

function unconfirmedOf(question: SchemaQuestion, { schema, acknowledgement }: KnownAnswer): Unconfirmed | undefined {
  if (question.kind === 'by-id' || question.kind === 'by-guid') return undefined;
  const { id, schemaType, references } = schema;
  const isWrite = question.kind === 'register' || question.kind === 'lookup';
  return {
    id,
    subject: question.subject,
    text: isWrite ? question.schema : { schemaType, schema: schema.schema, references },
    normalize: isWrite && question.normalize,
    mayRegister: question.kind === 'register',
    acknowledgedAt: acknowledgement.at,
  };
}
