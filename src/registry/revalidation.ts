/**
 * What is kept of a registry's answers over a change of its primary, and over time: suspect ids are read back before anybody needs them,
 * old ones now and then, a few at a time.
 */
import type { Clock, Timer } from '../foundation/clock.ts';
import { steadyNow } from '../foundation/steady-time.ts';
import { IntegrityError } from '../sdk/errors/index.ts';
import type { IdVerifier, Verification } from './id-verifier.ts';
import type { KnownEntry, KnownSchemas } from './known-schemas.ts';
import type { JobPriority, PacedJobs } from './paced-jobs.ts';
import type { RegistryKnowledge } from './registry-knowledge.ts';
import { contextOf } from './registry-requests.ts';
import type { ContextId } from './schema-contents.ts';

export interface RevalidationOptions {
  readonly clock: Clock;
  readonly known: KnownSchemas;
  readonly knowledge: RegistryKnowledge;
  readonly verifier: IdVerifier;
  readonly jobs: PacedJobs;
  /** `registry.refresh.interval.ms`; 0: never. */
  readonly intervalMs: number;
  /** `registry.refresh.sample.size` */
  readonly sampleSize: number;
  /** A suspect id that is gone: it has to be registered again and compared. */
  readonly lost: (entry: KnownEntry) => void;
  /** An id was read back with the content that it had. */
  readonly vouched: () => void;
  readonly contradicted: (error: IntegrityError) => void;
}

/** Asked at once when one id turned out to mean something else. */
const DOUBTED = 5;

export class Revalidation {
  private readonly options: RevalidationOptions;
  private timer: Timer | undefined;
  /** ms since the epoch of looks that renewed nothing: an id that is gone must not keep the others from their turn. */
  private readonly looked = new Map<string, number>();

  constructor(options: RevalidationOptions) {
    this.options = options;
  }

  /** Refreshes from now on, until `stop`. */
  start(): void {
    const { clock, intervalMs } = this.options;
    if (intervalMs <= 0) return;
    this.timer = clock.setTimer(
      () => {
        this.sample(this.options.sampleSize, 'sample');
        this.start();
      },
      intervalMs,
      { unref: true },
    );
  }

  stop(): void {
    this.timer?.cancel();
  }

  /** The primary changed, or may have: every suspect id is read back, and some of the old ones. */
  changed(): void {
    this.readBackSuspects();
    this.sample(this.options.sampleSize, 'sample');
  }

  readBackSuspects(): void {
    const { known, knowledge } = this.options;
    for (const entry of known.entries()) {
      if (knowledge.isSuspect(entry.known.acknowledgement)) this.readBack(idOf(entry), 'suspect', true);
    }
  }

  /** Something does not mean what it did: is that so of others? */
  doubt(): void {
    this.sample(DOUBTED, 'suspect');
  }

  /** Those whose last proof is oldest. */
  private sample(size: number, priority: JobPriority): void {
    const lookedAt = new Map<string, { readonly what: ContextId; readonly at: number }>();
    for (const { question, known } of this.options.known.entries()) {
      const what = idOf({ question, known });
      const key = keyOf(what);
      const at = Math.max(known.acknowledgement.at, this.looked.get(key) ?? 0);
      if (at < (lookedAt.get(key)?.at ?? Number.POSITIVE_INFINITY)) lookedAt.set(key, { what, at });
    }
    for (const key of this.looked.keys()) if (!lookedAt.has(key)) this.looked.delete(key);
    const oldest = [...lookedAt.values()].sort((a, b) => a.at - b.at).slice(0, size);
    for (const { what } of oldest) this.readBack(what, priority, false);
  }

  private readBack(what: ContextId, priority: JobPriority, isSuspect: boolean): void {
    this.options.jobs.add(`read ${keyOf(what)}`, priority, async () => {
      const { clock, known, vouched, lost, contradicted } = this.options;
      let outcome: Verification['outcome'];
      try {
        outcome = (await this.options.verifier.verify(what)).outcome;
      } catch (error) {
        if (!(error instanceof IntegrityError)) throw error;
        contradicted(error);
        return;
      }
      if (outcome === 'equal') {
        known.renew(what);
        vouched();
      } else this.looked.set(keyOf(what), steadyNow(clock));
      // An old id that is gone was deleted by somebody; one of the time around a change may never have been kept.
      if (outcome === 'lost' && isSuspect) for (const entry of known.entriesOf(what)) lost(entry);
    });
  }
}

const idOf = ({ question, known }: Pick<KnownEntry, 'question' | 'known'>): ContextId => ({
  context: contextOf(question.subject),
  id: known.schema.id,
});
const keyOf = ({ context, id }: ContextId): string => JSON.stringify([context, id]);
