import { join } from 'node:path';
import { createKafkaBroker } from '../../../src/broker/kafka/kafka-broker.ts';
import type { Availability, Broker, ClientSettings, FetchedRecord, ProducerRecord } from '../../../src/broker/ports.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { type Logger, silentLogger } from '../../../src/foundation/logger.ts';
import { SupervisedProcess } from '../../support/child-process.ts';
import { javaKafkaLibs } from '../../support/java-libs.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { createTopic } from '../../support/topic-content.ts';
import { uniqueName } from '../../support/unique-name.ts';

export function openBroker(
  bootstrapServers: string,
  settings: ClientSettings = {},
  logger: Logger = silentLogger,
): Broker {
  return createKafkaBroker({ bootstrapServers, settings, logger, clock: systemClock });
}

/** Records with these values for partition 0. */
export function values(topic: string, texts: readonly string[]): ProducerRecord[] {
  return texts.map((text) => ({
    topic,
    partition: 0,
    key: null,
    value: Buffer.from(text),
    headers: [],
    timestamp: -1,
  }));
}

export function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, n) => String(from + n));
}

export async function newTopic(broker: Broker, partitions = 1, configs: Record<string, string> = {}): Promise<string> {
  const name = uniqueName('topic');
  await createTopic(broker, name, partitions, configs);
  return name;
}

/** Everything in partition 0 up to its present end. */
export async function readAll(broker: Broker, topic: string, settings: ClientSettings = {}): Promise<FetchedRecord[]> {
  const client = { settings, logger: silentLogger };
  const admin = broker.admin(client);
  const [end = 0] = await admin.listOffsets([{ topic, partition: 0, at: 'latest' }]);
  await admin.close();
  const fetcher = broker.fetcher(client);
  fetcher.add([{ topic, partition: 0, offset: 'earliest' }]);
  const records: FetchedRecord[] = [];
  const until = performance.now() + 30_000;
  while ((fetcher.position({ topic, partition: 0 }) ?? -1) < end && performance.now() < until) {
    for (const batch of await fetcher.poll({ maxRecords: 10_000, timeoutMs: 1_000 })) records.push(...batch.records);
  }
  await fetcher.close();
  return records;
}

export function textsOf(records: readonly FetchedRecord[]): string[] {
  return records.map(({ value }) => (value === null ? '' : Buffer.from(value).toString()));
}

/** Remembers what a client said of its availability, and waits for it. */
export class AvailabilityLog {
  readonly changes: Availability[] = [];
  private waiters: (() => void)[] = [];

  readonly listener = (availability: Availability): void => {
    this.changes.push(availability);
    for (const wake of this.waiters) wake();
  };

  async until(available: boolean, since = 0): Promise<Availability> {
    for (;;) {
      const found = this.changes.slice(since).find((change) => change.available === available);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.waiters.push(resolve));
    }
  }
}

/** Starts one of Kafka's own programs. */
export async function startTool(
  main: string,
  args: readonly string[],
  options: { readonly withStdin?: boolean } = {},
): Promise<SupervisedProcess> {
  const { classpath } = await javaKafkaLibs();
  return SupervisedProcess.start({
    name: main,
    command: 'java',
    args: [
      '-Xmx256m',
      '-XX:TieredStopAtLevel=1',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
      '-cp',
      classpath,
      main,
      ...args,
    ],
    logFile: join(tempDir('tool'), 'tool.log'),
    ...options,
  });
}

/** Runs one to its end and returns what it wrote. */
export async function runTool(main: string, args: readonly string[], input?: string): Promise<string> {
  const tool = await startTool(main, args, { withStdin: input !== undefined });
  if (input !== undefined) tool.stdin.end(input);
  const { code } = await tool.waitForExit();
  if (code !== 0) throw new Error(`${main} ended with code ${code}:\n${tool.log()}`);
  return tool.log();
}
