/** The topic `_schemas` over the broker ports: whatever broker the worker runs on keeps the registry's state. */
import type { Admin, Broker, ClientOptions, Producer } from '../broker/ports.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { ConfigError, defineErrorCode } from '../sdk/errors/index.ts';
import type { RecordBytes } from './registry-record.ts';
import type { LoggedRecord, SchemasLog, SchemasReader } from './schemas-log.ts';

export const SCHEMAS_TOPIC_UNFIT = defineErrorCode('holdfast.embedded-registry.topic-unfit', {
  what: 'The topic that the embedded registry should keep its schemas in has several partitions, or is not compacted.',
  mend: 'Name another topic, or alter it to one partition and cleanup.policy=compact. With another policy schemas get lost.',
});

export interface TopicSchemasLogOptions {
  readonly broker: Broker;
  readonly topic: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

const LOOK_AGAIN_MS = 100;
const READ_WAIT_MS = 500;
const READ_RECORDS = 500;

export class TopicSchemasLog implements SchemasLog {
  private readonly options: TopicSchemasLogOptions;
  private readonly client: ClientOptions;
  private readonly admin: Admin;
  private readonly producer: Producer;

  private constructor(options: TopicSchemasLogOptions) {
    this.options = options;
    this.client = { settings: { 'client.id': 'holdfast-embedded-registry' }, logger: options.logger };
    this.admin = options.broker.admin(this.client);
    this.producer = options.broker.producer(this.client);
  }

  /**
   * Opens the topic, and makes it where it is missing: one partition, compacted. Throws ConfigError
   * `holdfast.embedded-registry.topic-unfit` for a topic that would lose schemas.
   */
  static async open(options: TopicSchemasLogOptions, signal?: AbortSignal): Promise<TopicSchemasLog> {
    const log = new TopicSchemasLog(options);
    try {
      await log.prepareTopic(signal);
    } catch (error) {
      await log.close();
      throw error;
    }
    return log;
  }

  private async prepareTopic(signal?: AbortSignal): Promise<void> {
    const { topic } = this.options;
    const wanted = { name: topic, partitions: 1, replicationFactor: -1, configs: { 'cleanup.policy': 'compact' } };
    const [outcome] = await this.admin.createTopics([wanted], signal);
    if (outcome !== 'exists') return;
    const partitions = await this.partitions(signal);
    const policy = (await this.admin.describeTopicConfigs([topic], signal)).get(topic)?.get('cleanup.policy');
    if (partitions === 1 && (policy === undefined || policy === 'compact')) return;
    throw new ConfigError(
      `The topic '${topic}' has ${partitions} partition(s) and cleanup.policy=${policy}; ` +
        'the embedded registry needs one partition and cleanup.policy=compact.',
      { code: SCHEMAS_TOPIC_UNFIT },
    );
  }

  /** Another node may have made the topic a moment ago, and this broker not know it yet. */
  private async partitions(signal = new AbortController().signal): Promise<number> {
    const { topic, clock } = this.options;
    for (;;) {
      const [description] = await this.admin.describeTopics([topic], signal);
      if (description !== undefined) return description.partitions.length;
      await clock.sleep(LOOK_AGAIN_MS, signal);
    }
  }

  /** The id of the cluster that keeps the topic; '' where it has none. */
  async clusterId(signal?: AbortSignal): Promise<string> {
    return (await this.admin.describeCluster(signal)).clusterId ?? '';
  }

  async append(records: readonly RecordBytes[]): Promise<number> {
    const { topic } = this.options;
    const sent = await this.producer.send(
      records.map(({ key, value }) => ({ topic, partition: 0, key, value, headers: [], timestamp: -1 })),
    );
    const rejected = sent.rejected[0];
    if (rejected !== undefined) throw rejected.error;
    return sent.offsets.at(-1) ?? -1;
  }

  async endOffset(signal: AbortSignal): Promise<number> {
    const query = { topic: this.options.topic, partition: 0, at: 'latest' } as const;
    const [end] = await this.admin.listOffsets([query], signal);
    return end ?? 0;
  }

  reader(): SchemasReader {
    const { topic } = this.options;
    const fetcher = this.options.broker.fetcher(this.client);
    fetcher.add([{ topic, partition: 0, offset: 'earliest' }]);
    let position = 0;
    return {
      get position() {
        return position;
      },
      async read(signal) {
        const batches = await fetcher.poll({ maxRecords: READ_RECORDS, timeoutMs: READ_WAIT_MS, signal });
        const records: LoggedRecord[] = [];
        for (const batch of batches) {
          // Fetched bytes are views into a buffer that may be used again.
          for (const { offset, key, value } of batch.records) {
            records.push({ offset, key: key?.slice() ?? null, value: value?.slice() ?? null });
          }
          position = batch.nextOffset;
        }
        return records;
      },
      close: () => fetcher.close(),
    };
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.producer.close(1_000), this.admin.close()]);
  }
}
