import { request } from 'node:http';
import { inject } from 'vitest';
import type { KafkaListenerKind } from './kafka-listener.ts';
import type { TlsMaterial } from './tls.ts';

/** The Kafka that all test files of a run share. Nobody stops it; topics and groups get names from `uniqueName`. */
export interface SharedKafka {
  /** Of the plaintext listener. */
  readonly bootstrapServers: string;
  /** `127.0.0.1:port` per listener kind; all but `sasl_ssl_scram_sha_256` are there. */
  readonly listeners: Readonly<Partial<Record<KafkaListenerKind, string>>>;
  /** For every SASL listener. */
  readonly user: { readonly username: string; readonly password: string };
  /** The authority of the TLS listeners, and the client's key and certificate for `ssl_mutual`. */
  readonly tls: TlsMaterial;
  readonly logFile: string;
}

/** The shared Kafka, started by the first test file of the run that asks. Needs shared-kafka-setup.ts as global set-up. */
export async function sharedKafka(): Promise<SharedKafka> {
  const socketPath = inject('sharedKafkaSocket');
  if (socketPath === undefined) {
    throw new Error('no shared Kafka: name test/support/shared-kafka-setup.ts in globalSetup of vitest.config.ts');
  }
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path: '/' }, async (response) => {
      let body = '';
      for await (const piece of response) body += piece;
      if (response.statusCode === 200) resolve(JSON.parse(body));
      else reject(new Error(`the shared Kafka did not start:\n${body}`));
    });
    call.once('error', reject);
    call.end();
  });
}
