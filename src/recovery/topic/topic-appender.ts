import type { Admin, Broker, ClientOptions, Producer, ProducerRecord } from '../../broker/ports.ts';
import { type Clock, systemClock } from '../../foundation/clock.ts';
import { ConfigError, DataError, EnvironmentError } from '../../sdk/errors/index.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { lookForTopic } from './look-for-topic.ts';
import { RECORD_REFUSED, TOPIC_CHANGED, TOPIC_MISSING } from './topic-errors.ts';

/** What is written of a record; the broker gives the offset. A timestamp of -1 is the time of writing. */
export type AppendedRecord = Pick<RawRecord, 'key' | 'value' | 'headers' | 'timestamp'>;

const MOST_RECORDS = 500;
const MOST_BYTES = 512 * 1024;
const MOST_REQUEST_BYTES = 128 * 1024 * 1024;

/**
 * Appends to partition 0 of a registry's topic, in order: never in a transaction, whose marker at the end of the log keeps Karapace from
 * ever being ready, idempotent, and acknowledged by all replicas that min.insync.replicas asks for. One piece of some half mebibyte is on
 * its way at a time, so that nothing behind a piece that fails is written.
 */
export class TopicAppender {
  readonly topic: string;
  private readonly topicId: string | null;
  private readonly admin: Admin;
  private readonly producer: Producer;
  private readonly clock: Clock;

  private constructor(dependencies: {
    readonly topic: string;
    readonly topicId: string | null;
    readonly admin: Admin;
    readonly producer: Producer;
    readonly clock: Clock;
  }) {
    this.topic = dependencies.topic;
    this.topicId = dependencies.topicId;
    this.admin = dependencies.admin;
    this.producer = dependencies.producer;
    this.clock = dependencies.clock;
  }

  /** @throws ConfigError `holdfast.recovery.topic-missing`: it creates none. */
  static async open(
    input: {
      readonly broker: Pick<Broker, 'producer' | 'admin'>;
      readonly client: ClientOptions;
      readonly topic: string;
      readonly clock?: Clock;
    },
    signal: AbortSignal,
  ): Promise<TopicAppender> {
    const { broker, client, topic, clock = systemClock } = input;
    const admin = broker.admin(client);
    try {
      const details = await lookForTopic({ admin, clock }, { topic }, signal);
      if (details === null) {
        throw new ConfigError(`There is no topic '${topic}' to write to. Create it first.`, { code: TOPIC_MISSING });
      }
      // Whatever the settings say: no less is safe, batches wait for nothing, and how large a record may be is for the topic to say.
      const settings = {
        ...client.settings,
        acks: 'all',
        'enable.idempotence': 'true',
        'linger.ms': '0',
        'max.request.size': String(MOST_REQUEST_BYTES),
      };
      const producer = broker.producer({ ...client, settings });
      return new TopicAppender({ topic, topicId: details.id, admin, producer, clock });
    } catch (error) {
      await admin.close();
      throw error;
    }
  }

  /**
   * Resolves with the offset of each record once all are durable. If it rejects, the target itself has to be read to know what was
   * appended.
   *
   * @throws DataError `holdfast.recovery.record-refused` with the index of the first that the broker does not take; those before it are
   *   written, and some of the few hundred behind it may be
   * @throws what the signal was aborted with; records on their way may be written yet
   */
  async append(records: readonly AppendedRecord[], signal: AbortSignal): Promise<readonly number[]> {
    const offsets: number[] = [];
    for (let from = 0; from < records.length; ) {
      signal.throwIfAborted();
      const piece = pieceOf(records, from);
      const sent = this.producer.send(piece.map((record) => this.addressed(record)));
      const result = await orAborted(sent, signal, () => this.producer.recall?.());
      const refused = result.rejected[0];
      if (refused !== undefined) {
        const index = from + refused.index;
        const cause = refused.error;
        throw new DataError(`Topic '${this.topic}' does not take record ${index} of those to write: ${cause.message}`, {
          code: RECORD_REFUSED,
          cause,
          details: { topic: this.topic, index },
        });
      }
      offsets.push(...result.offsets);
      from += piece.length;
    }
    return offsets;
  }

  /**
   * To be called when all is written: that it went into the topic that was there at the beginning.
   *
   * @throws EnvironmentError `holdfast.recovery.topic-changed`
   */
  async verifyTarget(signal: AbortSignal): Promise<void> {
    const { admin, clock, topic, topicId } = this;
    const now = await lookForTopic({ admin, clock }, { topic, topicId }, signal);
    if (now !== null && now.id === this.topicId) return;
    throw new EnvironmentError(
      `Topic '${this.topic}' was ${now === null ? 'deleted' : 'made anew'} while it was written to: what was written is not, or not all, in it. ` +
        'Find out by whom, and run the command again.',
      { code: TOPIC_CHANGED, details: { topic: this.topic } },
    );
  }

  async close(): Promise<void> {
    // Whatever is to be written was awaited, or given up.
    await this.producer.close(0);
    await this.admin.close();
  }

  private addressed({ key, value, headers, timestamp }: AppendedRecord): ProducerRecord {
    return { topic: this.topic, partition: 0, key, value, headers, timestamp };
  }
}

function pieceOf(records: readonly AppendedRecord[], from: number): readonly AppendedRecord[] {
  let bytes = 0;
  let to = from;
  while (to < records.length && to - from < MOST_RECORDS) {
    const { key, value } = records[to] as AppendedRecord;
    bytes += (key?.length ?? 0) + (value?.length ?? 0);
    if (to > from && bytes > MOST_BYTES) break;
    to++;
  }
  return records.slice(from, to);
}

async function orAborted<T>(sent: Promise<T>, signal: AbortSignal, giveUp: () => void): Promise<T> {
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      giveUp();
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([sent, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
