/** The two gates of a registry, and the one prober that works on each while it is closed. */
import { Backoff } from '../foundation/backoff.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { steadyNow } from '../foundation/steady-time.ts';
import type { GateBook, OwnedGate } from './gate-book.ts';
import { type OutageCause, type ProbeOutcome, Prober } from './prober.ts';
import { REGISTRY_FAULT, REGISTRY_MISLEADING, REGISTRY_UNAVAILABLE } from './registry-errors.ts';
import type { RegistryEvent } from './registry-events.ts';

export type AccessKind = 'read' | 'write';

export interface OutagesOptions {
  readonly registryId: string;
  readonly book: GateBook;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly probeInitialMs: number;
  readonly probeMaxMs: number;
  readonly random?: () => number;
  /** Does a read work again? Looks at the body, not at the port. */
  readonly probeReads: (signal: AbortSignal) => Promise<ProbeOutcome>;
  /** Lets one question through that waits at the half-open gate. `untried`: none waits. */
  readonly tryOne: (kind: AccessKind, signal: AbortSignal) => Promise<ProbeOutcome | 'untried'>;
  readonly onClosed: (kind: AccessKind, reason: string) => void;
  /** Before anybody is let go; `closedAt`: ms since the epoch. */
  readonly onOpening: (kind: AccessKind, closedAt: number) => void;
  readonly onOpened: (kind: AccessKind) => void;
  readonly emit: (event: RegistryEvent) => void;
}

const WORDS: Readonly<Record<AccessKind, string>> = {
  read: 'schema registry (reads)',
  write: 'schema registry (writes)',
};

/** A gate that closes again so soon was opened in vain: what is asked to find out and what is asked for behind it differ. */
const RELAPSE_MS = 1000;

/** The bound of the pauses between probes with credentials that are refused. */
const REFUSED_MAX_MS = 30_000;

interface Working {
  readonly prober: Prober;
  readonly end: AbortController;
}

export class Outages {
  readonly gates: Readonly<Record<AccessKind, OwnedGate>>;
  private readonly options: OutagesOptions;
  private readonly probers: Record<AccessKind, Working | undefined> = { read: undefined, write: undefined };
  private readonly closedAt: Record<AccessKind, number> = { read: 0, write: 0 };
  /** Clock.monotonic() until which the registry asked to be left alone, unless somebody knows better. */
  private readonly notBefore: Record<AccessKind, number> = { read: 0, write: 0 };
  private readonly life = new AbortController();
  /** Of the latest failure, and those that were logged, of the outage that lasts. */
  private readonly codes: Record<AccessKind, string> = { read: REGISTRY_UNAVAILABLE, write: REGISTRY_UNAVAILABLE };
  private readonly toldCodes: Readonly<Record<AccessKind, Set<string>>> = { read: new Set(), write: new Set() };
  private readonly endedAt: Record<AccessKind, number | null> = { read: null, write: null };
  /** How often in a row the gate was opened in vain. */
  private readonly relapses: Record<AccessKind, number> = { read: 0, write: 0 };
  private readonly refusals: Readonly<Record<AccessKind, Backoff>>;
  private latestEndAt: number | null = null;

  constructor(options: OutagesOptions) {
    this.options = options;
    const { probeInitialMs: initialMs, probeMaxMs, random } = options;
    const pace = { initialMs, maxMs: Math.max(probeMaxMs, REFUSED_MAX_MS), random };
    this.refusals = { read: new Backoff(pace), write: new Backoff(pace) };
    this.gates = {
      read: options.book.gate(`registry:${options.registryId}:read`, WORDS.read),
      write: options.book.gate(`registry:${options.registryId}:write`, WORDS.write),
    };
  }

  /** Clock.monotonic() of the last time a gate opened again; null: there was no outage. */
  get lastEndedAt(): number | null {
    return this.latestEndAt;
  }

  /** Neither gate is closed, nor half-open. */
  get areOpen(): boolean {
    return this.isOpen('read') && this.isOpen('write');
  }

  isOpen(kind: AccessKind): boolean {
    return this.gates[kind].snapshot().state === 'open';
  }

