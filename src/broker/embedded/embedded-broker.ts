import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { Backoff } from '../../foundation/backoff.ts';
import { type Clock, systemClock, type Timer } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { MessagePort } from '../../foundation/message-link.ts';
import { ConfigError, EnvironmentError, IllegalStateError, NotFoundError } from '../../sdk/errors/index.ts';
import { BROKER_UNAVAILABLE, TOPIC_UNKNOWN } from '../broker-errors.ts';
import type { LogReader } from '../log-reader.ts';
import { PassingLogReader } from '../passing-log-reader.ts';
import type {
  Admin,
  Broker,
  ClientOptions,
  ClientSettings,
  Fetcher,
  GroupMember,
  GroupMemberOptions,
  Producer,
  ProtocolMember,
} from '../ports.ts';
import { decodeRecordBatch } from '../record-batch/decode-record-batch.ts';
import { booleanSetting, integerSetting } from './client-settings.ts';
import { EmbeddedAdmin } from './embedded-admin.ts';
import { EmbeddedFetcher } from './embedded-fetcher.ts';
import { EmbeddedGroupMember } from './embedded-group-member.ts';
import { EmbeddedLogSource } from './embedded-log-source.ts';
import { EmbeddedProducer } from './embedded-producer.ts';
import { noForeignGroups } from './embedded-unsupported.ts';
import { errnoOf, type FileSystem, makeFolder, nodeFileSystem } from './file-system.ts';
import { openFolder } from './folder-format.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { type AppendResult, describeFailure } from './group-commit.ts';
import { GroupCoordinator } from './group-coordinator.ts';
import { compactLog } from './log-cleaner.ts';
import { applyRetention } from './log-retention.ts';
import { OFFSETS_TOPIC, OFFSETS_TOPIC_CONFIGS, OffsetStore } from './offset-store.ts';
import { LogOwner } from './threads/log-owner.ts';
import { type Topic, TopicStore } from './topic-store.ts';
import { WriteAvailability } from './write-availability.ts';

/** Producer ids set aside at each start. What a process does not use is lost, of 2^53. */
const RESERVED_PRODUCER_IDS = 2 ** 33;
/** Of which each thread that uses the log gets so many. */
const PRODUCER_IDS_PER_THREAD = 100_000;
/** An active segment that grew by so much gets an index, so that a start after a crash does not scan all of it. */
const CHECKPOINT_BYTES = 32 * 1024 * 1024;

export interface EmbeddedBrokerOptions {
  /** Created if it isn't there. */
  readonly dir: string;
  readonly clock?: Clock;
  readonly logger: Logger;
  /** The machine's by default, and then the folder is locked. Another one is its owner's to guard. */
  readonly fileSystem?: FileSystem;
  /**
   * Of the broker, in Kafka's names: `auto.create.topics.enable` (true), `num.partitions` (1),
   * `log.retention.check.interval.ms` (300000), `log.cleaner.backoff.ms` (15000), `producer.id.expiration.ms` (86400000). Others
   * are refused.
   */
  readonly settings?: ClientSettings;
}

/** A {@link Broker} over a folder, and what only this one can do. */
export interface EmbeddedBroker extends Broker {
  readonly kind: 'embedded';
  /**
   * Appends one encoded batch (magic 2), whose buffer goes over to the log; how other threads hand their batches to the one that
   * owns the log. Resolves once it is durable; a disk that doesn't take it is waited for.
   *
   * @throws NotFoundError for an unknown partition; CorruptBatchError for bytes that are no whole batch
   */
  append(topic: string, partition: number, batch: Buffer): Promise<AppendResult>;
  /**
   * Serves another thread at the other end of the port, which opens it with `connectEmbeddedBroker`: this thread stays the one that
   * owns the log. Returns how to end that; what the thread has appended stays.
   */
  serve(port: MessagePort<object, never>): () => Promise<void>;
  /** Retention and compaction, now; they also run by themselves. */
  runMaintenance(): Promise<void>;
}

/**
 * Opens the embedded broker of a folder, as `bootstrap.servers=embedded:<dir>` asks for.
 *
 * @throws ConfigError `holdfast.broker.embedded.locked` when another process has it open, `holdfast.broker.embedded.format` for a
 *   folder of something else or of a newer version; EnvironmentError when the disk fails
 */
