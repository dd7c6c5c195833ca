/** Which node took the last write, and when: who takes writes is primary, before anybody says so. */
import type { Clock } from '../foundation/clock.ts';

/** What a write proved is believed for so long, against a description that may be late. */
const BELIEVED_MS = 3000;

export class TakenWrites {
  /** null: there was none. */
  lastWriter: string | null = null;
  /** Somebody tried to write, and could not or had no answer, since a write last went through. */
  wasInVain = false;
  private readonly clock: Clock;
  /** Clock.monotonic() */
  private lastAt = Number.NEGATIVE_INFINITY;

  constructor(dependencies: { readonly clock: Clock }) {
    this.clock = dependencies.clock;
  }

  /** True if it was another node before. */
  by(node: string): boolean {
    const moved = this.lastWriter !== null && this.lastWriter !== node;
    this.lastWriter = node;
    this.lastAt = this.clock.monotonic();
    return moved;
  }

  get isFresh(): boolean {
    return this.clock.monotonic() - this.lastAt < BELIEVED_MS;
  }
}
