/**
 * A log in a compacted topic of one partition, in which the last value of each key counts: for workers that lose their disk.
 *
 * Guarantees: `load` reads everything up to the end that the topic had when it began; what `append` resolved for is durable at the broker,
 * in the order of the calls, and an attempt that is repeated appends nothing twice. Several workers may share one topic: of a key the
 * last write counts, whoever made it, and `follow` tells of what the others write, in order, some time later and as long as the broker
 * can be read. An away broker is waited for. The topic is created when it is missing, and refused when it would lose entries.
 */
import { randomUUID } from 'node:crypto';
import { AUTHORIZATION_FAILED } from '../broker/kafka/kafka-errors.ts';
import type {
  Admin,
  AvailabilityListener,
  Broker,
  ClientSettings,
  FetchedRecord,
  Fetcher,
  Producer,
} from '../broker/ports.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { ConfigError, ConnectError, defineErrorCode, NotFoundError } from '../sdk/errors/index.ts';
import { STORAGE_LOG_CLOSED } from './file-compacted-log.ts';

export const STORAGE_TOPIC_UNFIT = defineErrorCode('holdfast.storage.topic.unfit', {
  what: 'A topic that keeps what the worker must not lose is not compacted, has several partitions, or can not be created.',
  mend: 'Create it with one partition and cleanup.policy=compact, or name another topic. The message says what is wrong.',
});

export interface TopicCompactedLogOptions {
  readonly broker: Broker;
  readonly topic: string;
  /** Of the topic, if it has to be created; -1: the broker's default. */
  readonly replicationFactor: number;
  /** The setting that names the topic, for messages. */
  readonly setting: string;
  readonly settings: {
    readonly admin: ClientSettings;
    readonly producer: ClientSettings;
    readonly consumer: ClientSettings;
  };
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether the broker could be reached while the topic is looked at and read. */
  readonly onAvailability?: AvailabilityListener;
}

interface Entry {
  readonly key: string;
  /** null: the key is gone. */
  readonly value: string | null;
}

/** Who wrote a record, so that no worker takes its own for another's. */
const WRITER_HEADER = 'holdfast.writer';
/** Segments that are done are compacted, so they are kept small. */
const TOPIC_CONFIGS = { 'cleanup.policy': 'compact', 'segment.bytes': String(16 * 1024 * 1024) };
const POLL = { maxRecords: 1000, timeoutMs: 5000 };
/** What is under way when the log is closed has that long. */
const CLOSE_MS = 3000;
const LOOK_AGAIN_MS = 200;
const MAX_LOOKS = 50;

export class TopicCompactedLog {
  private readonly options: TopicCompactedLogOptions;
  private readonly writer = Buffer.from(randomUUID(), 'latin1');
  private readonly life = new AbortController();
  private fetcher: Fetcher | undefined;
  private producer: Producer | undefined;
  private following: Promise<void> = Promise.resolve();

  constructor(options: TopicCompactedLogOptions) {
    this.options = options;
  }

  /** @throws ConfigError `holdfast.storage.topic.unfit`, for authentication or authorization, or the reason of the signal or of `close`. */
  async load(signal?: AbortSignal): Promise<readonly Entry[]> {
    const { broker, settings, logger, onAvailability } = this.options;
    const until = signal === undefined ? this.life.signal : AbortSignal.any([signal, this.life.signal]);
    const heard = onAvailability === undefined ? {} : { onAvailability };
    const admin = broker.admin({ settings: settings.admin, logger, ...heard });
    let ends: readonly number[];
    try {
      await this.makeFit(admin, until);
      ends = await this.endsOf(admin, until);
    } finally {
      await admin.close();
    }
    const [start = 0, end = 0] = ends;
    const fetcher = broker.fetcher({
      settings: { 'fetch.max.wait.ms': '5000', ...settings.consumer, 'auto.offset.reset': 'earliest' },
      logger,
      ...heard,
    });
    try {
      const entries = await this.read(fetcher, start, end, until);
      this.fetcher = fetcher;
      return entries;
    } catch (error) {
      await fetcher.close();
      throw error;
    }
  }

  /** Begins behind what `load` read. Nothing is told of what this log itself appended. */
  follow(listener: (entries: readonly Entry[]) => void): void {
    const { fetcher } = this;
    if (fetcher !== undefined) this.following = this.followOn(fetcher, listener);
  }

  /**
   * Resolves when all entries are durable, and says in the log which the broker never takes (too large). Rejects when the broker refuses
   * the worker, or the log is closed first.
   */
  async append(entries: readonly Entry[]): Promise<void> {
    const { broker, topic, settings, logger } = this.options;
    if (this.fetcher === undefined || this.life.signal.aborted) {
      throw new ConnectError(`The log in topic ${topic} is not open.`, { code: STORAGE_LOG_CLOSED });
    }
    const producer = this.producer ?? broker.producer({ settings: settings.producer, logger });
    this.producer = producer;
    const headers = [{ key: WRITER_HEADER, value: this.writer }];
    try {
      const { rejected } = await producer.send(
        entries.map(({ key, value }) => ({
          topic,
          partition: 0,
          key: Buffer.from(key, 'utf8'),
          value: value === null ? null : Buffer.from(value, 'utf8'),
          headers,
          timestamp: -1,
        })),
      );
      const [first] = rejected;
      if (first !== undefined) {
        logger.warn('Entries that the broker never takes are left out of a topic', {
          topic,
          entries: rejected.length,
          err: first.error,
        });
      }
    } catch (error) {
      // One that was refused for good takes nothing any more; a new one may, once an operator has mended what was wrong.
      if (this.producer === producer && !this.life.signal.aborted) {
        this.producer = undefined;
        await producer.close(0);
      }
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.life.signal.aborted) return;
    const { producer, fetcher } = this;
    await producer?.close(CLOSE_MS);
    this.life.abort(new DOMException('The log is closed.', 'AbortError'));
    await this.following;
    await fetcher?.close();
  }

