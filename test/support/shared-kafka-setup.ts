import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type Kafka, startKafka } from './kafka.ts';
import type { KafkaListenerKind } from './kafka-listener.ts';
import type { SharedKafka } from './shared-kafka.ts';
import { tempDir } from './temp-dir.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The Unix socket on which the runner hands out the shared Kafka. */
    sharedKafkaSocket: string;
  }
}

const listeners: readonly KafkaListenerKind[] = [
  'plaintext',
  'sasl_plain',
  'scram_sha_256',
  'scram_sha_512',
  'ssl',
  'ssl_mutual',
  'sasl_ssl_plain',
  'sasl_ssl_scram_sha_512',
];

/**
 * Global set-up of vitest: one Kafka for all test files of a run, started when the first of them asks, so that a run
 * without such tests pays nothing. It lives in the runner's process and ends with the run.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<Kafka> | undefined;
  const socket = join(tempDir('shared'), 'kafka.sock');
  const server = createServer((_request, response) => {
    starting ??= startKafka({ listeners });
    starting.then(
      (kafka) => response.end(JSON.stringify(describe(kafka))),
      (error: unknown) => {
        response.statusCode = 500;
        response.end(error instanceof Error ? (error.stack ?? error.message) : String(error));
      },
    );
  });
  server.listen(socket);
  await once(server, 'listening');
  server.unref();
  project.provide('sharedKafkaSocket', socket);
  return async () => {
    server.close();
    await starting?.then(
      (kafka) => kafka.remove(),
      () => {},
    );
  };
}

function describe(kafka: Kafka): SharedKafka {
  if (kafka.tls === undefined) throw new Error('the shared Kafka was started without TLS');
  return {
    bootstrapServers: kafka.bootstrapServers,
    listeners: Object.fromEntries(listeners.map((kind) => [kind, kafka.bootstrapServersOf(kind)])),
    user: kafka.user,
    tls: kafka.tls,
    logFile: kafka.logFile,
  };
}
