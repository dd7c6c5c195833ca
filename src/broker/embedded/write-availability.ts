import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Availability, AvailabilityListener } from '../ports.ts';

/** Whether the folder takes writes. One for the whole broker: a full disk concerns every partition and every client. */
export class WriteAvailability {
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly failing = new Map<object, string>();
  private readonly listeners = new Set<AvailabilityListener>();
  private current: Availability;

  constructor(input: { readonly clock: Clock; readonly logger: Logger }) {
    this.clock = input.clock;
    this.logger = input.logger;
    this.current = { available: true, reason: '', since: input.clock.now() };
  }

  /** Tells the listener of every later change, and at once if the folder takes no writes now; returns how to stop. */
  subscribe(listener: AvailabilityListener | undefined): () => void {
    if (listener === undefined) return () => {};
    // A set of functions would merge two clients that share one.
    const own: AvailabilityListener = (availability) => listener(availability);
    this.listeners.add(own);
    if (!this.current.available) this.tell(own);
    return () => this.listeners.delete(own);
  }

  get state(): Availability {
    return this.current;
  }

  /** A write of `who` failed, and will be tried again. */
  failed(who: object, reason: string): void {
    this.failing.set(who, reason);
    if (this.current.available) this.change({ available: false, reason, since: this.clock.now() });
  }

  /** `who` writes again, or has gone. */
  recovered(who: object): void {
    if (!this.failing.delete(who) || this.failing.size > 0) return;
    this.change({ available: true, reason: '', since: this.clock.now() });
  }

  private change(availability: Availability): void {
    this.current = availability;
    if (availability.available) this.logger.info('The embedded broker takes writes again.');
    else this.logger.warn('The embedded broker takes no writes; they wait.', { reason: availability.reason });
    for (const listener of this.listeners) this.tell(listener);
  }

  private tell(listener: AvailabilityListener): void {
    try {
      listener(this.current);
    } catch (err) {
      this.logger.error('A listener to availability threw.', { err });
    }
  }
}
