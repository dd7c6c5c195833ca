/** How often, and for how long, something was refused that lag or trouble of the moment may explain. */
import type { Clock } from '../foundation/clock.ts';

interface Denial {
  readonly since: number;
  /** Clock.monotonic() of the last round. */
  at: number;
  rounds: number;
}

const MAX_DENIALS = 10_000;
/** A denial is believed after this time and this many rounds. */
const DENIED_FOR_MS = 30_000;
const DENIED_ROUNDS = 2;
/** After a pause as long as that, "not found" may be lag once more: what was missing may have been registered, or restored, meanwhile. */
const DENIAL_MEMORY_MS = 5 * 60_000;

export class Denials {
  private readonly clock: Clock;
  private readonly denials = new Map<string, Denial>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Counts one round. `isLasting`: it went on for so long that it may be believed. */
  add(key: string): { readonly deniedForMs: number; readonly rounds: number; readonly isLasting: boolean } {
    const now = this.clock.monotonic();
    const before = this.denials.get(key);
    const isOver = before === undefined || now - before.at >= DENIAL_MEMORY_MS;
    const denial = isOver ? { since: now, at: now, rounds: 0 } : before;
    denial.at = now;
    denial.rounds += 1;
    this.denials.delete(key);
    this.denials.set(key, denial);
    for (const oldest of this.denials.keys()) {
      if (this.denials.size <= MAX_DENIALS) break;
      this.denials.delete(oldest);
    }
    const deniedForMs = now - denial.since;
    const { rounds } = denial;
    return { deniedForMs, rounds, isLasting: deniedForMs >= DENIED_FOR_MS && rounds >= DENIED_ROUNDS };
  }

  delete(key: string): void {
    this.denials.delete(key);
  }

  clear(): void {
    this.denials.clear();
  }
}
