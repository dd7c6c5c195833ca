/** The gates of the control plane, all registries': what task hosts mirror. */
import type { Clock } from '../foundation/clock.ts';
import type { DependencyGate, DependencyGates, GateSnapshot } from '../sdk/dependency-gate.ts';
import type { GateHistoryEntry } from './registry-snapshot.ts';
import { ReleaseQueue } from './release-queue.ts';
import { WaitingGate } from './waiting-gate.ts';

export interface GateBookOptions {
  readonly clock: Clock;
  readonly releaseConcurrency?: number;
  readonly releaseJitterMs?: number;
  readonly random?: () => number;
}

/** A gate as its owner handles it. */
export interface OwnedGate extends DependencyGate {
  /** Shut, or shut again, for another reason perhaps. Counts as a change of state only when it was open. */
  close(reason: string, code?: string): void;
  halfOpen(): void;
  open(): void;
  /** A probe failed; the next is planned. */
  probed(reason: string, nextProbeAt: number | null): void;
}

/** Times that a gate was shut, the latest of them. */
const MAX_HISTORY = 200;

export class GateBook implements DependencyGates {
  private readonly options: GateBookOptions;
  private readonly release: ReleaseQueue;
  private readonly gates = new Map<string, BookGate>();
  private readonly listeners = new Set<(snapshot: GateSnapshot) => void>();
  /** By gate while it is closed, and all in order of their closing. */
  private readonly closings = new Map<string, Closing>();
  private readonly closed: Closing[] = [];

  constructor(options: GateBookOptions) {
    this.options = options;
    this.release = new ReleaseQueue({
      clock: options.clock,
      concurrency: options.releaseConcurrency ?? 16,
      jitterMs: options.releaseJitterMs ?? 50,
      random: options.random,
    });
  }

  get(id: string): DependencyGate | undefined {
    return this.gates.get(id);
  }

  /** Every gate, for a host that just started. */
  snapshots(): GateSnapshot[] {
    return [...this.gates.values()].map((gate) => gate.snapshot());
  }

  /** When the gates whose id begins with `prefix` were shut, the latest first; of the last 200 of all gates. */
  history(prefix: string): GateHistoryEntry[] {
    return this.closed
      .filter(({ gate }) => gate.startsWith(prefix))
      .map((closing) => ({ ...closing }))
      .reverse();
  }

  /** Hears every change, attempts included; what hosts are sent. Returns the function that ends it. */
  onSnapshot(listener: (snapshot: GateSnapshot) => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /**
   * The gate of that id; made, and open, when there is none. A `transient` one leaves the book when it opens: it stands for
   * one question, not for a part of the registry.
   */
  gate(id: string, dependency: string, options: { readonly transient?: boolean } = {}): OwnedGate {
    const known = this.gates.get(id);
    if (known !== undefined) return known;
    const gate: BookGate = new BookGate({
      snapshot: {
        id,
        state: 'open',
        dependency,
        reason: '',
        since: this.options.clock.now(),
        attempts: 0,
        nextProbeAt: null,
      },
      clock: this.options.clock,
      release: this.release,
      changed: (snapshot) => {
        // It has left the book: there may be another one of that name by now.
        if (this.gates.get(id) !== gate) return;
        this.note(snapshot);
        if (options.transient === true && snapshot.state === 'open') this.gates.delete(id);
        for (const listener of [...this.listeners]) listener(snapshot);
      },
    });
    this.gates.set(id, gate);
    return gate;
  }

  /** Nobody needs what the gates whose id begins with `prefix` stand before: they open, and leave the book. */
  drop(prefix: string): void {
    for (const [id, gate] of this.gates) {
      if (!id.startsWith(prefix)) continue;
      gate.open();
      this.gates.delete(id);
    }
  }

  private note(snapshot: GateSnapshot): void {
    const { id, state, reason, since, attempts } = snapshot;
    let closing = this.closings.get(id);
    if (state === 'open') {
      if (closing !== undefined) closing.openedAt = since;
      this.closings.delete(id);
      return;
    }
    if (closing === undefined) {
      closing = { gate: id, reason, closedAt: since, openedAt: null, attempts };
      this.closings.set(id, closing);
      this.closed.push(closing);
      if (this.closed.length > MAX_HISTORY) this.closed.shift();
    }
    closing.reason = reason;
    closing.attempts = attempts;
  }
}

type Closing = { -readonly [K in keyof GateHistoryEntry]: GateHistoryEntry[K] };

interface BookGateOptions {
  readonly snapshot: GateSnapshot;
  readonly clock: Clock;
  readonly release: ReleaseQueue;
  readonly changed: (snapshot: GateSnapshot) => void;
}

class BookGate extends WaitingGate implements OwnedGate {
  private readonly clock: Clock;
  private readonly changed: (snapshot: GateSnapshot) => void;

  constructor(options: BookGateOptions) {
    super(options);
    this.clock = options.clock;
    this.changed = options.changed;
  }

  close(reason: string, code?: string): void {
    const now = this.snapshot();
    const why = code === undefined ? { reason } : { reason, code };
    if (now.state === 'open')
      this.set({ state: 'closed', ...why, since: this.clock.now(), attempts: 0, nextProbeAt: null });
    else this.set({ state: 'closed', ...why });
  }

  halfOpen(): void {
    if (this.snapshot().state === 'closed') this.set({ state: 'half-open', nextProbeAt: null });
  }

  open(): void {
    if (this.snapshot().state === 'open') return;
    this.set({ state: 'open', reason: '', since: this.clock.now(), attempts: 0, nextProbeAt: null });
  }

  probed(reason: string, nextProbeAt: number | null): void {
    const now = this.snapshot();
    if (now.state === 'open') return;
    this.set({ state: 'closed', reason, attempts: now.attempts + 1, nextProbeAt });
  }

  private set(change: Partial<GateSnapshot>): void {
    const snapshot = { ...this.snapshot(), ...change };
    this.apply(snapshot);
    this.changed(snapshot);
  }
}