export async function createEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const dir = resolve(options.dir);
  const clock = options.clock ?? systemClock;
  const { logger } = options;
  const fileSystem = options.fileSystem ?? nodeFileSystem;
  const settings = checkSettings(options.settings ?? {});
  let lock: FolderLock | null = null;
  try {
    await makeFolder(fileSystem, dir);
    if (options.fileSystem === undefined) lock = await lockFolder(dir, clock);
    const folder = await openFolder({
      fileSystem,
      dir,
      newClusterId: randomUUID,
      reserveProducerIds: RESERVED_PRODUCER_IDS,
    });
    const availability = new WriteAvailability({ clock, logger });
    const topics = await TopicStore.open({
      dir,
      fileSystem,
      clock,
      logger,
      availability,
      defaultPartitions: settings.defaultPartitions,
    });
    if (topics.get(OFFSETS_TOPIC) === undefined) {
      await topics.create({ name: OFFSETS_TOPIC, partitions: 1, configs: OFFSETS_TOPIC_CONFIGS, internal: true });
    }
    const log = topics.log(OFFSETS_TOPIC, 0);
    if (log === undefined) throw new Error(`topic ${OFFSETS_TOPIC} has no partition 0`);
    const offsets = await OffsetStore.open({ log, clock, availability });
    const coordinator = new GroupCoordinator({ clock, logger, topics, offsets });
    return new OpenBroker({ clock, logger, settings, availability, topics, coordinator, lock, ...folder });
  } catch (error) {
    await lock?.release();
    if (errnoOf(error) === undefined || error instanceof ConfigError) throw error;
    throw new EnvironmentError(describeFailure(`the embedded broker's folder ${dir}`, error), {
      code: BROKER_UNAVAILABLE,
      cause: error,
    });
  }
}

interface BrokerSettings {
  readonly autoCreateTopics: boolean;
  readonly defaultPartitions: number;
  readonly maintenanceMs: number;
  readonly producerExpirationMs: number;
}

const SETTINGS = [
  'auto.create.topics.enable',
  'num.partitions',
  'log.retention.check.interval.ms',
  'log.cleaner.backoff.ms',
  'producer.id.expiration.ms',
];

function checkSettings(settings: ClientSettings): BrokerSettings {
  const unknown = Object.keys(settings).filter((key) => !SETTINGS.includes(key));
  if (unknown.length > 0) {
    throw new ConfigError(
      `The embedded broker does not know ${unknown.join(', ')}; its settings are ${SETTINGS.join(', ')}.`,
      { problems: unknown.map((key) => ({ key, message: 'is not a setting of the embedded broker' })) },
    );
  }
  return {
    autoCreateTopics: booleanSetting(settings, 'auto.create.topics.enable', true),
    defaultPartitions: integerSetting(settings, 'num.partitions', 1),
    maintenanceMs: Math.min(
      integerSetting(settings, 'log.retention.check.interval.ms', 300_000),
      integerSetting(settings, 'log.cleaner.backoff.ms', 15_000),
    ),
    producerExpirationMs: integerSetting(settings, 'producer.id.expiration.ms', 86_400_000),
  };
}

interface OpenBrokerInput {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: BrokerSettings;
  readonly availability: WriteAvailability;
  readonly topics: TopicStore;
  readonly coordinator: GroupCoordinator;
  readonly lock: FolderLock | null;
  readonly clusterId: string;
  readonly firstProducerId: number;
}

class OpenBroker implements EmbeddedBroker {
  readonly kind = 'embedded';
  private readonly input: OpenBrokerInput;
  private readonly clients = new Set<{ close(): Promise<void> }>();
  private readonly owners = new Set<LogOwner>();
  private readonly closing = new AbortController();
  private producers = 0;
  private timer: Timer;
  private maintenance: Promise<void> = Promise.resolve();

  constructor(input: OpenBrokerInput) {
    this.input = input;
    this.timer = this.schedule();
  }

  producer(options: ClientOptions): Producer {
    const stop = this.open(options);
    const producer = new EmbeddedProducer({
      ...options,
      clock: this.input.clock,
      producerId: this.input.firstProducerId + this.producers++,
      topic: (name) => this.input.topics.get(name),
      ensureTopic: (name, signal) => this.ensureTopic(name, signal),
      onClose: (client) => this.forget(client, stop),
    });
    return this.keep(producer);
  }

  fetcher(options: ClientOptions): Fetcher {
    const stop = this.open(options);
    const fetcher = new EmbeddedFetcher({
      ...options,
      clock: this.input.clock,
      availability: this.input.availability,
      topic: (name) => this.input.topics.get(name),
      ensureTopic: (name, signal) => this.ensureTopic(name, signal),
      onTopicsChange: (listener) => this.input.topics.onChange(listener),
      onClose: (client) => this.forget(client, stop),
    });
    return this.keep(fetcher);
  }

  logReader(options: ClientOptions): LogReader {
    const stop = this.open(options);
    const source = new EmbeddedLogSource({ topic: (name) => this.input.topics.get(name) });
    return this.keep(new PassingLogReader({ source, onClose: (client) => this.forget(client, stop) }));
  }

  groupMember(options: GroupMemberOptions): GroupMember {
    const stop = this.open(options);
    const member = new EmbeddedGroupMember({
      ...options,
      coordinator: this.input.coordinator,
      ensureTopic: (name, signal) => this.ensureTopic(name, signal),
      onClose: (client) => this.forget(client, stop),
    });
    return this.keep(member);
  }

  protocolMember(): ProtocolMember {
    throw noForeignGroups();
  }

  admin(options: ClientOptions): Admin {
    const stop = this.open(options);
    const admin = new EmbeddedAdmin({
      clusterId: this.input.clusterId,
      topics: this.input.topics,
      coordinator: this.input.coordinator,
      onClose: (client) => this.forget(client, stop),
    });
    return this.keep(admin);
  }

