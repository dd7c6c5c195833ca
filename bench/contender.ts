/** A worker under measurement: Holdfast or Kafka Connect, each started with its defaults on the same Kafka. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchJson } from '../test/support/fetch-json.ts';
import { runHoldfast } from '../test/support/holdfast-process.ts';
import { startJavaConnect } from '../test/support/java-connect.ts';
import { freePort } from '../test/support/ports.ts';
import { tempDir } from '../test/support/temp-dir.ts';

export interface Contender {
  readonly name: 'Holdfast' | 'Kafka Connect';
  readonly pid: number;
  readonly restUrl: string;
  /** From the start of the process to the first answer of the REST API, ms. */
  readonly restReadyMs: number;
  stop(): Promise<void>;
}

const CONVERTERS = {
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
};

/** `connectors` are started with the worker, to time the first record. */
export async function startHoldfast(
  bootstrapServers: string,
  connectors: readonly Readonly<Record<string, string>>[] = [],
): Promise<Contender> {
  const dir = tempDir('bench');
  const restUrl = `http://127.0.0.1:${await freePort()}`;
  const worker = join(dir, 'worker.properties');
  const settings = {
    'bootstrap.servers': bootstrapServers,
    ...CONVERTERS,
    listeners: restUrl,
    'offset.storage.file.filename': join(dir, 'offsets'),
  };
  writeFileSync(
    worker,
    Object.entries(settings)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  const files = connectors.map((connector, index) => {
    const file = join(dir, `connector-${index}.json`);
    writeFileSync(file, JSON.stringify(connector));
    return file;
  });
  const startedAt = performance.now();
  const child = await runHoldfast(['standalone', worker, ...files], { cwd: dir });
  await answers(restUrl);
  return {
    name: 'Holdfast',
    pid: child.pid,
    restUrl,
    restReadyMs: performance.now() - startedAt,
    stop: async () => void (await child.stop()),
  };
}

export async function startKafkaConnect(
  bootstrapServers: string,
  connectors: readonly Readonly<Record<string, string>>[] = [],
): Promise<Contender> {
  const startedAt = performance.now();
  const connect = await startJavaConnect({
    mode: 'standalone',
    workerProps: { 'bootstrap.servers': bootstrapServers, ...CONVERTERS },
    connectorFiles: connectors,
  });
  return {
    name: 'Kafka Connect',
    pid: connect.pid,
    restUrl: connect.restUrl,
    restReadyMs: connect.startMs ?? performance.now() - startedAt,
    stop: () => connect.stop(),
  };
}

async function answers(restUrl: string): Promise<void> {
  for (;;) {
    const answer = await fetchJson(`${restUrl}/`).catch(() => null);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
