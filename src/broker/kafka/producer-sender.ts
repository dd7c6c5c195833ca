import type { Timer } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { ConfigError, EnvironmentError } from '../../sdk/errors/index.ts';
import { DELIVERY_TIMEOUT } from '../broker-errors.ts';
import { BATCH_HEADER_BYTES } from '../record-batch/batch-header.ts';
import { isCodecLoaded, loadCodec } from '../record-batch/compression.ts';
import type { Cluster } from './cluster.ts';
import type { KafkaConnection } from './kafka-connection.ts';
import { errorForCode } from './kafka-errors.ts';
import type { ProducerSettings } from './kafka-settings.ts';
import type { ProducerMeter, SentBatch } from './metrics/producer-meter.ts';
import type { PartitionQueue, ProducerBatch, ProducerIdentity } from './partition-queue.ts';
import type { ProducerTopics } from './producer-topics.ts';
import { byTopic } from './protocol/by-topic.ts';
import { ErrorCode, errorCodeName, isStaleMetadata } from './protocol/error-code.ts';
import { encodeProduce, initProducerId, type ProducePartitionResponse, produce } from './protocol/produce.ts';
import { WireReader } from './protocol/wire.ts';
import { isRefused, splitOrReject } from './refused-batch.ts';
import type { SendCall } from './send-call.ts';

interface Sent {
  readonly topic: string;
  readonly partition: number;
  readonly queue: PartitionQueue;
  readonly batch: ProducerBatch;
}

/** Encoding is synchronous; others get their turn after so long. */
const SLICE_MS = 8;
const MAX_EPOCH = 0x7fff;

/** Sends what the queues hold to the leaders of their partitions, and sees to it that it arrives, once and in order. */
export class ProducerSender {
  private readonly cluster: Cluster;
  private readonly settings: ProducerSettings;
  private readonly logger: Logger;
  private readonly topics: ProducerTopics;
  private readonly meter: ProducerMeter;
  private readonly onFatal: (error: Error) => void;
  private readonly closing: AbortSignal;
  private readonly isFlushing: () => boolean;
  private readonly inFlight = new Map<number, number>();
  private readonly connecting = new Set<number>();
  private identity: ProducerIdentity | null = null;
  private preparing = false;
  private scheduled = false;
  private timer: Timer | null = null;
  private turn = 0;

  constructor(dependencies: {
    readonly cluster: Cluster;
    readonly settings: ProducerSettings;
    readonly logger: Logger;
    readonly topics: ProducerTopics;
    readonly meter: ProducerMeter;
    /** Every call is to be failed with this. */
    readonly onFatal: (error: Error) => void;
    readonly closing: AbortSignal;
    readonly isFlushing: () => boolean;
  }) {
    this.cluster = dependencies.cluster;
    this.settings = dependencies.settings;
    this.logger = dependencies.logger;
    this.topics = dependencies.topics;
    this.meter = dependencies.meter;
    this.onFatal = dependencies.onFatal;
    this.closing = dependencies.closing;
    this.isFlushing = dependencies.isFlushing;
  }

