import { join } from 'node:path';
import { createEmbeddedBroker, type EmbeddedBroker } from '../../../src/broker/embedded/embedded-broker.ts';
import type { Broker } from '../../../src/broker/ports.ts';
import { type Clock, systemClock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { openSnapshotFolder, type SnapshotFolder } from '../../../src/recovery/backup/snapshot-folder.ts';
import { SnapshotWriter } from '../../../src/recovery/backup/snapshot-writer.ts';
import { openPlan, type Plan } from '../../../src/recovery/plan/open-plan.ts';
import type { RawRecord } from '../../../src/recovery/records/raw-record.ts';
import { BrokerPlanTopic } from '../../../src/recovery/restore/broker-plan-topic.ts';
import { undoPathOf } from '../../../src/recovery/restore/open-undo.ts';
import type { PlanTopic } from '../../../src/recovery/restore/plan-topic.ts';
import { runTopicPlan, type TopicRunResult } from '../../../src/recovery/restore/run-topic-plan.ts';
import { tempDir } from '../temp-dir.ts';
import { contentInWords } from './memory-snapshot.ts';
import type { WrittenRecord } from './record-bytes.ts';

/** Waits shortly where a command would look again in a moment. */
const clock: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic(),
  sleep: (delayMs, signal) => systemClock.sleep(delayMs > 1000 ? delayMs : 1, signal),
  setTimer: (run, delayMs, options) => systemClock.setTimer(run, delayMs, options),
};

/** A cluster with a registry's topic, and what a restore of it needs. */
export class RestoreWorld {
  readonly broker: Broker;
  readonly topic: string;
  readonly groupId: string;
  otherGroupsOk: readonly string[] = ['*'];
  readonly dir = tempDir('restore');
  readonly signal: AbortSignal = new AbortController().signal;
  private count = 0;

  constructor(options: { readonly broker: Broker; readonly topic?: string; readonly groupId?: string }) {
    this.broker = options.broker;
    this.topic = options.topic ?? '_schemas';
    this.groupId = options.groupId ?? 'schema-registry';
  }

  static async embedded(): Promise<RestoreWorld & { readonly broker: EmbeddedBroker }> {
    const broker = await createEmbeddedBroker({ dir: tempDir('restore-broker'), logger: silentLogger });
    return new RestoreWorld({ broker }) as RestoreWorld & { readonly broker: EmbeddedBroker };
  }

  get client(): { readonly settings: Readonly<Record<string, string>>; readonly logger: typeof silentLogger } {
    return { settings: {}, logger: silentLogger };
  }

  target(topic = this.topic): BrokerPlanTopic {
    const { broker, client, groupId } = this;
    // Other tests' registries share the Kafka.
    return new BrokerPlanTopic({ broker, client, clock, topic, groupId, otherGroupsOk: this.otherGroupsOk });
  }

  path(name: string): string {
    return join(this.dir, `${++this.count}-${name}.ndjson`);
  }

  /** Made compact unless told, with one partition, and these records. */
  async makeTopic(
    records: readonly WrittenRecord[],
    configs: Readonly<Record<string, string>> = { 'cleanup.policy': 'compact' },
  ): Promise<void> {
    const admin = this.broker.admin(this.client);
    await admin.createTopics([{ name: this.topic, partitions: 1, replicationFactor: 1, configs }]);
    await admin.close();
    await this.append(records);
  }

  async append(records: readonly WrittenRecord[]): Promise<void> {
    if (records.length === 0) return;
    const target = this.target();
    await target.append(
      records.map((record, n) => ({ ...record, timestamp: Date.UTC(2026, 0, 1) + n })),
      this.signal,
    );
    await target.close();
  }

  async deleteTopic(): Promise<void> {
    const target = this.target();
    const facts = await target.facts(this.signal);
    if (facts !== undefined) await target.remove(facts, this.signal);
    await target.close();
  }

  /** A backup of the topic as it is. */
  async backup(topic = this.topic): Promise<SnapshotFolder> {
    const target = this.target(topic);
    const facts = await target.facts(this.signal);
    if (facts === undefined) throw new Error('no topic to back up');
    const writer = await SnapshotWriter.create({ folder: join(this.dir, `backup-${++this.count}`) });
    const seen = await target.spool(facts, writer, this.signal);
    await target.close();
    return writer.finish({ source: 'topic', takenAt: Date.now(), topic: seen });
  }

  /** In words, without offsets; undefined: there is no topic. */
  async content(topic = this.topic): Promise<readonly string[] | undefined> {
    return (await this.records(topic))?.map(contentInWords);
  }

  async records(topic = this.topic): Promise<readonly RawRecord[] | undefined> {
    const target = this.target(topic);
    try {
      const facts = await target.facts(this.signal);
      if (facts === undefined) return undefined;
      const all: RawRecord[] = [];
      for await (const records of target.read(facts.beginOffset, facts.endOffset, this.signal)) all.push(...records);
      return all;
    } finally {
      await target.close();
    }
  }

  /** @param wrap stands between the plan and the topic */
  async run(plan: Plan, wrap: (target: PlanTopic) => PlanTopic = (target) => target): Promise<TopicRunResult> {
    const { header } = plan;
    const target = this.target(header.target.kind === 'topic' ? header.target.topic : this.topic);
    try {
      return await runTopicPlan(
        {
          ...{ plan, target: wrap(target), undoPath: undoPathOf(plan.path), clock },
          temporaryFolder: tempDir('restore-run'),
          openBackup: (path) => openSnapshotFolder(path),
          openPlan: (path) => openPlan(path),
        },
        this.signal,
      );
    } finally {
      await target.close();
    }
  }

  /** Runs what takes that plan back. */
  async undo(plan: Plan): Promise<TopicRunResult> {
    return this.run(await openPlan(undoPathOf(plan.path)));
  }
}
