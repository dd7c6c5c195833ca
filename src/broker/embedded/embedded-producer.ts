import type { Clock, Timer } from '../../foundation/clock.ts';
import { ConfigError, DataError, EnvironmentError, IllegalStateError } from '../../sdk/errors/index.ts';
import {
  DELIVERY_TIMEOUT,
  PRODUCER_CLOSED,
  RECORD_INVALID,
  RECORD_TOO_LARGE,
  TOPIC_INVALID,
} from '../broker-errors.ts';
import { Partitioner } from '../partitioner.ts';
import type { ClientOptions, Producer, ProducerRecord, RejectedRecord, SendResult } from '../ports.ts';
import { BATCH_HEADER_BYTES } from '../record-batch/batch-header.ts';
import type { CompressionType } from '../record-batch/codec.ts';
import { loadCodec } from '../record-batch/compression.ts';
import { encodeRecordBatch, estimateRecordBytes } from '../record-batch/encode-record-batch.ts';
import type { BatchRecord } from '../record-batch/record.ts';
import { checkClientSettings, integerSetting } from './client-settings.ts';
import type { ClientLog, ClientTopic } from './client-topic.ts';
import type { PendingAppend } from './group-commit.ts';
import { topicNameProblem } from './topic-name.ts';

/** What a batch holds at most, whatever its topic would take: a reader reads whole batches. */
const MAX_BATCH_BYTES = 1024 * 1024;

export interface EmbeddedProducerInput extends ClientOptions {
  readonly clock: Clock;
  readonly producerId: number;
  /** The topic, created if it may be; rejects when the signal is aborted before the disk takes it. */
  readonly ensureTopic: (name: string, signal: AbortSignal) => Promise<ClientTopic>;
  readonly topic: (name: string) => ClientTopic | undefined;
  readonly onClose: (producer: EmbeddedProducer) => void;
}

/** Records of one partition that become one batch. */
interface Chunk {
  readonly log: ClientLog;
  readonly records: BatchRecord[];
  /** Where each was in the array sent. */
  readonly indexes: number[];
  bytes: number;
}

/** A `send` whose batches are on their way. */
interface InFlight {
  readonly withdraw: () => void;
  readonly done: Promise<unknown>;
}

/** See {@link Producer}. Encodes, hands batches to the logs, and waits until they are durable. */
export class EmbeddedProducer implements Producer {
  private readonly input: EmbeddedProducerInput;
  private readonly maxRequestSize: number;
  private readonly deliveryTimeoutMs: number | null;
  private readonly stickyBytes: number;
  private readonly compression: CompressionType;
  private readonly partitioners = new Map<string, Partitioner>();
  private readonly sequences = new Map<ClientLog, number>();
  private readonly inFlight = new Set<InFlight>();
  private readonly closing = new AbortController();
  private codecReady: Promise<unknown> | null = null;
  /** Sends that wait for a topic or a codec; later ones queue up behind them. */
  private preparing: Promise<void> | null = null;

  constructor(input: EmbeddedProducerInput) {
    this.input = input;
    const { settings } = input;
    checkClientSettings('producer', settings);
    this.maxRequestSize = integerSetting(settings, 'max.request.size', 1_048_576);
    this.stickyBytes = integerSetting(settings, 'batch.size', 16_384);
    this.deliveryTimeoutMs =
      settings['delivery.timeout.ms'] === undefined ? null : integerSetting(settings, 'delivery.timeout.ms', 0);
    const compression = settings['compression.type'] ?? 'none';
    if (!isCompression(compression)) {
      throw new ConfigError(`compression.type=${compression} must be one of ${COMPRESSIONS.join(', ')}.`);
    }
    this.compression = compression;
    if (settings['transactional.id'] !== undefined) {
      throw new ConfigError(
        'transactional.id is set, and the embedded broker has no transactions. Remove it, or use a Kafka.',
      );
    }
    if (compression !== 'none' && compression !== 'gzip') {
      this.codecReady = loadCodec(compression).then(() => {
        this.codecReady = null;
      });
      this.codecReady.catch(() => {});
    }
  }

  async send(records: readonly ProducerRecord[]): Promise<SendResult> {
    if (this.closing.signal.aborted) throw this.closed();
    if (this.preparing === null && this.codecReady === null && this.topicsKnown(records)) return this.append(records);
    // Keeps the order of the calls while topics are being created.
    const before = this.preparing;
    const prepared = (async () => {
      await before;
      await this.codecReady;
      // One that is deleted while another one waits for the disk is no reason to refuse its records.
      do await this.createTopics(records);
      while (!this.topicsKnown(records));
    })();
    // The next send goes on whether or not this one could.
    let result: Promise<SendResult> | null = null;
    const tail = prepared.then(
      () => {
        result = this.append(records);
        result.catch(() => {});
      },
      () => {},
    );
    this.preparing = tail;
    const flight: InFlight = { withdraw: () => {}, done: tail };
    this.inFlight.add(flight);
    void tail.then(() => {
      this.inFlight.delete(flight);
      if (this.preparing === tail) this.preparing = null;
    });
    await prepared;
    await tail;
    if (result === null) throw this.closed();
    return result;
  }

