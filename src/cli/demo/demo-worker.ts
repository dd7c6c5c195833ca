/** The worker of the demo: embedded broker, embedded registry of two nodes, everything in one folder. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createEmbeddedBroker } from '../../broker/embedded/embedded-broker.ts';
import { createEmbeddedRegistry, type EmbeddedRegistry } from '../../embedded-registry/embedded-registry.ts';
import { systemClock } from '../../foundation/clock.ts';
import { createWorker, type HoldfastWorker } from '../../index.ts';
import { createPinoLogger } from '../pino-logger.ts';

export interface DemoWorker {
  readonly worker: HoldfastWorker;
  readonly registry: EmbeddedRegistry;
  readonly registryUrls: readonly string[];
  readonly logFile: string;
  stop(): Promise<void>;
}

const REGISTRY_PORTS = [8081, 8082] as const;
const AVRO = 'io.confluent.connect.avro.AvroConverter';

export async function openDemoWorker(options: { readonly folder: string; readonly port: number }): Promise<DemoWorker> {
  const { folder, port } = options;
  const logFile = join(folder, 'holdfast.log');
  const logger = await createPinoLogger({ level: 'info', pretty: false, file: logFile });
  const clock = systemClock;
  const broker = await createEmbeddedBroker({
    dir: join(folder, 'broker'),
    clock,
    logger: logger.child({ name: 'broker' }),
  });
  const opened: (() => Promise<void>)[] = [() => broker.close()];
  const stop = async (): Promise<void> => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    const ports = await Promise.all(REGISTRY_PORTS.map((wanted) => freePort(wanted)));
    const registry = await createEmbeddedRegistry({
      broker,
      nodes: 2,
      host: '127.0.0.1',
      ports,
      clock,
      logger: logger.child({ name: 'embedded-registry' }),
    });
    opened.push(() => registry.stop());
    const registryUrls = registry.nodes.map(({ url }) => url);
    const worker = await createWorker({
      broker,
      logger,
      settings: {
        'bootstrap.servers': `embedded:${join(folder, 'broker')}`,
        'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
        'value.converter': AVRO,
        'value.converter.schema.registry.url': registryUrls.join(','),
        'offset.storage.file.filename': join(folder, 'connect.offsets'),
        'schema.store.dir': join(folder, 'schema-store'),
        'offset.flush.interval.ms': '1000',
        listeners: `http://127.0.0.1:${port}`,
      },
    });
    opened.push(() => worker.stop());
    await worker.start();
    return { worker, registry, registryUrls, logFile, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The wanted port, or any other when somebody has it. */
function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', () => (wanted === 0 ? reject(new Error('no port is free')) : resolve(freePort(0))));
    probe.listen(wanted, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : wanted;
      probe.close(() => resolve(port));
    });
  });
}