  serve(port: MessagePort<object, never>): () => Promise<void> {
    this.checkOpen();
    const first = this.input.firstProducerId + this.producers;
    this.producers += PRODUCER_IDS_PER_THREAD;
    const { clusterId, topics, availability, logger } = this.input;
    const owner: LogOwner = new LogOwner({
      port,
      clusterId,
      topics,
      availability,
      logger,
      producerIds: { first, count: PRODUCER_IDS_PER_THREAD },
      ensureTopic: (name, signal) => this.ensureTopic(name, signal),
      admin: () => this.admin({ settings: {}, logger }),
      groupMember: (options) => this.groupMember(options),
      onClose: () => this.owners.delete(owner),
    });
    this.owners.add(owner);
    return () => owner.close();
  }

  async append(topic: string, partition: number, batch: Buffer): Promise<AppendResult> {
    this.checkOpen();
    const log = this.input.topics.log(topic, partition);
    if (log === undefined) {
      throw new NotFoundError(`There is no partition ${partition} of topic '${topic}' in the embedded broker.`, {
        code: TOPIC_UNKNOWN,
      });
    }
    // Verifies the checksum: the bytes come from elsewhere.
    decodeRecordBatch(batch);
    return log.append(batch).done;
  }

  async runMaintenance(): Promise<void> {
    this.checkOpen();
    this.maintenance = this.maintenance.then(() => this.maintain());
    await this.maintenance;
  }

  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    const { lock, topics, coordinator } = this.input;
    const clients = [...this.clients];
    // Members first: what they commit while they let go still counts. Then whatever is left in flight gets its round.
    await Promise.all(
      clients.filter((client) => client instanceof EmbeddedGroupMember).map((client) => client.close()),
    );
    await Promise.all([...this.clients].map((client) => closeClient(client)));
    await Promise.all([...this.owners].map((owner) => owner.close()));
    this.closing.abort(new IllegalStateError('The embedded broker is closed.'));
    this.timer.cancel();
    await this.maintenance;
    coordinator.close();
    await topics.close();
    await lock?.release();
  }

  private open(options: ClientOptions): () => void {
    this.checkOpen();
    return this.input.availability.subscribe(options.onAvailability);
  }

  private keep<C extends { close(): Promise<void> }>(client: C): C {
    this.clients.add(client);
    return client;
  }

  private forget(client: { close(): Promise<void> }, stop: () => void): void {
    stop();
    this.clients.delete(client);
  }

  /** The topic, created if it isn't there and may be. A failing disk is waited for until the signal. */
  private async ensureTopic(name: string, signal: AbortSignal): Promise<Topic> {
    const { topics, clock, availability } = this.input;
    const backoff = new Backoff({ initialMs: 50, maxMs: 2_000 });
    const asker = {};
    try {
      while (true) {
        signal.throwIfAborted();
        const known = topics.get(name);
        if (known !== undefined) return known;
        if (!this.input.settings.autoCreateTopics) {
          throw new NotFoundError(
            `Topic '${name}' does not exist, and auto.create.topics.enable=false. Create it first.`,
            { code: TOPIC_UNKNOWN },
          );
        }
        try {
          await topics.create({ name, partitions: -1, configs: {} });
        } catch (error) {
          if (!(error instanceof EnvironmentError)) throw error;
          availability.failed(asker, error.message);
          await clock.sleep(backoff.next(), signal);
        }
      }
    } finally {
      availability.recovered(asker);
    }
  }

  private schedule(): Timer {
    return this.input.clock.setTimer(
      () => {
        if (this.closing.signal.aborted) return;
        const again = (): void => {
          if (!this.closing.signal.aborted) this.timer = this.schedule();
        };
        this.runMaintenance().then(again, again);
      },
      this.input.settings.maintenanceMs,
      { unref: true },
    );
  }

  private async maintain(): Promise<void> {
    const { clock, logger, topics, settings } = this.input;
    for (const topic of topics.all()) {
      for (const log of topic.logs) {
        if (this.closing.signal.aborted || log.deleted) continue;
        try {
          await applyRetention(log);
          await compactLog(log);
          await log.closeIdleFiles();
          log.producers.forgetBefore(clock.now() - settings.producerExpirationMs);
          if (log.active.size - log.active.indexedSize > CHECKPOINT_BYTES) {
            await log.exclusively(() => log.checkpoint(log.active, log.producers));
          }
        } catch (err) {
          if (!log.deleted)
            logger.warn('Retention or compaction of a log failed; it is tried again.', { log: log.name, err });
        }
      }
    }
  }

  private checkOpen(): void {
    this.closing.signal.throwIfAborted();
  }
}

/** A disk that takes nothing must not keep the process from ending: what is not durable by then is sent again after the start. */
const CLOSE_TIMEOUT_MS = 5_000;

function closeClient(client: { close(timeoutMs?: number): Promise<void> }): Promise<void> {
  return client instanceof EmbeddedProducer ? client.close(CLOSE_TIMEOUT_MS) : client.close();
}