  async flush(signal?: AbortSignal): Promise<void> {
    while (this.inFlight.size > 0) {
      signal?.throwIfAborted();
      const settled = Promise.allSettled([...this.inFlight].map(({ done }) => done));
      await (signal === undefined ? settled : Promise.race([settled, aborted(signal)]));
    }
  }

  async close(timeoutMs = Number.MAX_SAFE_INTEGER): Promise<void> {
    if (this.closing.signal.aborted) return;
    const giveUp = new AbortController();
    const timer = this.input.clock.setTimer(() => giveUp.abort(), timeoutMs);
    try {
      await this.flush(giveUp.signal);
    } catch {
      // The time is over: what is in flight is withdrawn below.
    }
    timer.cancel();
    this.closing.abort(this.closed());
    for (const { withdraw } of this.inFlight) withdraw();
    this.input.onClose(this);
  }

  private topicsKnown(records: readonly ProducerRecord[]): boolean {
    let last = '';
    for (let n = 0; n < records.length; n++) {
      const { topic } = records[n] as ProducerRecord;
      if (topic === last) continue;
      if (this.input.topic(topic) === undefined && topicNameProblem(topic) === null) return false;
      last = topic;
    }
    return true;
  }

  private async createTopics(records: readonly ProducerRecord[]): Promise<void> {
    const names = new Set<string>();
    for (const { topic } of records) if (topicNameProblem(topic) === null) names.add(topic);
    for (const name of names) {
      if (this.input.topic(name) !== undefined) continue;
      await this.withinDeliveryTimeout((signal) => this.input.ensureTopic(name, signal));
    }
  }

  /** Runs up to the last append without a break, so that sends don't mix. */
  private async append(records: readonly ProducerRecord[]): Promise<SendResult> {
    if (this.closing.signal.aborted) throw this.closed();
    const partitions = new Int32Array(records.length);
    const offsets = new Float64Array(records.length).fill(-1);
    const rejected: RejectedRecord[] = [];
    const chunks = this.chunk(records, partitions, rejected);
    const appends: PendingAppend[] = [];
    // Without an await in between, so that nothing comes between the batches of one send, nor of two in another order.
    for (const chunk of chunks) appends.push(this.appendChunk(chunk));
    const all = appends.map(async ({ done }, n) => {
      const { baseOffset } = await done;
      const { indexes } = chunks[n] as Chunk;
      for (let i = 0; i < indexes.length; i++) offsets[indexes[i] as number] = baseOffset + i;
    });
    await this.settle(appends, Promise.all(all));
    return { partitions, offsets, rejected };
  }

  /** Waits for batches to become durable; takes them back when the time is over or the producer is closed. */
  private async settle(appends: readonly PendingAppend[], all: Promise<unknown>): Promise<void> {
    let timer: Timer | undefined;
    let giveUp: (error: Error) => void = () => {};
    const givenUp = new Promise<never>((_, reject) => {
      giveUp = reject;
    });
    givenUp.catch(() => {});
    const stop = (error: Error): void => {
      for (const append of appends) append.withdraw();
      giveUp(error);
    };
    const flight: InFlight = { withdraw: () => stop(this.closed()), done: Promise.race([all, givenUp]) };
    this.inFlight.add(flight);
    if (this.deliveryTimeoutMs !== null) {
      timer = this.input.clock.setTimer(() => stop(this.timedOut()), this.deliveryTimeoutMs);
    }
    try {
      await flight.done;
    } finally {
      timer?.cancel();
      this.inFlight.delete(flight);
    }
  }

