/** Connectors that asked for new task configurations. */
import { type BackoffOptions, backoffBound } from '../../foundation/backoff.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { DesiredConnector } from './desired-connectors.ts';

/** A request that comes sooner after the last answer is a hurried one. */
const HURRIED_MS = 1_000;
/** So many of those in a row are answered at once: what changed may have changed in steps. */
const BURST = 10;
/** Of those after them: as Kafka Connect 4.1.1 waits before it asks a connector again whose task configurations it did not get. */
const WAIT: BackoffOptions = { initialMs: 250, maxMs: 60_000, jitter: 'none' };

interface Pace {
  /** Hurried requests in a row. */
  hurried: number;
  /** When the last reconfiguration ended, of the steady clock; Infinity while one is under way. */
  endedAt: number;
}

export class Reconfigurations {
  private readonly asked = new Set<DesiredConnector>();
  private readonly paces = new WeakMap<DesiredConnector, Pace>();
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly inTurn: (name: string, run: () => Promise<void>) => Promise<void>;
  private readonly reconfigure: (entry: DesiredConnector) => Promise<void>;

  constructor(options: {
    readonly clock: Clock;
    readonly logger: Logger;
    /** Runs it when the connector's turn comes. */
    readonly inTurn: (name: string, run: () => Promise<void>) => Promise<void>;
    /** Does nothing for a connector that is gone or does not run. */
    readonly reconfigure: (entry: DesiredConnector) => Promise<void>;
  }) {
    this.clock = options.clock;
    this.logger = options.logger;
    this.inTurn = options.inTurn;
    this.reconfigure = options.reconfigure;
  }

  /**
   * Requests of a connector that come together, or before its turn, are one. One that asks again and again as soon as it was answered waits
   * ever longer, up to a minute: it would take the worker's time, and that of its own tasks. No request is lost.
   */
  soon(entry: DesiredConnector): void {
    if (this.asked.has(entry)) return;
    this.asked.add(entry);
    const waitMs = this.waitFor(entry);
    if (waitMs === 0) this.begin(entry);
    else this.clock.setTimer(() => this.begin(entry), waitMs, { unref: true });
  }

  private begin(entry: DesiredConnector): void {
    void this.inTurn(entry.name, async () => {
      await Promise.resolve();
      this.asked.delete(entry);
      const pace = this.paces.get(entry) ?? { hurried: 0, endedAt: Infinity };
      this.paces.set(entry, pace);
      pace.endedAt = Infinity;
      try {
        await this.reconfigure(entry);
      } finally {
        pace.endedAt = this.clock.monotonic();
      }
    }).catch((error: unknown) => {
      this.asked.delete(entry);
      this.logger.debug('Tasks were not reconfigured.', { connector: entry.name, err: error });
    });
  }

  private waitFor(entry: DesiredConnector): number {
    const pace = this.paces.get(entry);
    if (pace === undefined) return 0;
    const isHurried = this.clock.monotonic() - pace.endedAt < HURRIED_MS;
    pace.hurried = isHurried ? pace.hurried + 1 : 0;
    if (pace.hurried <= BURST) return 0;
    const waitMs = backoffBound(pace.hurried - BURST - 1, WAIT);
    if (pace.hurried === BURST + 1) {
      this.logger.warn(
        'A connector asks for new task configurations again and again. It is asked for them ever less often, once a minute at the least.',
        { connector: entry.name, waitMs },
      );
    }
    return waitMs;
  }
}