  /** The gate opened after that time: what was begun before it tells nothing of now. */
  hasOpenedSince(kind: AccessKind, at: number): boolean {
    const endedAt = this.endedAt[kind];
    return endedAt !== null && endedAt > at && this.gates[kind].snapshot().state === 'open';
  }

  /** The code of what the gate of that id met last. */
  codeOf(gateId: string): string {
    return this.codes[gateId === this.gates.write.id ? 'write' : 'read'];
  }

  /** The gate opened so short a time ago that whatever opened it is likely to be served still. */
  hasJustOpened(kind: AccessKind): boolean {
    const endedAt = this.endedAt[kind];
    return endedAt !== null && this.options.clock.monotonic() - endedAt < RELAPSE_MS;
  }

  /** Something did not work at any node: shut the gate and let one prober find out when it works again. */
  close(kind: AccessKind, cause: OutageCause): void {
    if (this.life.signal.aborted) return;
    const { reason, code } = cause;
    const gate = this.gates[kind];
    const before = gate.snapshot().state;
    gate.close(reason);
    if (before === 'open') {
      const now = this.options.clock.monotonic();
      this.closedAt[kind] = now;
      this.relapses[kind] = this.hasJustOpened(kind) ? this.relapses[kind] + 1 : 0;
      if (this.relapses[kind] === 0) this.refusals[kind].reset();
      this.toldCodes[kind].clear();
    }
    this.rest(kind, cause);
    this.tell(kind, reason, code);
    if (before === 'open') {
      this.options.emit({ type: 'gate', gate: gate.snapshot(), closedForMs: 0 });
      this.options.onClosed(kind, reason);
      this.checkReads();
    }
    if (this.probers[kind] === undefined) this.startProber(kind);
  }

  /** Somebody waits now: a gate that was left half-open, because nobody did, is worked on again. */
  attend(kind: AccessKind): void {
    if (this.life.signal.aborted || this.gates[kind].snapshot().state === 'open') return;
    if (this.probers[kind] === undefined) this.startProber(kind);
  }

  open(kind: AccessKind): void {
    const gate = this.gates[kind];
    if (gate.snapshot().state === 'open') return;
    const { clock, logger, emit, onOpening, onOpened } = this.options;
    const closedForMs = Math.round(clock.monotonic() - this.closedAt[kind]);
    this.latestEndAt = clock.monotonic();
    this.endedAt[kind] = this.latestEndAt;
    this.notBefore[kind] = 0;
    // One that still pauses would keep its pause over the next outage.
    this.probers[kind]?.end.abort();
    this.probers[kind] = undefined;
    onOpening(kind, steadyNow(clock) - closedForMs);
    gate.open();
    logger.info('The schema registry is back; what waited goes on', {
      code: REGISTRY_UNAVAILABLE,
      gate: gate.id,
      closedForMs,
    });
    emit({ type: 'gate', gate: gate.snapshot(), closedForMs });
    onOpened(kind);
    if (kind === 'read') this.probers.write?.prober.probeNow();
  }

  /** One line per outage and code: what is met may change to and fro with every probe. */
  private tell(kind: AccessKind, reason: string, code: string = REGISTRY_UNAVAILABLE): void {
    const told = this.toldCodes[kind];
    const isFirst = told.size === 0;
    this.codes[kind] = code;
    if (told.has(code)) return;
    told.add(code);
    const fields = { code, gate: this.gates[kind].id, reason };
    if (code === REGISTRY_MISLEADING) {
      this.options.logger.warn(
        'The schema registry served before, and answers like a wrong setting; what needs it waits',
        fields,
      );
    } else if (isFirst) this.options.logger.warn('The schema registry is away; what needs it waits', fields);
  }

  /** Something changed, or somebody wants to know: what a Retry-After said before that no longer holds. */
  probeNow(): void {
    this.notBefore.read = 0;
    this.notBefore.write = 0;
    this.probers.read?.prober.probeNow();
    this.probers.write?.prober.probeNow();
  }

  shutDown(): void {
    this.life.abort(new DOMException('The registry client is closed.', 'AbortError'));
    this.gates.read.open();
    this.gates.write.open();
  }

