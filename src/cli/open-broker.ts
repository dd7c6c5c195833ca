/** Opens what `bootstrap.servers` names: a Kafka cluster, or the embedded broker of a folder. */
import { resolve } from 'node:path';
import { createEmbeddedBroker } from '../broker/embedded/embedded-broker.ts';
import { createKafkaBroker } from '../broker/kafka/kafka-broker.ts';
import type { Broker } from '../broker/ports.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { WorkerConfig } from '../runtime/config/worker-config.ts';

const EMBEDDED = 'embedded:';

/** @throws ConfigError of what the embedded broker says of its folder */
export async function openBroker(options: {
  readonly config: WorkerConfig;
  readonly clock: Clock;
  readonly logger: Logger;
}): Promise<Broker> {
  const { config, clock, logger } = options;
  const servers = config.values['bootstrap.servers'];
  const [first] = servers;
  if (first?.startsWith(EMBEDDED) === true) {
    return createEmbeddedBroker({
      dir: resolve(first.slice(EMBEDDED.length)),
      clock,
      logger: logger.child({ name: 'broker' }),
      settings: { 'num.partitions': String(config.values['embedded.num.partitions']) },
    });
  }
  return createKafkaBroker({ bootstrapServers: servers.join(','), logger: logger.child({ name: 'broker' }), clock });
}
