/** Another Kafka topic, of the same cluster or another one: the registry's records as they are, with one header more. Only ever appended to. */
import type { Admin, Broker, ClientOptions } from '../../broker/ports.ts';
import type { TopicDetails } from '../../broker/topic-details.ts';
import { ConfigError, DataError } from '../../sdk/errors/kinds.ts';
import { recordDigest } from '../records/record-digest.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import { TopicAppender } from '../topic/topic-appender.ts';
import { BACKUP_DAMAGED, BACKUP_FAILED, TARGET_FOREIGN } from './backup-errors.ts';
import type { BackupTarget, OpenTarget, SettledTarget, TargetWrite, WrittenBackup } from './backup-target.ts';
import { withTombstones } from './lost-deletions.ts';
import { openTopicCopy, type TopicCopyPlace } from './open-topic-copy.ts';
import type { SnapshotFolder } from './snapshot-folder.ts';
import { factsRecord } from './topic-copy-facts.ts';
import { copiedRecord } from './topic-copy-record.ts';

/** Room for the header that says where a record was. */
const HEADER_BYTES = 4_096;
const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;
/** Of the source, but for what belongs to its cluster. */
const NOT_COPIED = /^(confluent|remote|leader\.replication|follower\.replication|local\.retention|retention)\./;

export interface TopicCopyTargetOptions extends TopicCopyPlace {
  /** As it was named: `kafka:TOPIC[@servers]`. */
  readonly name: string;
  readonly broker: Pick<Broker, 'admin' | 'logReader' | 'producer'>;
  readonly client: ClientOptions;
}

export class TopicCopyTarget implements BackupTarget {
  readonly name: string;
  private readonly options: TopicCopyTargetOptions;

  constructor(options: TopicCopyTargetOptions) {
    this.name = options.name;
    this.options = options;
  }

  async open(signal: AbortSignal): Promise<OpenTarget> {
    const { broker, client, topic } = this.options;
    const admin = broker.admin(client);
    try {
      const details = await admin.inspectTopic(topic, signal);
      const isThere = details !== null;
      const unfit = details === null ? undefined : unfitness(details);
      if (unfit !== undefined) {
        throw new ConfigError(`${this.name} can't hold a copy for long: ${unfit}, or name another topic.`, {
          code: TARGET_FOREIGN,
        });
      }
      const held = isThere ? await openTopicCopy(this.options, signal) : undefined;
      return new OpenTopicCopy({ options: this.options, held, isThere });
    } finally {
      await admin.close();
    }
  }
}

class OpenTopicCopy implements OpenTarget {
  readonly isAppendOnly = true;
  readonly held: SnapshotFolder | undefined;
  readonly heldPlace: string | undefined;
  readonly warnings: readonly string[] = [];
  private readonly options: TopicCopyTargetOptions;
  private readonly isThere: boolean;

  constructor(options: {
    readonly options: TopicCopyTargetOptions;
    readonly held: SnapshotFolder | undefined;
    readonly isThere: boolean;
  }) {
    this.options = options.options;
    this.held = options.held;
    this.isThere = options.isThere;
    this.heldPlace = options.held === undefined ? undefined : options.options.name;
  }

  /** It was just read from the broker, which has checksums of its own. */
  check(): Promise<void> {
    return Promise.resolve();
  }

  async write(write: TargetWrite, signal: AbortSignal): Promise<WrittenBackup> {
    const { reading, from, tombstones, notes } = write;
    const { name, broker, client, topic } = this.options;
    const { held } = this;
    if (held !== undefined && from === undefined) {
      const why =
        reading.topic === undefined
          ? 'has a copy already, and what a registry tells over REST is made into other records each time'
          : 'has a copy of another source, or of the topic before it was made anew';
      throw new ConfigError(`${name} ${why}. It is only ever appended to: name another topic.`, {
        code: TARGET_FOREIGN,
      });
    }
    const delta = await reading.from(from ?? 0, held?.facts.topic, signal);
    const { source, takenAt, topic: origin, beginOffset, endOffset } = delta.facts;
    if (!this.isThere) await this.create(origin, signal);
    const appender = await TopicAppender.open({ broker, client, topic }, signal);
    const begin = held?.facts.beginOffset ?? beginOffset;
    let added = 0;
    try {
      if (held === undefined) {
        // Before all else: whoever finds the topic half written sees whose it is.
        const first = { source, takenAt, topic: origin, beginOffset: begin, endOffset: beginOffset, notes: [] };
        await appender.append([factsRecord(first)], signal);
      }
      for await (const batch of withTombstones(delta.records(from ?? 0), tombstones)) {
        await appender.append(batch.map(copiedRecord), signal);
        added += batch.length;
      }
      const facts = { source, takenAt, topic: origin, beginOffset: begin, endOffset, notes };
      await appender.append([factsRecord(facts)], signal);
      await appender.verifyTarget(signal);
    } finally {
      await appender.close();
    }
    return { ...(await this.readBack(delta, from ?? 0, signal)), added };
  }