  /** There may be something to send. Sends of one turn of the event loop go out together. */
  wake(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      try {
        this.pump();
      } catch (error) {
        // Nobody else would catch it: it is the producer's end, and not the process's.
        this.fatal(error);
      }
    });
  }

  /** Requests that were not answered yet. */
  get requestsInFlight(): number {
    let requests = 0;
    for (const count of this.inFlight.values()) requests += count;
    return requests;
  }

  /** Lets go of what nobody waits for any more. */
  dropSettled(): void {
    this.topics.dropSettled();
    for (const queue of this.topics.active) {
      queue.dropSettled();
      this.retire(queue);
    }
  }

  private pump(): void {
    if (this.closing.aborted || this.topics.active.size === 0) return;
    if (this.identity === null || !isCodecLoaded(this.settings.compression)) {
      void this.prepare();
      return;
    }
    const began = this.cluster.clock.monotonic();
    let wakeAt = Number.POSITIVE_INFINITY;
    const byLeader = new Map<number, PartitionQueue[]>();
    for (const queue of this.topics.active) {
      const leader = this.cluster.metadata.leader(queue.topic, queue.partition);
      if (leader < 0) {
        this.topics.refresh();
        continue;
      }
      const ready = this.readyAt(queue, began);
      if (ready > began) wakeAt = Math.min(wakeAt, ready);
      else {
        const queues = byLeader.get(leader);
        if (queues === undefined) byLeader.set(leader, [queue]);
        else queues.push(queue);
      }
    }
    for (const [leader, queues] of byLeader) {
      const connection = this.connectionTo(leader, queues);
      if (connection === null) continue;
      while ((this.inFlight.get(leader) ?? 0) < this.settings.maxInFlight) {
        if (!this.sendOne(leader, connection, queues)) break;
        if (this.cluster.clock.monotonic() - began > SLICE_MS) {
          setImmediate(() => this.wake());
          return;
        }
      }
    }
    this.timer?.cancel();
    this.timer = null;
    if (wakeAt !== Number.POSITIVE_INFINITY)
      this.timer = this.cluster.clock.setTimer(() => this.wake(), wakeAt - began);
  }

  /** Monotonic ms at which the queue may send: later for back-off and `linger.ms`. */
  private readyAt(queue: PartitionQueue, now: number): number {
    const { lingerMs, batchBytes } = this.settings;
    let at = queue.notBefore;
    const oldest = queue.oldestQueued;
    const lingers = lingerMs > 0 && oldest !== undefined && queue.batches.length === 0;
    if (lingers && queue.queuedBytes < batchBytes && !this.isFlushing()) at = Math.max(at, oldest.takenAt + lingerMs);
    return Math.max(now, at);
  }

  /** The connection to a leader, or null while it is being opened: batches are taken when they can be written at once, in order. */
  private connectionTo(leader: number, queues: readonly PartitionQueue[]): KafkaConnection | null {
    const connection = this.cluster.connected(leader, 'produce');
    if (connection !== null || this.connecting.has(leader)) return connection;
    this.connecting.add(leader);
    this.cluster.connect(leader, 'produce').then(
      () => {
        this.connecting.delete(leader);
        this.wake();
      },
      (error: unknown) => {
        this.connecting.delete(leader);
        if (this.closing.aborted) return;
        if (!(error instanceof EnvironmentError)) this.fatal(error);
        else for (const queue of queues) this.backOff(queue, error.message);
        this.topics.refresh();
        this.wake();
      },
    );
    return null;
  }

  /** Sends one request with a batch each of as many partitions as fit into it. False if there is nothing to send. */
  private sendOne(leader: number, connection: KafkaConnection, queues: readonly PartitionQueue[]): boolean {
    const { maxInFlight, batchBytes, maxRequestBytes } = this.settings;
    const now = this.cluster.clock.monotonic();
    const sent: Sent[] = [];
    let bytes = 0;
    this.turn++;
    for (let n = 0; n < queues.length; n++) {
      const queue = queues[(n + this.turn) % queues.length] as PartitionQueue;
      if (this.identity === null) break;
      const size = queue.sendableBytes(now, maxInFlight, batchBytes);
      if (size === 0 || (sent.length > 0 && bytes + size > maxRequestBytes)) continue;
      const batch = queue.take({ current: () => this.identityNow(), next: () => this.nextIdentity() }, batchBytes);
      if (batch === null) {
        this.retire(queue);
        continue;
      }
      bytes += batch.encoded.length;
      sent.push({ topic: queue.topic, partition: queue.partition, queue, batch });
    }
    if (sent.length === 0) return false;
    void this.exchange(leader, connection, sent);
    return true;
  }

  private async exchange(leader: number, connection: KafkaConnection, sent: readonly Sent[]): Promise<void> {
    this.inFlight.set(leader, (this.inFlight.get(leader) ?? 0) + 1);
    const timeoutMs = this.cluster.settings.requestTimeoutMs;
    const { clock } = this.cluster;
    const sentAt = clock.monotonic();
    this.meter.sent(
      sent.map(({ queue, batch }) => sentBatch(queue, batch, sentAt)),
      sentAt,
    );
    try {
      const version = connection.versionOf(produce);
      const topics = byTopic(sent, ({ partition, batch }) => ({ partition, batch: batch.encoded }));
      const payload = await connection.exchange(produce, version, encodeProduce({ timeoutMs, topics }), timeoutMs);
      const { partitions: answers, throttleMs } = produce.decode(new WireReader(payload), version);
      this.meter.answered(clock.monotonic() - sentAt, throttleMs, clock.monotonic());
      for (const one of sent) {
        const answer = answers.find(({ topic, partition }) => topic === one.topic && partition === one.partition);
        if (answer === undefined) this.retry(one, `Kafka did not answer for ${one.queue.key}.`);
        else this.settle(one, answer);
      }
    } catch (error) {
      // The outcome is not known: the same batches go again under the same sequences, and are appended once.
      for (const one of sent) this.retry(one, error instanceof Error ? error.message : String(error));
      if (!(error instanceof EnvironmentError)) this.fatal(error);
      this.topics.refresh();
    } finally {
      this.inFlight.set(leader, (this.inFlight.get(leader) ?? 1) - 1);
      this.wake();
    }
  }

  private settle(one: Sent, answer: ProducePartitionResponse): void {
    const { queue, batch } = one;
    const { errorCode } = answer;
    if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) {
      queue.acknowledge(batch, errorCode === ErrorCode.NONE ? answer.baseOffset : -1, this.cluster.clock.monotonic());
      this.recovered(queue);
      this.retire(queue);
      return;
    }
    if (isRefused(errorCode)) {
      queue.failed(batch);
      if (splitOrReject(one, answer) === 'split') this.meter.split(this.cluster.clock.monotonic());
      this.retire(queue);
      return;
    }
    if (sequenceLost.has(errorCode)) {
      // Behind a batch that failed it means only that; of the oldest it says that the broker has not what came before.
      if (queue.isOldest(batch)) {
        this.logger.debug('Beginning a new producer epoch', { partition: queue.key, reason: errorCodeName(errorCode) });
        queue.endEpoch();
      }
      queue.failed(batch);
      if (!queue.dropUnwanted(batch)) this.retried(queue, batch);
      this.retire(queue);
      return;
    }
    const error = errorForCode(errorCode, `append to ${queue.key}`, answer.errorMessage);
    if (error instanceof ConfigError) {
      queue.failed(batch);
      this.failQueue(queue, error);
      return;
    }
    if (isStaleMetadata(errorCode)) this.topics.refresh();
    this.retry(one, error.message);
  }

  private retry({ queue, batch }: Sent, reason: string): void {
    const oldest = queue.isOldest(batch);
    queue.failed(batch);
    if (queue.dropUnwanted(batch)) this.retire(queue);
    else if (batch.attempts > this.settings.retries) {
      const error = new EnvironmentError(`${reason} It was tried ${batch.attempts} times (retries).`, {
        code: DELIVERY_TIMEOUT,
      });
      for (const call of new Set(batch.calls)) call.fail(error);
      queue.drop(batch);
      this.retire(queue);
    } else {
      this.retried(queue, batch);
      if (oldest) this.backOff(queue, reason);
    }
  }

  private retried({ topic }: PartitionQueue, { records }: ProducerBatch): void {
    this.meter.retried(topic, records.length, this.cluster.clock.monotonic());
  }

  private backOff(queue: PartitionQueue, reason: string): void {
    const { retryBackoffMs, retryBackoffMaxMs } = this.cluster.settings;
    const bound = Math.min(
      retryBackoffMs * 2 ** Math.min(queue.failures, 16),
      Math.max(retryBackoffMs, retryBackoffMaxMs),
    );
    queue.failures++;
    queue.notBefore = this.cluster.clock.monotonic() + bound * (0.8 + 0.2 * Math.random());
    this.cluster.availability.failed(queue.key, reason);
  }

  private failQueue(queue: PartitionQueue, error: Error): void {
    const calls = new Set<SendCall>(queue.batches.flatMap(({ calls }) => calls));
    queue.clearQueued((call) => calls.add(call));
    for (const call of calls) call.fail(error);
    this.dropSettled();
  }

  private fatal(error: unknown): void {
    this.onFatal(error instanceof Error ? error : new Error(String(error)));
  }

  private recovered(queue: PartitionQueue): void {
    queue.failures = 0;
    this.cluster.availability.worked(queue.key);
  }

  private retire(queue: PartitionQueue): void {
    if (!queue.isEmpty) return;
    this.topics.active.delete(queue);
    this.cluster.availability.worked(queue.key);
    this.cluster.availability.worked(`leader ${queue.key}`);
  }

  private identityNow(): ProducerIdentity {
    if (this.identity === null) throw new Error('a batch was encoded before there was a producer id');
    return this.identity;
  }

  private nextIdentity(): ProducerIdentity {
    const { producerId, epoch } = this.identityNow();
    this.identity = { producerId, epoch: epoch + 1 };
    const next = this.identity;
    // The last epoch of this id: the partitions to come get another.
    if (next.epoch >= MAX_EPOCH) this.identity = null;
    return next;
  }

  private async prepare(): Promise<void> {
    if (this.preparing) return;
    this.preparing = true;
    try {
      const { compression } = this.settings;
      if (compression !== 'none') await loadCodec(compression);
      this.identity ??= await this.cluster.retrying(async () => {
        const { errorCode, producerId, epoch } = await this.cluster.request('any', initProducerId, null);
        if (errorCode !== ErrorCode.NONE) throw errorForCode(errorCode, 'give out a producer id');
        return { producerId, epoch };
      }, this.closing);
    } catch (error) {
      if (!this.closing.aborted) this.fatal(error);
      return;
    } finally {
      this.preparing = false;
    }
    this.wake();
  }
}

const sequenceLost = new Set<number>([
  ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCode.UNKNOWN_PRODUCER_ID,
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.INVALID_PRODUCER_ID_MAPPING,
]);

function sentBatch(queue: PartitionQueue, batch: ProducerBatch, now: number): SentBatch {
  return {
    topic: queue.topic,
    records: batch.records.length,
    bytes: batch.encoded.length,
    maxRecordBytes: batch.maxRecordBytes + BATCH_HEADER_BYTES,
    compressionRatio: batch.compressionRatio,
    queueMs: now - (batch.calls[0]?.takenAt ?? now),
  };
}
