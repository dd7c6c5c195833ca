/** Tells of a task's parks, for metrics: when one begins and when it ends, nothing between. */
import type { Clock } from '../../foundation/clock.ts';
import type { ParkedInfo, TaskId } from '../host/protocol.ts';

/**
 * One span of time in which a task waits for one dependency. When something else is waited for instead, one park ends and another
 * begins. Every `begun` is followed by its `ended`, at the end of the task at the latest, so that the difference of both is the number
 * of tasks that are parked.
 */
export interface ParkEvent {
  readonly type: 'begun' | 'ended';
  readonly id: TaskId;
  /** `schema registry (writes)`, `broker`, `target system`, …; `schema id 42` for one id. */
  readonly dependency: string;
  /** null: no gate stands for it. */
  readonly gateId: string | null;
  /** Code of the error that parked the task. */
  readonly code: string;
  /** How long it lasted; 0 when it begins. */
  readonly durationMs: number;
}

export type ParkListener = (event: ParkEvent) => void;

export class ParkWatch {
  private readonly id: TaskId;
  private readonly clock: Clock;
  private readonly listener: ParkListener;
  private current: ParkedInfo | null = null;
  private startedAt = 0;
  private closed = false;

  constructor(options: { readonly id: TaskId; readonly clock: Clock; readonly listener: ParkListener }) {
    this.id = options.id;
    this.clock = options.clock;
    this.listener = options.listener;
  }

  /** null: the task goes on. */
  update(parked: ParkedInfo | null): void {
    if (this.closed) return;
    const { current } = this;
    if (current !== null && parked !== null && isSame(current, parked)) {
      this.current = parked;
      return;
    }
    if (current !== null) this.tell('ended', current, this.clock.monotonic() - this.startedAt);
    this.current = parked;
    if (parked === null) return;
    this.startedAt = this.clock.monotonic();
    this.tell('begun', parked, 0);
  }

  /** The task is stopped or has failed: what still lasts ends now, and nothing more is told. */
  close(): void {
    this.update(null);
    this.closed = true;
  }

  private tell(type: ParkEvent['type'], parked: ParkedInfo, durationMs: number): void {
    const { dependency, gateId, code } = parked;
    this.listener({ type, id: this.id, dependency, gateId, code, durationMs });
  }
}

/** A gate that stands for the wait itself, such as for an answer, may come and go: the dependency is what counts. */
function isSame(left: ParkedInfo, right: ParkedInfo): boolean {
  return left.dependency === right.dependency && left.code === right.code;
}
