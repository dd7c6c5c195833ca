/** A DependencyGate over snapshots that somebody else decides: the shared half of the gates themselves and of their mirrors. */
import type { Clock } from '../foundation/clock.ts';
import type { DependencyGate, GateSnapshot } from '../sdk/dependency-gate.ts';
import type { ReleaseQueue } from './release-queue.ts';

interface Waiter {
  letThrough(): void;
}

export interface WaitingGateOptions {
  readonly snapshot: GateSnapshot;
  readonly clock: Clock;
  readonly release: ReleaseQueue;
  /** Who asked at that time waits no longer than that, in ms, and decides then what to do. Unlimited by default. */
  readonly maxWaitMs?: (askedAt: number) => number | undefined;
}

export class WaitingGate implements DependencyGate {
  readonly id: string;
  private readonly options: WaitingGateOptions;
  private current: GateSnapshot;
  private readonly waiters = new Set<Waiter>();
  private readonly listeners = new Set<(snapshot: GateSnapshot) => void>();

  constructor(options: WaitingGateOptions) {
    this.id = options.snapshot.id;
    this.options = options;
    this.current = options.snapshot;
  }

  snapshot(): GateSnapshot {
    return this.current;
  }

  /** Takes over a snapshot: open lets everyone go, staggered; half-open lets one go; listeners hear of it. */
  apply(snapshot: GateSnapshot): void {
    const before = this.current.state;
    this.current = snapshot;
    if (snapshot.state !== before) {
      if (snapshot.state === 'open') for (const waiter of this.waiters) this.release(waiter);
      if (snapshot.state === 'half-open') this.waiters.values().next().value?.letThrough();
    }
    for (const listener of [...this.listeners]) listener(snapshot);
  }

  opened(signal: AbortSignal, askedAt = this.options.clock.monotonic()): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.current.state === 'open' && this.waiters.size === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.waiters.delete(waiter);
        limit?.cancel();
        signal.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        end();
        reject(signal.reason);
      };
      const waiter: Waiter = {
        letThrough: () => {
          end();
          resolve();
        },
      };
      const maxWaitMs = this.options.maxWaitMs?.(askedAt);
      const limit = maxWaitMs === undefined ? undefined : this.options.clock.setTimer(waiter.letThrough, maxWaitMs);
      signal.addEventListener('abort', onAbort, { once: true });
      this.waiters.add(waiter);
      if (this.current.state === 'open') this.release(waiter);
    });
  }

  onChange(listener: (snapshot: GateSnapshot) => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** Lets one go in its turn; whoever is not gone when the gate closes again stays. */
  private release(waiter: Waiter): void {
    this.options.release.add(() => {
      if (this.waiters.has(waiter) && this.current.state === 'open') waiter.letThrough();
    });
  }
}
