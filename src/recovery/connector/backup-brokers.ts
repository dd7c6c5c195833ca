/** The Kafkas that a backup reads and writes, each opened once; and how long one of them may be away before a backup gives up for now. */
import { BROKER_UNAVAILABLE } from '../../broker/broker-errors.ts';
import { createEmbeddedBroker } from '../../broker/embedded/embedded-broker.ts';
import { createKafkaBroker } from '../../broker/kafka/kafka-broker.ts';
import type { Availability, Broker, ClientOptions, ClientSettings } from '../../broker/ports.ts';
import type { Clock, Timer } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { EnvironmentError } from '../../sdk/errors/kinds.ts';

const EMBEDDED = 'embedded:';
/** Clients of a broker wait for it without end; a task that only waits is not seen to be parked. */
const AWAY_MS = 20_000;

export class BackupBrokers {
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly opened = new Map<string, Promise<Broker>>();

  constructor(options: { readonly clock: Clock; readonly logger: Logger }) {
    this.clock = options.clock;
    this.logger = options.logger;
  }

  broker(servers: string, settings: ClientSettings): Promise<Broker> {
    const key = JSON.stringify([servers, settings]);
    const known = this.opened.get(key);
    if (known !== undefined) return known;
    const opening = this.open(servers, settings);
    this.opened.set(key, opening);
    // A folder that somebody else has open now may be free later.
    opening.catch(() => this.opened.delete(key));
    return opening;
  }

  async close(): Promise<void> {
    const opened = [...this.opened.values()];
    this.opened.clear();
    await Promise.all(opened.map(async (opening) => (await opening.catch(() => undefined))?.close()));
  }

  private async open(servers: string, settings: ClientSettings): Promise<Broker> {
    const { clock } = this;
    const logger = this.logger.child({ name: 'broker' });
    return servers.startsWith(EMBEDDED)
      ? createEmbeddedBroker({ dir: servers.slice(EMBEDDED.length), clock, logger })
      : createKafkaBroker({ bootstrapServers: servers, settings, logger, clock });
  }
}

/** Ends one backup when the source's Kafka has been away for some time. */
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
