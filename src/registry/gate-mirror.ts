/** The gates as a task host sees them: kept up to date by messages, and joined by the host's own. */
import type { Clock } from '../foundation/clock.ts';
import type { DependencyGate, DependencyGates, GateSnapshot } from '../sdk/dependency-gate.ts';
import { GateLimits } from './gate-limits.ts';
import { ReleaseQueue } from './release-queue.ts';
import { WaitingGate } from './waiting-gate.ts';

/** What a schema view needs of its host's gates. */
export interface HostGates extends DependencyGates {
  /** A gate of this host alone, closed until the returned function is called. */
  pending(id: string, dependency: string, reason: string): () => void;
  /**
   * Whoever waits at this gate at that time (Clock.monotonic()) is let through, and who asked before it and waits only then, so that a limit
   * of its own can apply. One time per `name`, a later one replaces it; forgotten when the gate opens.
   */
  limitWait(id: string, name: string, at: number): void;
}

export interface GateMirrorOptions {
  readonly clock: Clock;
  readonly releaseConcurrency?: number;
  readonly releaseJitterMs?: number;
  readonly random?: () => number;
}

/** `registry:<id>:read` and `:write` stay; the others stand for one question, and go when they open. */
const LASTING = /:(?:read|write)$/;

export class GateMirror implements HostGates {
  private readonly clock: Clock;
  private readonly release: ReleaseQueue;
  private readonly gates = new Map<string, WaitingGate>();
  private readonly limits = new Map<string, GateLimits>();

  constructor(options: GateMirrorOptions) {
    this.clock = options.clock;
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

  /** Takes a `gate.changed` message. */
  apply(snapshot: GateSnapshot): void {
    let gate = this.gates.get(snapshot.id);
    if (gate === undefined) {
      if (snapshot.state === 'open' && !LASTING.test(snapshot.id)) return;
      gate = this.make(snapshot);
    } else gate.apply(snapshot);
    if (snapshot.state !== 'open') return;
    this.limits.delete(snapshot.id);
    if (!LASTING.test(snapshot.id)) this.gates.delete(snapshot.id);
  }

  /** Nobody uses this registry any more. Its other gates went when they opened. */
  drop(registryId: string): void {
    for (const kind of ['read', 'write']) this.gates.delete(`registry:${registryId}:${kind}`);
  }

  pending(id: string, dependency: string, reason: string): () => void {
    const closed: GateSnapshot = {
      id,
      state: 'closed',
      dependency,
      reason,
      since: this.clock.now(),
      attempts: 0,
      nextProbeAt: null,
    };
    const gate = this.make(closed);
    return () => {
      this.gates.delete(id);
      this.limits.delete(id);
      gate.apply({ ...closed, state: 'open', reason: '', since: this.clock.now() });
    };
  }

  limitWait(id: string, name: string, at: number): void {
    const limits = this.limits.get(id) ?? new GateLimits();
    limits.set(name, at);
    this.limits.set(id, limits);
  }

  private make(snapshot: GateSnapshot): WaitingGate {
    const gate = new WaitingGate({
      snapshot,
      clock: this.clock,
      release: this.release,
      maxWaitMs: (askedAt) => this.limits.get(snapshot.id)?.maxWaitMs(askedAt, this.clock.monotonic()),
    });
    this.gates.set(snapshot.id, gate);
    return gate;
  }
}
