import { afterAll, beforeAll } from 'vitest';
import { type Kafka, startKafka } from '../../support/kafka.ts';

/** Shorter than the registries' own 10 s, so that a scenario takes no longer than it needs to. */
export const SESSION_MS = 5_000;
const flags = ['--session-timeout-ms', String(SESSION_MS)];
export const karapace = { vendor: 'karapace', nodes: 3, flags: [...flags, '--primary-wait-ms', '2000'] } as const;
export const confluent = { vendor: 'confluent', nodes: 3, flags } as const;

const properties = { 'group.min.session.timeout.ms': '1000' };

/** A Kafka of the file's own, which tests may hurt. Returns what gives it to tests and hooks. */
export function chaosKafka(options: Parameters<typeof startKafka>[0] = {}): () => Kafka {
  let kafka: Kafka | undefined;
  beforeAll(async () => {
    kafka = await startKafka({ ...options, properties: { ...properties, ...options.properties } });
  });
  afterAll(() => kafka?.remove());
  return () => {
    if (kafka === undefined) throw new Error('Kafka is there in tests and hooks, not while they are declared');
    return kafka;
  };
}