  settle(): Promise<SettledTarget> {
    return Promise.resolve({ removed: [], warnings: [] });
  }

  async close(): Promise<void> {
    await this.held?.close();
  }

  private async create(origin: TopicFacts | undefined, signal: AbortSignal): Promise<void> {
    const { broker, client, topic, name } = this.options;
    const admin = broker.admin(client);
    try {
      const { replicationFactor, configs } = await settingsFor(origin, admin, signal);
      const [made] = await admin.createTopics([{ name: topic, partitions: 1, replicationFactor, configs }], signal);
      if (made === 'created') return;
      throw new ConfigError(`${name} was made by somebody else just now. See what it is, and run the backup again.`, {
        code: TARGET_FOREIGN,
      });
    } finally {
      await admin.close();
    }
  }

  private async readBack(delta: Snapshot, from: number, signal: AbortSignal): Promise<Omit<WrittenBackup, 'added'>> {
    const { name } = this.options;
    const back = await openTopicCopy(this.options, signal);
    if (back === undefined) throw new DataError(`${name} is empty after a backup into it.`, { code: BACKUP_FAILED });
    try {
      const missing = await missingIn(back, delta, from, signal);
      if (missing !== undefined) {
        throw new DataError(
          `${name} does not have the record of offset ${missing} as it was written to it. Use another topic.`,
          {
            code: BACKUP_DAMAGED,
          },
        );
      }
      const { records, endOffset, sha256 } = back.facts;
      return { place: name, records, endOffset, sha256, warnings: [] };
    } finally {
      await back.close();
    }
  }
}

/** Records would go with time, or lie where no reader looks. Someone may have changed the topic since the last run. */
function unfitness({ partitions, effective }: TopicDetails): string | undefined {
  if (partitions !== 1) return `it has ${partitions} partitions instead of 1. Make it anew with one`;
  const policy = effective['cleanup.policy'];
  if (policy === undefined || policy === 'compact') return undefined;
  return `its cleanup.policy is ${policy}, which removes records by time or size. Set it to compact alone`;
}

/** The copy keeps what the source keeps: tombstones, segments; not for how long by time, as all of it is to stay. */
async function settingsFor(
  origin: TopicFacts | undefined,
  admin: Admin,
  signal: AbortSignal,
): Promise<{ readonly replicationFactor: number; readonly configs: Readonly<Record<string, string>> }> {
  const overrides = Object.entries(origin?.overrides ?? {}).filter(([key]) => !NOT_COPIED.test(key));
  const { brokers } = await admin.describeCluster(signal);
  const replicationFactor = origin === undefined ? -1 : Math.min(origin.replicationFactor, Math.max(brokers, 1));
  const configs: Record<string, string> = Object.fromEntries(overrides);
  configs['cleanup.policy'] = 'compact';
  configs['message.timestamp.type'] = 'CreateTime';
  const most = Number(origin?.effective['max.message.bytes'] ?? DEFAULT_MAX_MESSAGE_BYTES);
  configs['max.message.bytes'] = String(most + HEADER_BYTES);
  const inSync = configs['min.insync.replicas'];
  // It could never be written to.
  if (inSync !== undefined && Number(inSync) > replicationFactor)
    configs['min.insync.replicas'] = String(replicationFactor);
  return { replicationFactor, configs };
}

/** @returns the first offset whose record differs, or is gone without a later one of its key that compaction would have kept */
async function missingIn(
  back: Snapshot,
  delta: Snapshot,
  from: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const gone = new Map<string, number>();
  for await (const batch of delta.records(from)) {
    signal.throwIfAborted();
    const found = await back.at(batch.map(({ offset }) => offset));
    for (const [index, record] of batch.entries()) {
      // It goes by compaction as well, when its time is over.
      if (record.value === null) continue;
      const copy = found[index];
      if (copy === undefined) gone.set(Buffer.from(record.key ?? []).toString('base64'), record.offset);
      else if (!recordDigest(copy).equals(recordDigest(record))) return record.offset;
    }
  }
  if (gone.size === 0) return undefined;
  for await (const batch of back.records(from)) {
    for (const { key, offset } of batch) {
      const text = Buffer.from(key ?? []).toString('base64');
      if (offset > (gone.get(text) ?? Number.POSITIVE_INFINITY)) gone.delete(text);
    }
  }
  return [...gone.values()].sort((one, other) => one - other)[0];
}
