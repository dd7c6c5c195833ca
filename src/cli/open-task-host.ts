/** Opens task hosts: inline, or in a thread of their own with a broker and registry views of their own. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { EmbeddedBroker } from '../broker/embedded/embedded-broker.ts';
import type { Broker } from '../broker/ports.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { WorkerConfig } from '../runtime/config/worker-config.ts';
import type { TaskHostConnection } from '../runtime/host/host-connection.ts';
import { createInlineTaskHost } from '../runtime/host/inline-host.ts';
import { createThreadTaskHost, type ThreadTaskHostOptions } from '../runtime/host/thread-host.ts';
import { ModulePluginLoader } from '../runtime/plugins/module-plugin-loader.ts';
import type { HostUse } from '../runtime/worker/host-client.ts';
import { defineErrorCode } from '../sdk/errors/codes.ts';
import { ConfigError } from '../sdk/errors/kinds.ts';
import type { RegistryClient } from './registry-client.ts';

export const ISOLATION_UNAVAILABLE = defineErrorCode('holdfast.worker.isolation-unavailable', {
  what: 'Tasks were to run in threads, and the worker was given a broker that no other thread can use.',
  mend: 'Set task.isolation=inline, or name the broker in bootstrap.servers and hand in none.',
});

/** How many threads `task.host.threads` stands for. */
export function sharedHostThreads(config: WorkerConfig): number {
  const threads = config.values['task.host.threads'];
  return threads > 0 ? threads : Math.max(1, availableParallelism() - 1);
}

export function taskHostOpener(options: {
  readonly broker: Broker;
  /** The broker was made by someone else, and `bootstrap.servers` may name another one. */
  readonly isForeignBroker: boolean;
  readonly registry: RegistryClient;
  readonly registryDefaults: Readonly<Record<string, string>>;
  readonly config: WorkerConfig;
  readonly cloneMessages: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}): (use: HostUse) => TaskHostConnection {
  const { broker, registry, config, cloneMessages, clock, logger } = options;
  const loader = new ModulePluginLoader();
  return (use) => {
    if (use.isolation === 'inline') {
      return createInlineTaskHost({
        broker,
        plugins: loader,
        ...registry.openHostSide(),
        clock,
        logger,
        cloneMessages,
      });
    }
    const memoryMb = use.memoryMaxMb > 0 ? use.memoryMaxMb : config.values['task.host.memory.max.mb'];
    return createThreadTaskHost({
      entry: entryOfThreads(),
      name: `holdfast ${use.connector ?? 'shared'}`,
      broker: brokerOf(options),
      registryDefaults: options.registryDefaults,
      ...(memoryMb > 0 ? { resourceLimits: { maxOldGenerationSizeMb: memoryMb } } : {}),
      blockedAfterMs: config.values['task.call.warn.ms'],
      clock,
      logger,
    });
  };
}

function brokerOf(options: {
  readonly broker: Broker;
  readonly isForeignBroker: boolean;
  readonly config: WorkerConfig;
}): ThreadTaskHostOptions['broker'] {
  const { broker, config } = options;
  if (isEmbedded(broker)) return { kind: 'embedded', serve: (port) => broker.serve(port) };
  if (broker.kind === 'kafka' && !options.isForeignBroker) {
    return { kind: 'kafka', bootstrapServers: config.values['bootstrap.servers'].join(',') };
  }
  throw new ConfigError(
    'The tasks are to run in a thread of their own (task.isolation), and the broker that this worker was given can be used by this thread only. Set task.isolation=inline, or let the worker open the broker that bootstrap.servers names.',
    { code: ISOLATION_UNAVAILABLE },
  );
}

function isEmbedded(broker: Broker): broker is EmbeddedBroker {
  return broker.kind === 'embedded' && typeof (broker as Partial<EmbeddedBroker>).serve === 'function';
}

/** Compiled, the module beside this folder; from the sources, what runs TypeScript on any Node. */
function entryOfThreads(): ThreadTaskHostOptions['entry'] {
  if (!import.meta.url.endsWith('.ts')) return { url: new URL('../task-host-entry.js', import.meta.url) };
  const source = fileURLToPath(new URL('../task-host-entry.ts', import.meta.url));
  return { url: new URL('../../scripts/run-ts.mjs', import.meta.url), argv: [source] };
}
