import type { Clock } from '../foundation/clock.ts';
import type { ConnectError } from '../sdk/errors/index.ts';

/** A negative entry lives a second at most. */
const REFUSAL_MS = 1000;
const MAX_REFUSALS = 10_000;

/** What the registry denied just now, so that a batch of records asks once. */
export class RecentRefusals {
  private readonly clock: Clock;
  private readonly refusals = new Map<string, { readonly error: ConnectError; readonly until: number }>();

  constructor({ clock }: { readonly clock: Clock }) {
    this.clock = clock;
  }

  get(key: string): ConnectError | undefined {
    const refusal = this.refusals.get(key);
    return refusal !== undefined && refusal.until > this.clock.monotonic() ? refusal.error : undefined;
  }

  add(key: string, error: ConnectError): void {
    this.refusals.delete(key);
    this.refusals.set(key, { error, until: this.clock.monotonic() + REFUSAL_MS });
    for (const oldest of this.refusals.keys()) {
      if (this.refusals.size <= MAX_REFUSALS) return;
      this.refusals.delete(oldest);
    }
  }

  clear(): void {
    this.refusals.clear();
  }

  forget(key: string): void {
    this.refusals.delete(key);
  }
}