  private async withinDeliveryTimeout<T>(action: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.deliveryTimeoutMs === null) return action(this.closing.signal);
    const late = new AbortController();
    const timer = this.input.clock.setTimer(() => late.abort(this.timedOut()), this.deliveryTimeoutMs);
    try {
      return await action(AbortSignal.any([this.closing.signal, late.signal]));
    } finally {
      timer.cancel();
    }
  }

  private appendChunk(chunk: Chunk): PendingAppend {
    const sequence = this.sequences.get(chunk.log) ?? 0;
    const batch = encodeRecordBatch(chunk.records, {
      producerId: this.input.producerId,
      producerEpoch: 0,
      baseSequence: sequence,
      compression: this.compression,
    });
    this.sequences.set(chunk.log, (sequence + chunk.records.length) & 0x7fff_ffff);
    return chunk.log.append(batch);
  }

  /** Sorts records into batches by partition, in order; leaves out, and names, those that no broker would take. */
  private chunk(records: readonly ProducerRecord[], partitions: Int32Array, rejected: RejectedRecord[]): Chunk[] {
    const chunks: Chunk[] = [];
    const open = new Map<ClientLog, Chunk>();
    const now = Math.floor(this.input.clock.now());
    let chunk: Chunk | undefined;
    let topic: ClientTopic | undefined;
    for (let index = 0; index < records.length; index++) {
      const record = records[index] as ProducerRecord;
      if (topic?.name !== record.topic) topic = this.input.topic(record.topic);
      const bytes = estimateRecordBytes(record);
      const log = this.place(record, bytes, topic, partitions, index);
      const error = log instanceof Error ? log : this.refusal(record, bytes, topic as ClientTopic, now);
      if (log instanceof Error || error !== null) {
        rejected.push({ index, error: error as Error });
        continue;
      }
      if (chunk?.log !== log) chunk = open.get(log);
      const limit = Math.min(MAX_BATCH_BYTES, (topic as ClientTopic).config.maxMessageBytes);
      if (chunk === undefined || chunk.bytes + bytes > limit) {
        chunk = { log, records: [], indexes: [], bytes: BATCH_HEADER_BYTES };
        open.set(log, chunk);
        chunks.push(chunk);
      }
      chunk.records.push(record.timestamp >= 0 ? record : { ...record, timestamp: now });
      chunk.indexes.push(index);
      chunk.bytes += bytes;
    }
    return chunks;
  }

  private place(
    record: ProducerRecord,
    bytes: number,
    topic: ClientTopic | undefined,
    partitions: Int32Array,
    index: number,
  ): ClientLog | Error {
    partitions[index] = record.partition ?? -1;
    if (topic === undefined || topic.internal) {
      const problem = topicNameProblem(record.topic) ?? 'it is kept for the broker itself, or was just deleted';
      return new DataError(`A record can't be sent to topic '${record.topic}': ${problem}.`, { code: TOPIC_INVALID });
    }
    let partition = record.partition;
    if (partition === null) {
      let partitioner = this.partitioners.get(topic.name);
      if (partitioner === undefined) {
        partitioner = new Partitioner({ stickyBytes: this.stickyBytes });
        this.partitioners.set(topic.name, partitioner);
      }
      partition = partitioner.partition(record.key, bytes, topic.logs.length);
      partitions[index] = partition;
    }
    return (
      topic.logs[partition] ??
      new DataError(
        `A record names partition ${partition} of topic '${topic.name}', which has ${topic.logs.length} (from 0).`,
        { code: RECORD_INVALID },
      )
    );
  }

  /** Why no broker would take the record, or null. */
  private refusal(record: ProducerRecord, estimate: number, topic: ClientTopic, now: number): DataError | null {
    const { config } = topic;
    const limit = Math.min(this.maxRequestSize, config.maxMessageBytes);
    if (estimate + BATCH_HEADER_BYTES > limit) {
      const exact = encodeRecordBatch([{ ...record, timestamp: 0 }]).length;
      if (exact > limit) return tooLarge(topic.name, exact, this.maxRequestSize, config.maxMessageBytes);
    }
    const { timestamp } = record;
    if (timestamp !== -1) {
      if (!Number.isSafeInteger(timestamp) || timestamp < 0) {
        return invalid(topic.name, `its timestamp ${timestamp} is no number of milliseconds since 1970`);
      }
      if (config.timestampType === 'CreateTime') {
        if (timestamp - now > config.timestampAfterMaxMs) {
          return invalid(
            topic.name,
            `its timestamp ${timestamp} lies more than message.timestamp.after.max.ms=${config.timestampAfterMaxMs} ahead`,
          );
        }
        if (now - timestamp > config.timestampBeforeMaxMs) {
          return invalid(
            topic.name,
            `its timestamp ${timestamp} lies more than message.timestamp.before.max.ms=${config.timestampBeforeMaxMs} back`,
          );
        }
      }
    }
    if (record.key === null && config.cleanupPolicy.compact)
      return invalid(topic.name, 'it has no key, and the topic is compacted');
    return null;
  }

  private closed(): IllegalStateError {
    return new IllegalStateError(
      'The producer is closed: its records were not sent, or not acknowledged before it was.',
      {
        code: PRODUCER_CLOSED,
      },
    );
  }

  private timedOut(): EnvironmentError {
    return new EnvironmentError(
      `The embedded broker did not make records durable within delivery.timeout.ms=${this.deliveryTimeoutMs}. They may still be written.`,
      { code: DELIVERY_TIMEOUT },
    );
  }
}

const COMPRESSIONS: readonly string[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

function isCompression(name: string): name is CompressionType {
  return COMPRESSIONS.includes(name);
}

function tooLarge(topic: string, bytes: number, maxRequestSize: number, maxMessageBytes: number): DataError {
  const setting =
    maxRequestSize < maxMessageBytes
      ? `the producer's max.request.size=${maxRequestSize}`
      : `max.message.bytes=${maxMessageBytes} of the topic`;
  return new DataError(`A record of ${bytes} bytes for topic '${topic}' is larger than ${setting}.`, {
    code: RECORD_TOO_LARGE,
    details: { topic, bytes, maxRequestSize, maxMessageBytes },
  });
}

function invalid(topic: string, why: string): DataError {
  return new DataError(`A record for topic '${topic}' is not valid: ${why}.`, { code: RECORD_INVALID });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
