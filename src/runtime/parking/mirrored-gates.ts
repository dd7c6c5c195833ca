/** Gates as a task host sees them: mirrored from the control plane by `gate.changed` messages. */
import { Deferred } from '../../foundation/deferred.ts';
import type { DependencyGate, DependencyGates, GateSnapshot } from '../../sdk/dependency-gate.ts';

/** What a host needs of its gates; the registry client implements it with a staggered release. */
export interface MirroredGates extends DependencyGates {
  /** Called for every `gate.changed`, in order. */
  apply(snapshot: GateSnapshot): void;
}

class SnapshotGate implements DependencyGate {
  readonly id: string;
  private current: GateSnapshot;
  private readonly listeners = new Set<(snapshot: GateSnapshot) => void>();

  constructor(snapshot: GateSnapshot) {
    this.id = snapshot.id;
    this.current = snapshot;
  }

  snapshot(): GateSnapshot {
    return this.current;
  }

  apply(snapshot: GateSnapshot): void {
    this.current = snapshot;
    for (const listener of [...this.listeners]) listener(snapshot);
  }

  opened(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.current.state === 'open') return Promise.resolve();
    const opened = new Deferred();
    const onAbort = (): void => opened.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const end = this.onChange((snapshot) => {
      if (snapshot.state === 'open') opened.resolve();
    });
    return opened.promise.finally(() => {
      end();
      signal.removeEventListener('abort', onAbort);
    });
  }

  onChange(listener: (snapshot: GateSnapshot) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/**
 * Gates that open for all waiters at once when their snapshot says `open`: for hosts without a registry client, where nothing
 * has to be released one by one.
 */
export class SnapshotGates implements MirroredGates {
  private readonly gates = new Map<string, SnapshotGate>();

  get(id: string): DependencyGate | undefined {
    return this.gates.get(id);
  }

  apply(snapshot: GateSnapshot): void {
    const gate = this.gates.get(snapshot.id);
    if (gate === undefined) this.gates.set(snapshot.id, new SnapshotGate(snapshot));
    else gate.apply(snapshot);
  }
}
