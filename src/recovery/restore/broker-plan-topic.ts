/** A plan's topic at a real cluster, or in the folder of a stopped worker. */
import type { Admin, Broker, ClientOptions } from '../../broker/ports.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { ConfigError } from '../../sdk/errors/index.ts';
import type { RawRecord } from '../records/raw-record.ts';
import type { RecordSink } from '../snapshot/record-sink.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import { whileNoMembers } from '../topic/no-members.ts';
import { readTopicFacts } from '../topic/read-topic-facts.ts';
import { deleteRegistryTopic } from '../topic/registry-topic.ts';
import { spoolTopic } from '../topic/spool-topic.ts';
import { type AppendedRecord, TopicAppender } from '../topic/topic-appender.ts';
import { makeTopic } from './make-topic.ts';
import type { CreateTopic, PlanTopic } from './plan-topic.ts';
import type { PresentTarget } from './present-target.ts';

export interface BrokerPlanTopicOptions {
  readonly broker: Pick<Broker, 'admin' | 'producer' | 'logReader'>;
  readonly client: ClientOptions;
  readonly clock: Clock;
  readonly topic: string;
  readonly groupId: string;
  /** As of {@link RegistryGroup}. */
  readonly otherGroupsOk?: readonly string[] | undefined;
  /** As of a plan's target. */
  readonly registryReads?: string | undefined;
}

export class BrokerPlanTopic implements PlanTopic {
  readonly topic: string;
  private readonly options: BrokerPlanTopicOptions;
  private readonly admin: Admin;
  private appender: TopicAppender | undefined;

  constructor(options: BrokerPlanTopicOptions) {
    this.options = options;
    this.topic = options.topic;
    this.admin = options.broker.admin(options.client);
  }

  /** For planners. */
  async present(signal: AbortSignal): Promise<PresentTarget> {
    const [cluster, facts, acls] = await Promise.all([
      this.admin.describeCluster(signal),
      this.facts(signal),
      this.admin.topicAcls(this.topic, signal),
    ]);
    return { clusterId: cluster.clusterId, brokers: cluster.brokers, facts, hasAuthorizer: acls !== null };
  }

  async clusterId(signal: AbortSignal): Promise<string | null> {
    return (await this.admin.describeCluster(signal)).clusterId;
  }

  async facts(signal: AbortSignal): Promise<TopicFacts | undefined> {
    const { admin, topic } = this;
    if ((await admin.inspectTopic(topic, signal)) === null) return undefined;
    return readTopicFacts({ admin, topic, groupId: this.options.groupId }, signal);
  }

  async whileNoMembers<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, groupId, otherGroupsOk = [], client, registryReads = this.topic } = this.options;
    // Invariant 10: nobody reads a topic that is not there. From then on the registry may have been told to.
    const mayRun = registryReads !== this.topic && (await this.admin.inspectTopic(this.topic, signal)) === null;
    let told = false;
    const onNotListed = (error: ConfigError): void => {
      if (!told) client.logger.warn('other groups of registries are not looked for', { reason: error.message });
      told = true;
    };
    const group = { admin: this.admin, groupId, mayRun, otherGroupsOk, onNotListed };
    return whileNoMembers({ ...group, clock }, signal, work);
  }

  create(step: CreateTopic, signal: AbortSignal): Promise<readonly string[]> {
    return makeTopic({ admin: this.admin, clock: this.options.clock }, step, signal);
  }

  alter(configs: Readonly<Record<string, string | null>>, signal: AbortSignal): Promise<void> {
    return this.admin.alterTopicConfigs(this.topic, configs, signal);
  }

  async remove({ topicId }: TopicFacts, signal: AbortSignal): Promise<void> {
    await this.closeAppender();
    await deleteRegistryTopic({ admin: this.admin, clock: this.options.clock }, { topic: this.topic, topicId }, signal);
  }

  spool(
    facts: TopicFacts,
    writer: RecordSink,
    signal: AbortSignal,
    onProgress?: (done: number, total: number) => void,
  ): Promise<TopicFacts> {
    const { broker, client } = this.options;
    const { beginOffset } = facts;
    return spoolTopic(
      {
        ...{ broker, client, facts, writer },
        onProgress: ({ offset, endOffset }) => onProgress?.(offset - beginOffset, endOffset - beginOffset),
      },
      signal,
    );
  }

  async *read(from: number, end: number, signal: AbortSignal): AsyncGenerator<readonly RawRecord[]> {
    const { broker, client } = this.options;
    const reader = broker.logReader(client);
    try {
      for (let offset = from; offset < end; ) {
        const chunk = await reader.read({ topic: this.topic, partition: 0, offset, end }, signal);
        for (const entry of chunk.entries) if (entry.kind === 'records') yield entry.records;
        offset = chunk.nextOffset;
      }
    } finally {
      await reader.close();
    }
  }

  async append(records: readonly AppendedRecord[], signal: AbortSignal): Promise<readonly number[]> {
    const { broker, client } = this.options;
    this.appender ??= await TopicAppender.open({ broker, client, topic: this.topic }, signal);
    return this.appender.append(records, signal);
  }

  async close(): Promise<void> {
    await this.closeAppender();
    await this.admin.close();
  }

  private async closeAppender(): Promise<void> {
    const { appender } = this;
    this.appender = undefined;
    await appender?.close();
  }
}
