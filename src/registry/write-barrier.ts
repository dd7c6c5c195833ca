/** Read your writes: a schema id that was just given out is read back where others will look for it, before a record carries it. */
import PQueue from 'p-queue';
import { Backoff } from '../foundation/backoff.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { LruCache } from '../foundation/lru-cache.ts';
import type { SchemaText } from '../sdk/schema-view.ts';
import type { CallResult, RegistryEndpoints } from './endpoints.ts';
import { inTime } from './in-time.ts';
import { REGISTRY_BARRIER } from './registry-errors.ts';
import type { RegistryEvent } from './registry-events.ts';
import type { RegistryKnowledge } from './registry-knowledge.ts';
import { byIdRequest, contextOf, maxIdOf, schemaTextOf } from './registry-requests.ts';
import type { SchemaContents } from './schema-contents.ts';

/** An id that the registry gave out for a text under a subject, through this node. */
export interface Registered {
  readonly id: number;
  readonly subject: string;
  readonly text: SchemaText;
  readonly normalize: boolean;
  readonly node: string;
}

export type BarrierOutcome = { readonly met: true } | { readonly met: false; readonly reason: string };

export interface WriteBarrierOptions {
  /** `registry.barrier`: off, primary or all. */
  readonly mode: string;
  /** `registry.barrier.timeout.ms` */
  readonly timeoutMs: number;
  /** `registry.barrier.timeout.action`: wait or continue. */
  readonly action: string;
  /** `registry.barrier.hits` */
  readonly hits: number;
  /** `registry.max.in.flight`: ids that are read back at the same time. */
  readonly concurrency: number;
  readonly endpoints: RegistryEndpoints;
  readonly knowledge: RegistryKnowledge;
  readonly contents: SchemaContents;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly emit: (event: RegistryEvent) => void;
  readonly random?: () => number;
}

/** What one node came to within the time. */
type Reading =
  | { readonly kind: 'found' }
  /** It does not know the id (yet), or has not answered. */
  | { readonly kind: 'lacking'; readonly reason: string }
  /** Dead or not ready: it holds nothing up, and reads nobody's records. */
  | { readonly kind: 'passed-over'; readonly reason: string };

const RETRY_MIN_MS = 10;
const RETRY_MAX_MS = 50;
/** Ids that a node lacks are asked for no oftener than this in sum. */
const SPACING_MS = 20;
const HINT_MS = 250;
const MAX_HELD = 10_000;

export class WriteBarrier {
  private readonly options: WriteBarrierOptions;
  /** Clock.monotonic() since which an id is held, over several tries. */
  private readonly heldSince: LruCache<string, number>;
  /** Requests that a try left behind when its time was over: the next one goes on with them, so that a node that hangs is asked once. */
  private polling = 0;
  private readonly queue: PQueue;
  private readonly underWay = new Map<string, Promise<CallResult>>();

  constructor(options: WriteBarrierOptions) {
    this.options = options;
    this.queue = new PQueue({ concurrency: options.concurrency });
    this.heldSince = new LruCache({ maxEntries: MAX_HELD, clock: options.clock });
  }

  /**
   * Invariant 5: resolves with `met: true` once every node that has to know the id gave it back with equal content. Throws
   * RegistryIntegrityError when one gave other content (invariant 6), or the signal's reason.
   */
  async pass(registered: Registered, signal: AbortSignal): Promise<BarrierOutcome> {
    const { mode, clock, emit, endpoints } = this.options;
    if (mode === 'off') return { met: true };
    const { id } = registered;
    const key = JSON.stringify([contextOf(registered.subject), id]);
    const since = this.heldSince.get(key) ?? clock.monotonic();
    this.heldSince.set(key, since);
    const told = (outcome: Extract<RegistryEvent, { type: 'barrier' }>['outcome']): void => {
      if (outcome !== 'timed-out') this.heldSince.delete(key);
      emit({ type: 'barrier', id, waitedMs: Math.round(clock.monotonic() - since), outcome });
    };
    const oneUrl = endpoints.urls.length === 1;
    // In its turn: the time limit must not pass while others are read back.
    const lacking = await this.queue.add(() => this.read(registered, oneUrl, signal), { signal });
    if (lacking === undefined) {
      told(oneUrl ? 'probable' : 'met');
      return { met: true };
    }
    const reason = `schema id ${id} of subject ${registered.subject} ${lacking}`;
    if (this.options.action === 'continue') {
      told('skipped');
      this.options.logger.warn('Records carry a schema id that the nodes of the registry do not all know yet', {
        code: REGISTRY_BARRIER,
        id,
        reason,
      });
      return { met: true };
    }
    told('timed-out');
    return { met: false, reason };
  }

