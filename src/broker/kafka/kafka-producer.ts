import type { Logger } from '../../foundation/logger.ts';
import { DataError, EnvironmentError, IllegalStateError } from '../../sdk/errors/index.ts';
import {
  DELIVERY_TIMEOUT,
  PRODUCER_CLOSED,
  PRODUCER_RECALLED,
  RECORD_INVALID,
  RECORD_TOO_LARGE,
} from '../broker-errors.ts';
import type { ClientFigures } from '../client-figures.ts';
import type { Producer, ProducerRecord, SendResult } from '../ports.ts';
import { BATCH_HEADER_BYTES } from '../record-batch/batch-header.ts';
import type { Cluster } from './cluster.ts';
import type { ProducerSettings } from './kafka-settings.ts';
import { ProducerMeter } from './metrics/producer-meter.ts';
import { ProducerSender } from './producer-sender.ts';
import { ProducerTopics } from './producer-topics.ts';
import { SendCall } from './send-call.ts';

/** The Producer port over a real cluster: takes calls in, bounds their memory and time, and knows when all is done. */
export class KafkaProducer implements Producer {
  private readonly cluster: Cluster;
  private readonly settings: ProducerSettings;
  private readonly onClose: () => void;
  private readonly closing = new AbortController();
  private readonly topics: ProducerTopics;
  private readonly sender: ProducerSender;
  private readonly meter: ProducerMeter;
  /** Taken in and not settled, in order. */
  private readonly open = new Set<SendCall>();
  /** Waiting for memory, in order. */
  private waiting: SendCall[] = [];
  private flushWaiters: (() => void)[] = [];
  private bufferedBytes = 0;
  private expiryTimer: { cancel(): void } | null = null;
  private closed = false;

  constructor(dependencies: {
    readonly cluster: Cluster;
    readonly settings: ProducerSettings;
    readonly logger: Logger;
    readonly onClose: () => void;
  }) {
    const { cluster, settings, logger } = dependencies;
    this.cluster = cluster;
    this.settings = settings;
    this.onClose = dependencies.onClose;
    this.meter = new ProducerMeter(cluster.settings.windows);
    const onFatal = (error: Error): void => this.failAll(error);
    this.topics = new ProducerTopics({
      cluster,
      settings,
      logger,
      onChange: () => this.sender.wake(),
      onFatal,
      closing: this.closing.signal,
    });
    this.sender = new ProducerSender({
      cluster,
      settings,
      logger,
      topics: this.topics,
      meter: this.meter,
      onFatal,
      closing: this.closing.signal,
      isFlushing: () => this.flushWaiters.length > 0,
    });
    // New partitions are found by age, as Kafka's producer does.
    cluster.metadata.refreshByAge(() => this.topics.refresh());
  }

  send(records: readonly ProducerRecord[]): Promise<SendResult> {
    if (this.closed) return Promise.reject(closedError());
    if (records.length === 0) {
      return Promise.resolve({ partitions: new Int32Array(0), offsets: new Float64Array(0), rejected: [] });
    }
    const call = new SendCall({
      records,
      takenAt: this.cluster.clock.monotonic(),
      onSettled: (settled) => this.settle(settled),
    });
    this.open.add(call);
    if (this.waiting.length > 0 || !this.hasRoomFor(call)) this.waiting.push(call);
    else this.admit(call);
    this.scheduleExpiry();
    return call.promise;
  }

  recall(): void {
    const calls = [...this.open].reverse();
    const underWay = calls.findIndex((call) => call.isUnderWay);
    const message = 'The records were taken back before any of them was sent, to be serialized again.';
    for (const call of underWay < 0 ? calls : calls.slice(0, underWay)) {
      call.fail(new EnvironmentError(message, { code: PRODUCER_RECALLED }));
    }
    this.sender.dropSettled();
  }

  async flush(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.open.size === 0) return;
    const since = this.cluster.clock.monotonic();
    await new Promise<void>((resolve, reject) => {
      const done = (): void => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const abort = (): void => {
        this.flushWaiters = this.flushWaiters.filter((waiter) => waiter !== done);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.flushWaiters.push(done);
      this.sender.wake();
    });
    this.meter.flushed(this.cluster.clock.monotonic() - since);
  }

  figures(): ClientFigures {
    const { startedAt, clock, settings, metadata } = this.cluster;
    const now = clock.monotonic();
    const { bufferBytes } = this.settings;
    const groups = [
      ...this.cluster.figures('producer', {
        ...this.meter.values(now),
        'buffer-total-bytes': bufferBytes,
        'buffer-available-bytes': Math.max(0, bufferBytes - this.bufferedBytes),
        'waiting-threads': this.waiting.length,
        'requests-in-flight': this.sender.requestsInFlight,
        'metadata-age': (now - metadata.loadedAt) / 1_000,
      }),
      ...this.meter.topicGroups(now),
    ];
    return { kind: 'producer', clientId: settings.connection.clientId, startedAt, groups };
  }

