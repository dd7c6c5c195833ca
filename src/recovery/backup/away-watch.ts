/** How long a Kafka may be away before a backup gives up for now. */
import { BROKER_UNAVAILABLE } from '../../broker/broker-errors.ts';
import type { Availability, ClientOptions } from '../../broker/ports.ts';
import type { Clock, Timer } from '../../foundation/clock.ts';
import { EnvironmentError } from '../../sdk/errors/kinds.ts';

/** Clients of a broker wait for it without end; a task that only waits is not seen to be parked. */
const AWAY_MS = 20_000;

/** Ends what is done with a Kafka that has been away for some time. */
export class AwayWatch {
  readonly signal: AbortSignal;
  private readonly clock: Clock;
  private readonly servers: string;
  private readonly stopping = new AbortController();
  private timer: Timer | undefined;
  private reason = '';

  constructor(options: { readonly clock: Clock; readonly servers: string; readonly signal: AbortSignal }) {
    this.clock = options.clock;
    this.servers = options.servers;
    this.signal = AbortSignal.any([options.signal, this.stopping.signal]);
  }

  /** Give it to the clients of that Kafka. */
  readonly onAvailability: NonNullable<ClientOptions['onAvailability']> = ({ available, reason }: Availability) => {
    this.reason = reason;
    if (available) this.end();
    else this.timer ??= this.clock.setTimer(() => this.giveUp(), AWAY_MS, { unref: true });
  };

  end(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private giveUp(): void {
    const message = `Kafka at ${this.servers} is away${this.reason === '' ? '' : `: ${this.reason}`}.`;
    this.stopping.abort(new EnvironmentError(message, { code: BROKER_UNAVAILABLE }));
  }
}
