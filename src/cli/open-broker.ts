/** Opens what `bootstrap.servers` names: a Kafka cluster, or the embedded broker of a folder. */
import { resolve } from 'node:path';
import { createEmbeddedBroker } from '../broker/embedded/embedded-broker.ts';
import { createKafkaBroker } from '../broker/kafka/kafka-broker.ts';
import type { Broker } from '../broker/ports.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { WorkerConfig } from '../runtime/config/worker-config.ts';
import { defineErrorCode } from '../sdk/errors/codes.ts';
import { ConfigError } from '../sdk/errors/kinds.ts';

export const BOOTSTRAP_INVALID = defineErrorCode('holdfast.worker.bootstrap-invalid', {
  what: 'bootstrap.servers names neither host:port pairs nor one embedded:<folder>.',
  mend: 'Write host:port[,host:port…] for a Kafka cluster, or embedded:<folder> for the embedded broker.',
});

const EMBEDDED = 'embedded:';
const HOST_PORT = /^([a-z]+:\/\/)?(\[[0-9a-f:.]+\]|[^:/\s]+):\d{1,5}$/i;

/** @throws ConfigError `holdfast.worker.bootstrap-invalid`, or what the embedded broker says of its folder */
export async function openBroker(options: {
  readonly config: WorkerConfig;
  readonly clock: Clock;
  readonly logger: Logger;
}): Promise<Broker> {
  const { config, clock, logger } = options;
  const servers = config.values['bootstrap.servers'];
  const [first] = servers;
  if (first?.startsWith(EMBEDDED) === true) {
    if (servers.length > 1 || first.length === EMBEDDED.length) throw invalid(servers);
    return createEmbeddedBroker({
      dir: resolve(first.slice(EMBEDDED.length)),
      clock,
      logger: logger.child({ name: 'broker' }),
      settings: { 'num.partitions': String(config.values['embedded.num.partitions']) },
    });
  }
  if (servers.length === 0 || !servers.every((server) => HOST_PORT.test(server))) throw invalid(servers);
  return createKafkaBroker({ bootstrapServers: servers.join(','), logger: logger.child({ name: 'broker' }), clock });
}

function invalid(servers: readonly string[]): ConfigError {
  return new ConfigError(
    `Invalid value ${servers.join(',')} for configuration bootstrap.servers: write host:port pairs for a Kafka cluster, or embedded:<folder> for the embedded broker.`,
    { code: BOOTSTRAP_INVALID },
  );
}
