/**
 * Invariant 5: a change of primary may be noticed late or never, so every id that is acknowledged is looked at once more a while later. One
 * that was lost is registered again and compared, so that the records that carry it can be named.
 */
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { steadyNow } from '../foundation/steady-time.ts';
import { IntegrityError } from '../sdk/errors/index.ts';
import type { SchemaText } from '../sdk/schema-view.ts';
import { DueQueue } from './due-queue.ts';
import type { CallResult, RegistryEndpoints } from './endpoints.ts';
import { contentFingerprint, textFingerprint } from './fingerprint.ts';
import type { IdVerifier } from './id-verifier.ts';
import { idLost } from './integrity-errors.ts';
import type { PacedJobs } from './paced-jobs.ts';
import { REGISTRY_SECOND_LOOK } from './registry-errors.ts';
import type { RegistryNotice } from './registry-notices.ts';
import { contextOf, lookupRequest, registerRequest, usableIdOf } from './registry-requests.ts';
import type { ContextId, SchemaContents } from './schema-contents.ts';
import type { SchemaStore } from './schema-store.ts';

/** An id that is to be looked at once more. */
export interface Unconfirmed {
  readonly id: number;
  readonly subject: string;
  readonly text: SchemaText;
  readonly normalize: boolean;
  /** It may be registered again; otherwise it was looked up only. */
  readonly mayRegister: boolean;
  /** ms since the epoch. */
  readonly acknowledgedAt: number;
  /** textFingerprint of what was sent, by which its proof is kept; absent: `text` is what was sent. */
  readonly sent?: string;
}

export interface SecondLookOptions {
  readonly registryId: string;
  /** `registry.second.look.ms` */
  readonly afterMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly endpoints: RegistryEndpoints;
  readonly contents: SchemaContents;
  readonly store: SchemaStore | null;
  readonly clusterId: () => string;
  readonly verifier: IdVerifier;
  readonly jobs: PacedJobs;
  /** "Not found" may be lag now. */
  readonly isSettling: () => boolean;
  /** The registry takes writes, as far as is known. */
  readonly mayWrite: () => boolean;
  readonly notify: (notice: RegistryNotice) => void;
  readonly contradicted: (error: IntegrityError) => void;
  readonly signal: AbortSignal;
  /** Ids that are kept at a time; 100,000 by default. */
  readonly maxWaiting?: number;
}

interface Waiting {
  readonly what: Unconfirmed;
  denials: number;
}

const AGAIN_MS = 5000;
const DENIALS = 2;
/** Beyond that what comes is left out, and taken up from the store, if there is one, once all others were looked at. */
const MAX_WAITING = 100_000;

export class SecondLook {
  private readonly options: SecondLookOptions;
  private readonly waiting = new Map<string, Waiting>();
  /** All that wait, but the one that is being looked at. */
  private readonly due: DueQueue;
  private leftOut = 0;
  private readonly resumed = new Set<string>();

  constructor(options: SecondLookOptions) {
    this.options = options;
    const { clock, jobs } = options;
    this.due = new DueQueue({ clock, onDue: () => jobs.wake() });
    const { due } = this;
    jobs.feed('second-look', {
      get isDue() {
        return due.isDue;
      },
      take: () => {
        const key = due.take();
        return key === undefined ? undefined : () => this.look(key);
      },
    });
  }

  /** Ids that are still to be looked at. */
  get size(): number {
    return this.waiting.size;
  }

  /** The registry acknowledged this. What was confirmed in an earlier run is not looked at again. */
  expect(what: Unconfirmed): void {
    if (this.proofOf(what)?.confirmedAt !== undefined) return;
    const { afterMs, clock } = this.options;
    // An earlier run may have had another time; what lies ahead is no reason to wait for longer.
    const sinceMs = Math.max(0, steadyNow(clock) - what.acknowledgedAt);
    if (this.isFull(what)) this.leaveOut();
    else this.enter(what, Math.max(0, afterMs - sinceMs));
  }

  /** What an earlier run left to be looked at; called at the first contact with a cluster. */
  resume(): void {
    const { store, contents } = this.options;
    const clusterId = this.options.clusterId();
    if (store === null || this.resumed.has(clusterId)) return;
    this.resumed.add(clusterId);
    for (const { id, subject, text: fingerprint, normalize, proof, time } of store.unconfirmed(clusterId)) {
      const content = contents.at({ context: contextOf(subject), id });
      if (content === undefined) continue;
      const { schemaType, schema, references } = content.text;
      const text: SchemaText = { schemaType, schema, references };
      const mayRegister = proof === 'registered';
      // The text that was sent need not be the one that the registry gave back.
      this.expect({ id, subject, text, normalize, mayRegister, acknowledgedAt: time, sent: fingerprint });
    }
  }

  /** The store could be read only now: what it holds of earlier runs is taken up at the next contact. */
  storeLoaded(): void {
    this.resumed.clear();
  }

  /** Looks at these now: a change of primary has put them in doubt. */
  hasten(what: Unconfirmed): void {
    const { sent, normalize } = this.waiting.get(keyOf(what.id, what.subject))?.what ?? {};
    // It is confirmed as what it was acknowledged for.
    this.enter(sent === undefined || normalize === undefined ? what : { ...what, normalize, sent }, 0);
  }

  stop(): void {
    this.due.clear();
    this.waiting.clear();
  }

  private enter(what: Unconfirmed, delayMs: number): void {
    if (this.options.signal.aborted) return;
    const key = keyOf(what.id, what.subject);
    this.waiting.set(key, { what, denials: 0 });
    this.due.set(key, delayMs);
  }