  private async endsOf(admin: Admin, signal: AbortSignal): Promise<readonly number[]> {
    const { topic, clock } = this.options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await admin.listOffsets(
          [
            { topic, partition: 0, at: 'earliest' },
            { topic, partition: 0, at: 'latest' },
          ],
          signal,
        );
      } catch (error) {
        // Some brokers of a cluster may not have heard of a new topic yet.
        if (!(error instanceof NotFoundError) || attempt === MAX_LOOKS) throw error;
        await clock.sleep(LOOK_AGAIN_MS, signal);
      }
    }
  }

  private async read(fetcher: Fetcher, start: number, end: number, signal: AbortSignal): Promise<readonly Entry[]> {
    const partition = { topic: this.options.topic, partition: 0 };
    const living = new Map<string, Entry>();
    fetcher.add([{ ...partition, offset: start }]);
    while ((fetcher.position(partition) ?? start) < end) {
      for (const { records } of await fetcher.poll({ ...POLL, signal })) {
        for (const entry of records.flatMap(entryOf)) {
          living.delete(entry.key);
          if (entry.value !== null) living.set(entry.key, entry);
        }
      }
    }
    return [...living.values()];
  }

  private async followOn(fetcher: Fetcher, listener: (entries: readonly Entry[]) => void): Promise<void> {
    const { topic, logger } = this.options;
    const { signal } = this.life;
    try {
      for (;;) {
        const batches = await fetcher.poll({ ...POLL, signal });
        const records = batches.flatMap(({ records }) => records.filter((record) => !this.isOwn(record)));
        if (records.length > 0) listener(records.flatMap(entryOf));
      }
    } catch (err) {
      if (signal.aborted) return;
      logger.warn('A topic can not be read any more; what other workers write into it is seen after the next start', {
        topic,
        err,
      });
    }
  }

  private isOwn(record: FetchedRecord): boolean {
    const writer = record.headers.find(({ key }) => key === WRITER_HEADER)?.value;
    return writer !== undefined && writer !== null && this.writer.equals(writer);
  }

  /** The topic is there, and keeps the last value of every key for ever. */
  private async makeFit(admin: Admin, signal: AbortSignal): Promise<void> {
    const { topic, replicationFactor, clock, setting } = this.options;
    let partitions = await partitionsOf(admin, topic, signal);
    if (partitions === undefined) {
      let outcome: 'created' | 'exists' | undefined;
      try {
        [outcome] = await admin.createTopics(
          [{ name: topic, partitions: 1, replicationFactor, configs: TOPIC_CONFIGS }],
          signal,
        );
      } catch (cause) {
        if (!(cause instanceof ConfigError)) throw cause;
        throw this.unfit(`it does not exist and can't be created: ${cause.message}`, cause);
      }
      if (outcome === 'created') this.options.logger.info('A topic was created.', { topic, setting });
      for (;;) {
        partitions = await partitionsOf(admin, topic, signal);
        if (partitions !== undefined) break;
        await clock.sleep(LOOK_AGAIN_MS, signal);
      }
      if (outcome === 'created') return;
    }
    if (partitions !== 1) throw this.unfit(`it has ${partitions} partitions and must have one`);
    const policy = await this.cleanupPolicyOf(admin, signal);
    if (policy === undefined || policy === 'compact') return;
    throw this.unfit(
      `it is required to have cleanup.policy=compact, so that nothing is lost, but has cleanup.policy=${policy}`,
    );
  }

  /** undefined: the worker may not look. */
  private async cleanupPolicyOf(admin: Admin, signal: AbortSignal): Promise<string | undefined> {
    const { topic, setting, logger } = this.options;
    try {
      const configs = await admin.describeTopicConfigs([topic], signal);
      return configs.get(topic)?.get('cleanup.policy');
    } catch (error) {
      if (!(error instanceof ConfigError) || error.code !== AUTHORIZATION_FAILED) throw error;
      logger.warn(
        'The worker may not look at the settings of a topic; check yourself that it has cleanup.policy=compact',
        {
          topic,
          setting,
        },
      );
      return undefined;
    }
  }

  private unfit(why: string, cause?: unknown): ConfigError {
    const { topic, setting } = this.options;
    return new ConfigError(
      `Topic '${topic}', named by ${setting}, can't be used: ${why}. Create it with one partition and cleanup.policy=compact, or name another.`,
      { code: STORAGE_TOPIC_UNFIT, cause },
    );
  }
}

async function partitionsOf(admin: Admin, topic: string, signal: AbortSignal): Promise<number | undefined> {
  const [described] = await admin.describeTopics([topic], signal);
  return described?.partitions.length;
}

/** None for a record without key, which nobody of ours wrote. */
function entryOf({ key, value }: FetchedRecord): readonly Entry[] {
  if (key === null) return [];
  return [{ key: textOf(key), value: value === null ? null : textOf(value) }];
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
