/**
 * A gate stands before something outside the worker that can be away for a while: a schema registry's reads, its writes,
 * one schema id that no node knows yet. Tasks that need it wait at the gate instead of failing (they are *parked*).
 */

/** What a gate looks like from outside; structured-cloneable, so that it can be mirrored into other threads. */
export interface GateSnapshot {
  /** Stable while the worker lives, e.g. `registry:default:write` or `registry:default:id:42`. */
  readonly id: string;
  /** `half-open`: one waiter has been let through to find out whether the dependency works again. */
  readonly state: 'open' | 'closed' | 'half-open';
  /** What is away, for people: `schema registry (writes)`. */
  readonly dependency: string;
  /** The last failure in one line, without secrets; empty while open. */
  readonly reason: string;
  /** The code of that failure, where it may become another one while the gate is closed; absent: that of the error that names the gate. */
  readonly code?: string;
  /** ms since the epoch of the last change of state. */
  readonly since: number;
  /** Probes since it closed. */
  readonly attempts: number;
  /** ms since the epoch; null when no probe is planned. */
  readonly nextProbeAt: number | null;
}

/** One such gate. Waiting costs nothing: one prober asks for all who wait (invariant 9). */
export interface DependencyGate {
  /** As in its snapshot. */
  readonly id: string;
  /** What it looks like now. */
  snapshot(): GateSnapshot;
  /**
   * Resolves when this waiter is let through: at once while the gate is open, otherwise staggered after it opened
   * (invariant 9). Rejects only with the signal's reason. Being let through is no promise that the next call
   * succeeds: a waiter that fails again simply waits again.
   *
   * `askedAt`: when the call began that failed for this gate, by the clock that never goes back, in ms. A limit of waiting that passed since
   * then lets this waiter through at once, for that call did not know of it. Without it only limits that lie ahead count.
   */
  opened(signal: AbortSignal, askedAt?: number): Promise<void>;
  /** Calls back at every change of the snapshot, of its attempts and next probe too; returns the function that ends it. */
  onChange(listener: (snapshot: GateSnapshot) => void): () => void;
}

/** All gates that a task host knows. An EnvironmentError names one by its id. */
export interface DependencyGates {
  /** undefined: no such gate (any more): the caller tries again with back-off. */
  get(id: string): DependencyGate | undefined;
}