  /**
   * Where a probe can not tell, one of those who wait does: with the gate open, all of them would find out at once, again and again. When none
   * waits, it opens, for writers wait behind it.
   */
  private async tryReads(probed: ProbeOutcome, signal: AbortSignal): Promise<ProbeOutcome> {
    if (!probed.ok || probed.isUnsure !== true) return probed;
    this.gates.read.halfOpen();
    const outcome = await this.options.tryOne('read', signal);
    if (outcome === 'untried') return probed;
    return outcome.ok ? outcome : { ...outcome, retryAfterMs: this.restMs('read') };
  }

  private look(outcome: ProbeOutcome): ProbeOutcome {
    if (outcome.ok || this.gates.read.snapshot().state === 'open') return outcome;
    this.tell('read', outcome.reason, outcome.code);
    this.rest('read', outcome);
    return { ...outcome, retryAfterMs: this.restMs('read') };
  }

  /** However many are refused at the same time, it is one step; a node that is back, or somebody who wants to know, ends the pause. */
  private rest(kind: AccessKind, { retryAfterMs = 0, refusesUser }: OutageCause): void {
    const growing = refusesUser === true && this.restMs(kind) === 0;
    const restMs = Math.max(retryAfterMs, growing ? this.refusals[kind].next() : 0);
    this.notBefore[kind] = Math.max(this.notBefore[kind], this.options.clock.monotonic() + restMs);
  }

  /** "Reads work, writes don't" is told from "nothing works" before anybody reads in vain; when it is known already, nothing is asked. */
  private checkReads(): void {
    if (this.gates.read.snapshot().state !== 'open') return;
    this.options.probeReads(this.life.signal).then(
      (outcome) => {
        if (!outcome.ok) this.close('read', outcome);
      },
      () => {},
    );
  }

  /** Invariant 9: one prober per gate, and the one of writes rests while reads don't work. */
  private startProber(kind: AccessKind, firstWaitMs = this.restMs(kind)): void {
    const { clock, probeInitialMs, probeMaxMs, random, probeReads } = this.options;
    const gate = this.gates[kind];
    let untried = false;
    const prober = new Prober({
      clock,
      // Invariant 9: as if it had stayed closed.
      initialMs: Math.min(probeMaxMs, probeInitialMs * 2 ** this.relapses[kind]),
      maxMs: probeMaxMs,
      random,
      probe: async (signal) => {
        const restMs = this.restMs(kind);
        // Told by an answer that came in during the pause.
        if (restMs > 0) return { ok: false, reason: gate.snapshot().reason, retryAfterMs: restMs };
        if (kind === 'read') return this.tryReads(this.look(await probeReads(signal)), signal);
        // What reads meet stands for both.
        if (this.gates.read.snapshot().state !== 'open') {
          this.codes.write = this.codes.read;
          return { ok: false, reason: this.gates.read.snapshot().reason };
        }
        gate.halfOpen();
        const outcome = await this.options.tryOne(kind, signal);
        if (outcome !== 'untried') return outcome.ok ? outcome : { ...outcome, retryAfterMs: this.restMs(kind) };
        // It stays half-open for the next one that comes.
        untried = true;
        return { ok: true };
      },
      onPlanned: (reason, at) => {
        if (reason !== '') gate.probed(reason, at);
      },
    });
    const working: Working = { prober, end: new AbortController() };
    this.probers[kind] = working;
    const isOver = (): boolean => {
      if (this.probers[kind] !== working) return true;
      this.probers[kind] = undefined;
      return this.life.signal.aborted;
    };
    prober.run(AbortSignal.any([this.life.signal, working.end.signal]), firstWaitMs).then(
      () => {
        if (!isOver() && !untried) this.open(kind);
      },
      (err: unknown) => {
        if (isOver()) return;
        this.options.logger.error('The prober of the schema registry failed; it is started again', {
          code: REGISTRY_FAULT,
          err,
        });
        this.startProber(kind, probeMaxMs);
      },
    );
  }

  private restMs(kind: AccessKind): number {
    return Math.max(0, this.notBefore[kind] - this.options.clock.monotonic());
  }
}