  /** undefined: it is everywhere where it must be. Otherwise what is lacking. */
  private async read(registered: Registered, oneUrl: boolean, signal: AbortSignal): Promise<string | undefined> {
    const { clock, timeoutMs } = this.options;
    const end = new AbortController();
    const timer = clock.setTimer(() => end.abort(), timeoutMs);
    const over = new Promise<void>((resolve) => end.signal.addEventListener('abort', () => resolve(), { once: true }));
    this.polling += 1;
    try {
      const nodes = this.nodesFor(registered);
      const readings = await Promise.all(
        nodes.map((node) => this.readAt(node, registered, oneUrl, { signal, end: end.signal, over })),
      );
      const lacking = readings.find((reading) => reading.kind === 'lacking');
      if (lacking !== undefined) return lacking.reason;
      if (readings.some((reading) => reading.kind === 'found')) return undefined;
      return readings[0]?.kind === 'passed-over' ? readings[0].reason : 'can not be read: no node is ready';
    } finally {
      this.polling -= 1;
      timer.cancel();
      end.abort();
    }
  }

  private nodesFor(registered: Registered): readonly string[] {
    const { mode, endpoints, knowledge } = this.options;
    if (mode === 'primary') {
      const primary = knowledge.primary();
      // Without a known primary, the node that gave the answer: it is the primary or forwarded to it.
      return [primary !== null && endpoints.urls.includes(primary) ? primary : registered.node];
    }
    const told = knowledge.snapshot().nodes;
    const ready = endpoints.urls.filter((url) => endpoints.isAlive(url) && told.get(url)?.progress?.ready !== false);
    return ready.length === 0 ? endpoints.urls : ready;
  }

  private async readAt(
    node: string,
    registered: Registered,
    oneUrl: boolean,
    time: { readonly signal: AbortSignal; readonly end: AbortSignal; readonly over: Promise<void> },
  ): Promise<Reading> {
    const { clock, random } = this.options;
    const pause = new Backoff({
      initialMs: RETRY_MIN_MS,
      maxMs: RETRY_MAX_MS,
      jitter: 0.5,
      ...(random === undefined ? {} : { random }),
    });
    const wanted = oneUrl ? this.options.hits : 1;
    let hits = 0;
    let isLagging = false;
    let last: Exclude<Reading, { kind: 'found' }> = {
      kind: 'lacking',
      reason: `was not answered for at ${node} in time`,
    };
    while (!time.end.aborted) {
      const asked = this.ask(node, registered, oneUrl, time.signal);
      const result = await Promise.race([asked, time.over]);
      if (result === undefined) break;
      const { class: verdict } = result.verdict;
      const text = schemaTextOf(result.json);
      if (verdict === 'ok' && text !== undefined) {
        this.compare(registered, text, node);
        hits += 1;
        if (hits >= wanted) return { kind: 'found' };
        continue;
      }
      hits = 0;
      isLagging = verdict === 'refresh-and-retry';
      if (isLagging) last = { kind: 'lacking', reason: `is not known at ${node} yet` };
      else if (oneUrl) last = { kind: 'lacking', reason: `can not be read: ${result.reason}` };
      else return { kind: 'passed-over', reason: `can not be read: ${result.reason}` };
      // Invariant 9: the more ids are held, the seldomer each is asked for.
      const delayMs = Math.max(RETRY_MIN_MS, pause.next(), this.polling * SPACING_MS);
      await clock.sleep(delayMs, AbortSignal.any([time.signal, time.end])).catch(() => {
        time.signal.throwIfAborted();
      });
    }
    if (!isLagging) return last;
    return { kind: 'lacking', reason: last.reason + (await this.hint(node, registered, time.signal)) };
  }

  private ask(node: string, registered: Registered, fresh: boolean, signal: AbortSignal): Promise<CallResult> {
    const key = JSON.stringify([node, contextOf(registered.subject), registered.id]);
    let asked = this.underWay.get(key);
    if (asked === undefined) {
      const request = byIdRequest(registered.id, registered.subject);
      asked = this.options.endpoints.callAt(node, request, signal, { fresh }).finally(() => this.underWay.delete(key));
      // Left behind, it may fail with nobody listening.
      asked.catch(() => {});
      this.underWay.set(key, asked);
    }
    return asked;
  }

  private compare(registered: Registered, text: SchemaText, node: string): void {
    const { id, subject, normalize } = registered;
    this.options.contents.check({ id, text, subject, node, sent: null }, { text: registered.text, normalize });
  }

  /** How far a node that lacks the id has read, if that is quickly found out: a hint for people, and never proof that an id is there. */
  private async hint(node: string, { subject }: Registered, signal: AbortSignal): Promise<string> {
    const { contents, endpoints, clock } = this.options;
    const known = contents.highestId(contextOf(subject));
    if (known === undefined) return '';
    const asked = endpoints.callAt(node, byIdRequest(known, subject, true), signal).catch(() => undefined);
    const maxId = maxIdOf((await inTime(asked, undefined, HINT_MS, clock))?.json);
    signal.throwIfAborted();
    return maxId === undefined ? '' : `; it has read up to id ${maxId}`;
  }
}
