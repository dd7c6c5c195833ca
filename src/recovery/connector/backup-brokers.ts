/** The Kafkas that a backup reads and writes, each opened once. */
import { createEmbeddedBroker } from '../../broker/embedded/embedded-broker.ts';
import { createKafkaBroker } from '../../broker/kafka/kafka-broker.ts';
import type { Broker, ClientSettings } from '../../broker/ports.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';

const EMBEDDED = 'embedded:';

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