  private isFull({ id, subject }: Unconfirmed): boolean {
    return this.waiting.size >= (this.options.maxWaiting ?? MAX_WAITING) && !this.waiting.has(keyOf(id, subject));
  }

  private leaveOut(): void {
    this.leftOut += 1;
    if (this.leftOut > 1) return;
    const { logger, store } = this.options;
    logger.warn('Too many schema ids wait for their second look; more are left out for now', {
      code: REGISTRY_SECOND_LOOK,
      waiting: this.waiting.size,
      isKept: store !== null,
    });
  }

  /** All were looked at: now those that there was no room for, as far as the store has them. */
  private takeUpLeftOut(): void {
    if (this.leftOut === 0 || this.waiting.size > 0 || this.options.signal.aborted) return;
    const { leftOut } = this;
    this.leftOut = 0;
    this.resumed.delete(this.options.clusterId());
    this.resume();
    const fields = { code: REGISTRY_SECOND_LOOK, leftOut, takenUp: this.waiting.size };
    this.options.logger.info('Schema ids that were left out of the second look are taken up', fields);
  }

  private async look(key: string): Promise<void> {
    const waiting = this.waiting.get(key);
    if (waiting === undefined) return;
    const { contradicted } = this.options;
    try {
      if (await this.isSettled(waiting)) this.leave(key, waiting);
      else this.again(key, waiting);
    } catch (error) {
      if (!(error instanceof IntegrityError)) {
        this.again(key, waiting);
        throw error;
      }
      this.leave(key, waiting);
      contradicted(error);
    }
  }

  /** What was acknowledged anew while it was being looked at has a look of its own to come. */
  private leave(key: string, waiting: Waiting): void {
    if (this.waiting.get(key) === waiting) this.waiting.delete(key);
    this.takeUpLeftOut();
  }

  private again(key: string, waiting: Waiting): void {
    if (this.waiting.get(key) === waiting && !this.options.signal.aborted) this.due.set(key, AGAIN_MS);
  }

  /** By id, as readers of records ask, and by subject, as writers do: registries that contradict themselves may do so in one of them only. */
  private async isSettled(waiting: Waiting): Promise<boolean> {
    const { what } = waiting;
    const { outcome } = await this.options.verifier.verify(idOfContext(what));
    if (outcome === 'away') return false;
    if (outcome === 'lost') return this.isLost(waiting);
    const { endpoints, signal } = this.options;
    const answer = await endpoints.call(lookupRequest(what.subject, what.text, what.normalize), signal);
    if (isUnclear(answer)) return false;
    if (answer.verdict.class === 'ok' && !(await this.isTwin(what, usableIdOf(answer.json)))) {
      this.compare(what, answer, 'its subject does not have it');
    }
    this.confirm(what);
    return true;
  }

  /** Denied twice, and not right after a change or an outage: it is registered again, which changes nothing where it is still known. */
  private async isLost(waiting: Waiting): Promise<boolean> {
    const { what } = waiting;
    const { endpoints, isSettling, mayWrite, signal } = this.options;
    waiting.denials += 1;
    if (isSettling() || waiting.denials < DENIALS || (what.mayRegister && !mayWrite())) return false;
    const request = what.mayRegister ? registerRequest : lookupRequest;
    const answer = await endpoints.call(request(what.subject, what.text, what.normalize), signal);
    if (isUnclear(answer)) return false;
    this.compare(what, answer, 'no node that answers knows it');
    // The same id again: readers find it from now on, which the next look has to show.
    waiting.denials = 0;
    return false;
  }

  /** A subject may have a schema twice, imported or with other metadata: who reads with either id reads the same. */
  private async isTwin(what: Unconfirmed, now: number | undefined): Promise<boolean> {
    if (now === undefined || now === what.id) return false;
    const { verifier, contents } = this.options;
    const ours = idOfContext(what);
    const other = { ...ours, id: now };
    if ((await verifier.verify(other)).outcome !== 'equal') return false;
    return contents.at(other)?.fingerprint === contents.at(ours)?.fingerprint;
  }

  private compare(what: Unconfirmed, answer: CallResult, reason: string): void {
    const now = answer.verdict.class === 'ok' ? (usableIdOf(answer.json) ?? null) : null;
    if (now === what.id) return;
    const { id, subject, text } = what;
    const { node } = answer;
    const fingerprint = contentFingerprint(text);
    throw idLost({ id, context: contextOf(subject), subject, node, fingerprint, now, reason });
  }

  private confirm(what: Unconfirmed): void {
    const { registryId, store, clock, notify } = this.options;
    const proof = this.proofOf(what);
    if (proof !== undefined && proof.id === what.id) store?.confirm(proof, steadyNow(clock));
    notify({ kind: 'confirmed', registryId, context: contextOf(what.subject), ids: [what.id] });
  }

  private proofOf({ id, subject, text, normalize, sent }: Unconfirmed): ReturnType<SchemaStore['proof']> {
    const { store, clusterId } = this.options;
    const proof = store?.proof(clusterId(), subject, sent ?? textFingerprint(text), normalize);
    return proof?.id === id ? proof : undefined;
  }
}

/** An outage, a denial of nodes that may just not have read their topic yet, or an answer with a number that no registry gives for an id. */
const isUnclear = ({ verdict, json }: CallResult): boolean =>
  verdict.class === 'park' ||
  verdict.class === 'refresh-and-retry' ||
  (verdict.class === 'ok' && usableIdOf(json) === undefined);
const keyOf = (id: number, subject: string): string => JSON.stringify([subject, id]);
const idOfContext = ({ id, subject }: Unconfirmed): ContextId => ({ context: contextOf(subject), id });
