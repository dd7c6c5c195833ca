/** A target in Kafka that fails when its brokers stay away, so that it does not keep the other targets from their backup. */
import type { Broker, ClientOptions } from '../../broker/ports.ts';
import type { Clock } from '../../foundation/clock.ts';
import { AwayWatch } from './away-watch.ts';
import type { BackupTarget, OpenTarget } from './backup-target.ts';
import { openTarget, type TargetSettings, type TargetSurroundings } from './open-target.ts';
import type { TargetPlace } from './place.ts';

/**
 * As {@link openTarget}; a target in Kafka is given up when it stays away.
 * @param servers of a topic that names none
 * @throws ConfigError
 */
export async function openPatientTarget(
  place: TargetPlace,
  settings: TargetSettings,
  { servers, ...surroundings }: TargetSurroundings & { readonly servers: string },
): Promise<BackupTarget> {
  const relay = new AvailabilityRelay();
  const broker = async (of: string | undefined): Promise<Broker> => relay.over(await surroundings.broker(of));
  const target = await openTarget(place, settings, { ...surroundings, broker });
  if (place.kind !== 'kafka') return target;
  return new PatientTarget({ target, relay, servers: place.servers ?? servers, clock: surroundings.clock });
}

type Listener = NonNullable<ClientOptions['onAvailability']>;

/** Hands on whether a broker is there to whoever waits for it at the time. */
export class AvailabilityRelay {
  listener: Listener | undefined;

  /** A broker whose clients tell this relay. */
  over(broker: Broker): Broker {
    const told = <T extends ClientOptions>(options: T): T => {
      return { ...options, onAvailability: (availability) => this.listener?.(availability) };
    };
    return {
      kind: broker.kind,
      producer: (options) => broker.producer(told(options)),
      fetcher: (options) => broker.fetcher(told(options)),
      logReader: (options) => broker.logReader(told(options)),
      groupMember: (options) => broker.groupMember(told(options)),
      protocolMember: (options) => broker.protocolMember(told(options)),
      admin: (options) => broker.admin(told(options)),
      close: () => broker.close(),
    };
  }
}

export class PatientTarget implements BackupTarget {
  readonly name: string;
  private readonly target: BackupTarget;
  private readonly relay: AvailabilityRelay;
  private readonly servers: string;
  private readonly clock: Clock;

  constructor(options: {
    readonly target: BackupTarget;
    /** What its broker was made with. */
    readonly relay: AvailabilityRelay;
    readonly servers: string;
    readonly clock: Clock;
  }) {
    this.name = options.target.name;
    this.target = options.target;
    this.relay = options.relay;
    this.servers = options.servers;
    this.clock = options.clock;
  }

  async open(signal: AbortSignal): Promise<OpenTarget> {
    const open = await this.within(signal, (until) => this.target.open(until));
    return {
      ...{ isAppendOnly: open.isAppendOnly, held: open.held, heldPlace: open.heldPlace, warnings: open.warnings },
      check: (until) => this.within(until, (within) => open.check(within)),
      write: (write, until) => this.within(until, (within) => open.write(write, within)),
      settle: (until) => this.within(until, (within) => open.settle(within)),
      close: () => open.close(),
    };
  }

  private async within<T>(signal: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, servers, relay } = this;
    const watch = new AwayWatch({ clock, servers, signal });
    relay.listener = watch.onAvailability;
    try {
      return await run(watch.signal);
    } finally {
      relay.listener = undefined;
      watch.end();
    }
  }
}