  async close(timeoutMs?: number): Promise<void> {
    this.closed = true;
    if (timeoutMs === undefined) await this.flush();
    else if (timeoutMs > 0) {
      const limit = new AbortController();
      const timer = this.cluster.clock.setTimer(() => limit.abort(), timeoutMs);
      await this.flush(limit.signal).catch(() => {});
      timer.cancel();
    }
    this.cluster.availability.close();
    this.closing.abort();
    this.failAll(closedError());
    this.expiryTimer?.cancel();
    this.cluster.close();
    this.onClose();
  }

  private hasRoomFor(call: SendCall): boolean {
    return this.bufferedBytes === 0 || this.bufferedBytes + call.bytes <= this.settings.bufferBytes;
  }

  private admit(call: SendCall): void {
    this.bufferedBytes += call.bytes;
    const { maxRequestBytes } = this.settings;
    // Rejecting the last of a call settles it, so that the others are put on their way first.
    const bad: { index: number; error: DataError }[] = [];
    for (let index = 0; index < call.records.length; index++) {
      const error = badRecord(call.records[index] as ProducerRecord, call.sizes[index] as number, maxRequestBytes);
      if (error !== null) bad.push({ index, error });
    }
    const badIndexes = bad.length === 0 ? null : new Set(bad.map(({ index }) => index));
    this.topics.distribute(call, (index) => badIndexes?.has(index) === true);
    for (const { index, error } of bad) call.reject(index, error);
    this.sender.wake();
  }

  private settle(call: SendCall): void {
    this.open.delete(call);
    this.countLost(call);
    if (this.waiting.includes(call)) this.waiting = this.waiting.filter((other) => other !== call);
    else this.bufferedBytes -= call.bytes;
    let next = this.waiting[0];
    while (next !== undefined && this.hasRoomFor(next)) {
      this.waiting.shift();
      const now = this.cluster.clock.monotonic();
      this.meter.waitedForRoom(now - next.takenAt, now);
      this.admit(next);
      next = this.waiting[0];
    }
    if (this.open.size > 0) return;
    const waiters = this.flushWaiters;
    this.flushWaiters = [];
    for (const done of waiters) done();
  }

  private countLost(call: SendCall): void {
    const code = errorCodeOf(call.failedWith);
    // Nobody has tried to send these, or nobody knows what became of them.
    if (code === PRODUCER_RECALLED || code === PRODUCER_CLOSED) return;
    const now = this.cluster.clock.monotonic();
    for (const [topic, records] of call.lost() ?? []) this.meter.failed(topic, records, now);
  }

  private failAll(error: Error): void {
    for (const call of [...this.open]) call.fail(error);
    this.sender.dropSettled();
  }

  /** `delivery.timeout.ms` for all, `max.block.ms` for what waits for memory or its topic. */
  private scheduleExpiry(): void {
    const { deliveryTimeoutMs, maxBlockMs } = this.settings;
    const shortest = Math.min(deliveryTimeoutMs, maxBlockMs);
    if (this.expiryTimer !== null || shortest === Number.POSITIVE_INFINITY) return;
    const run = (): void => {
      this.expiryTimer = null;
      this.expire();
      if (this.open.size > 0) this.scheduleExpiry();
    };
    this.expiryTimer = this.cluster.clock.setTimer(run, Math.max(1, Math.min(shortest, 1_000)), { unref: true });
  }

  private expire(): void {
    const now = this.cluster.clock.monotonic();
    const { deliveryTimeoutMs, maxBlockMs } = this.settings;
    const overdue = (call: SendCall, limitMs: number, setting: string): void => {
      if (now - call.takenAt < limitMs) return;
      const message = `Kafka did not take records within ${setting}=${limitMs}. They may or may not have been appended.`;
      call.fail(new EnvironmentError(message, { code: DELIVERY_TIMEOUT }));
    };
    for (const call of [...this.waiting]) {
      if (now - call.takenAt >= maxBlockMs) this.meter.foundNoRoom(call.records.length, now);
      overdue(call, maxBlockMs, 'max.block.ms');
    }
    this.topics.forEachPending((call) => overdue(call, maxBlockMs, 'max.block.ms'));
    for (const call of [...this.open]) overdue(call, deliveryTimeoutMs, 'delivery.timeout.ms');
    this.sender.dropSettled();
  }
}

function badRecord(record: ProducerRecord, size: number, maxRequestBytes: number): DataError | null {
  const bytes = size + BATCH_HEADER_BYTES;
  if (bytes > maxRequestBytes) {
    return new DataError(
      `A record for topic '${record.topic}' takes ${bytes} bytes, more than max.request.size=${maxRequestBytes} allows. Raise it (and the topic's ` +
        'max.message.bytes), or keep such records out.',
      { code: RECORD_TOO_LARGE },
    );
  }
  if (record.timestamp < -1 || !Number.isSafeInteger(record.timestamp)) {
    return new DataError(
      `A record for topic '${record.topic}' has the timestamp ${record.timestamp}; it must be whole milliseconds since 1970, or -1 for now.`,
      { code: RECORD_INVALID },
    );
  }
  return null;
}

function errorCodeOf(error: Error | null): unknown {
  return error !== null && 'code' in error ? error.code : null;
}

function closedError(): IllegalStateError {
  return new IllegalStateError('The producer is closed; the records were not acknowledged.', { code: PRODUCER_CLOSED });
}
