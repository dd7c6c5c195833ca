import type { Timer } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { ConfigError, EnvironmentError, IllegalStateError } from '../../sdk/errors/index.ts';
import type { FetchedBatch, Fetcher, FetchPosition, TopicPartition } from '../ports.ts';
import { loadCodec } from '../record-batch/compression.ts';
import { codecsToLoad } from '../record-batch/decode-record-batch.ts';
import type { Cluster } from './cluster.ts';
import { corruptAtBroker, offsetOutOfRange } from './fetch-failures.ts';
import { FetchedPartition } from './fetched-partition.ts';
import { CLIENT_CLOSED, errorForCode } from './kafka-errors.ts';
import type { FetcherSettings } from './kafka-settings.ts';
import { MetadataRefresher } from './metadata-refresher.ts';
import { byTopic } from './protocol/by-topic.ts';
import { ErrorCode, isStaleMetadata } from './protocol/error-code.ts';
import {
  EARLIEST_TIMESTAMP,
  type FetchPartitionResponse,
  fetch,
  LATEST_TIMESTAMP,
  type ListOffsetsPartition,
  listOffsets,
} from './protocol/fetch.ts';

/**
 * Two long polls per broker, for different partitions: those that are resumed, sought or worked through while the others' request waits
 * for records need not wait for it to come back.
 */
const LANES = ['fetch', 'second fetch'] as const;
type FetchLane = (typeof LANES)[number];
/** How long the broker may hold the last free lane's request back while partitions that are not in it are worked through. */
const BUSY_WAIT_MS = 20;
/** No request grows beyond this, however large a batch is. */
const MAX_FETCH_BYTES = 0x7fff_ffff;

/** The Fetcher port over a real cluster: one long poll per broker, reading ahead of `poll` within `fetch.max.bytes`. */
export class KafkaFetcher implements Fetcher {
  private readonly cluster: Cluster;
  private readonly settings: FetcherSettings;
  private readonly logger: Logger;
  private readonly onClose: () => void;
  private readonly closing = new AbortController();
  private readonly refresher: MetadataRefresher;
  private readonly partitions = new Map<string, FetchedPartition>();
  /** Requests on their way, as `broker/lane`. */
  private readonly polling = new Set<string>();
  private waiters: (() => void)[] = [];
  private scheduled = false;
  private timer: Timer | null = null;
  private turn = 0;
  private maxPartitionBytes: number;

  constructor(dependencies: {
    readonly cluster: Cluster;
    readonly settings: FetcherSettings;
    readonly logger: Logger;
    readonly onClose: () => void;
  }) {
    this.cluster = dependencies.cluster;
    this.settings = dependencies.settings;
    this.logger = dependencies.logger;
    this.onClose = dependencies.onClose;
    this.maxPartitionBytes = this.settings.maxPartitionBytes;
    this.refresher = new MetadataRefresher({
      cluster: this.cluster,
      isNeeded: () => this.wanted().some((p) => this.leader(p) < 0),
      onRefreshed: () => this.metadataRefreshed(),
      onFatal: (error) => this.failAll(error),
      closing: this.closing.signal,
    });
    this.cluster.metadata.refreshByAge(() => this.refresher.request());
  }

  add(positions: readonly FetchPosition[]): void {
    for (const { topic, partition, offset } of positions) {
      const key = keyOf({ topic, partition });
      this.partitions.get(key)?.moveTo(offset);
      if (!this.partitions.has(key)) {
        const added = new FetchedPartition(topic, partition);
        added.moveTo(offset);
        this.partitions.set(key, added);
      }
    }
    this.cluster.metadata.watch(positions.map(({ topic }) => topic));
    this.schedule();
  }

  remove(partitions: readonly TopicPartition[]): void {
    for (const one of partitions) {
      const removed = this.partitions.get(keyOf(one));
      if (removed === undefined) continue;
      removed.moveTo('latest'); // so that what is on its way is thrown away
      this.partitions.delete(keyOf(one));
      this.cluster.availability.worked(`fetch ${removed.key}`);
    }
    const left = new Set([...this.partitions.values()].map(({ topic }) => topic));
    for (const { topic } of partitions) if (!left.has(topic)) this.cluster.metadata.unwatch(topic);
    this.schedule();
  }

  seek(partition: TopicPartition, offset: number): void {
    this.require(partition).moveTo(offset);
    this.schedule();
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.require(partition).paused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.require(partition).paused = false;
    this.notify();
    this.schedule();
  }

  position(partition: TopicPartition): number | null {
    return this.require(partition).position;
  }

  async poll(options: {
    readonly maxRecords: number;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
  }): Promise<FetchedBatch[]> {
    const { clock } = this.cluster;
    const deadline = clock.monotonic() + options.timeoutMs;
    for (;;) {
      options.signal?.throwIfAborted();
      if (this.closing.signal.aborted) throw new IllegalStateError('The fetcher is closed.', { code: CLIENT_CLOSED });
      const batches = this.collect(options.maxRecords);
      if (batches.length > 0) {
        this.schedule();
        return batches;
      }
      const leftMs = deadline - clock.monotonic();
      if (leftMs <= 0) return [];
      await this.changed(leftMs, options.signal);
    }
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.timer?.cancel();
    this.partitions.clear();
    this.cluster.close();
    this.notify();
    this.onClose();
  }

  private collect(maxRecords: number): FetchedBatch[] {
    const all = [...this.partitions.values()];
    const batches: FetchedBatch[] = [];
    let left = maxRecords;
    this.turn++;
    for (let n = 0; n < all.length && left > 0; n++) {
      const one = all[(n + this.turn) % all.length] as FetchedPartition;
      if (one.paused) continue;
      try {
        if (one.error !== null) {
          const { error } = one;
          one.error = null;
          throw error;
        }
        // Several takes, as one ends before a batch that can't be read.
        const batch = one.hasBuffered ? one.take(left, this.settings.checkCrcs) : null;
        if (batch === null) continue;
        left -= batch.records.length;
        batches.push(batch);
      } catch (error) {
        this.schedule();
        if (batches.length === 0) throw error;
        // What was taken goes first.
        one.error = error instanceof Error ? error : new Error(String(error));
        return batches;
      }
    }
    return batches;
  }

  /** Resolves when something changed, or after `timeoutMs`; rejects when the signal aborts. */
  private async changed(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        timer.cancel();
        signal?.removeEventListener('abort', done);
        this.waiters = this.waiters.filter((waiter) => waiter !== done);
        resolve();
      };
      const timer = this.cluster.clock.setTimer(done, timeoutMs);
      signal?.addEventListener('abort', done, { once: true });
      this.waiters.push(done);
    });
  }

  private notify(): void {
    for (const waiter of [...this.waiters]) waiter();
  }

  /** Looks once more, soon, what can be asked for. */
  private schedule(): void {
    if (this.scheduled || this.closing.signal.aborted) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      if (!this.closing.signal.aborted) this.ask();
    });
  }

  private ask(): void {
    const now = this.cluster.clock.monotonic();
    let wakeAt = Number.POSITIVE_INFINITY;
    let buffered = 0;
    for (const { bufferedBytes } of this.partitions.values()) buffered += bufferedBytes;
    const ready = new Map<number, FetchedPartition[]>();
    const full = new Set<number>();
    for (const one of this.wanted()) {
      const leader = this.leader(one);
      if (leader < 0) {
        this.refresher.request();
        continue;
      }
      if (one.askedSession === one.session) continue;
      if (one.notBefore > now) wakeAt = Math.min(wakeAt, one.notBefore);
      else if (one.bufferedBytes > this.settings.maxPartitionBytes || buffered >= this.settings.maxBytes)
        full.add(leader);
      else {
        const list = ready.get(leader);
        if (list === undefined) ready.set(leader, [one]);
        else list.push(one);
      }
    }
    for (const [leader, partitions] of ready) {
      const lane = LANES.find((free) => !this.polling.has(`${leader}/${free}`));
      if (lane === undefined) continue;
      const symbolic = partitions.filter(({ position }) => position === null);
      const budget = Math.max(1, this.settings.maxBytes - buffered);
      void (symbolic.length > 0
        ? this.run(leader, lane, symbolic, () => this.locate(leader, symbolic))
        : this.run(leader, lane, partitions, () =>
            this.fetch(leader, lane, partitions, this.waitMs(leader, lane, full), budget),
          ));
    }
    this.timer?.cancel();
    this.timer = null;
    if (wakeAt !== Number.POSITIVE_INFINITY)
      this.timer = this.cluster.clock.setTimer(() => this.schedule(), wakeAt - now);
  }

  private waitMs(leader: number, lane: FetchLane, full: ReadonlySet<number>): number {
    const { maxWaitMs } = this.settings;
    const lastLane = LANES.every((other) => other === lane || this.polling.has(`${leader}/${other}`));
    return lastLane && full.has(leader) ? Math.min(BUSY_WAIT_MS, maxWaitMs) : maxWaitMs;
  }

  /** Does one request to one broker, and takes its failure for that of the partitions in it. */
  private async run(
    leader: number,
    lane: FetchLane,
    partitions: readonly FetchedPartition[],
    request: () => Promise<void>,
  ): Promise<void> {
    const slot = `${leader}/${lane}`;
    this.polling.add(slot);
    const sessions = partitions.map(({ session }) => session);
    for (const one of partitions) one.askedSession = one.session;
    try {
      await request();
    } catch (error) {
      for (const [n, one] of partitions.entries()) {
        if (one.session !== sessions[n]) continue;
        if (error instanceof EnvironmentError) this.backOff(one, error.message);
        else one.error = error instanceof Error ? error : new Error(String(error));
      }
      if (error instanceof EnvironmentError) this.refresher.request();
    } finally {
      this.polling.delete(slot);
      // A partition that moved on meanwhile may have been asked for again.
      for (const [n, one] of partitions.entries()) if (one.askedSession === sessions[n]) one.askedSession = -1;
      this.notify();
      this.schedule();
    }
  }

  private async fetch(
    leader: number,
    lane: FetchLane,
    partitions: readonly FetchedPartition[],
    waitMs: number,
    budget: number,
  ): Promise<void> {
    const { readCommitted, minBytes } = this.settings;
    const sessions = new Map(partitions.map((one) => [keyOf(one), { one, session: one.session }]));
    const answer = await this.cluster.request(
      leader,
      fetch,
      {
        maxWaitMs: waitMs,
        minBytes,
        maxBytes: Math.min(budget, MAX_FETCH_BYTES),
        readCommitted,
        topics: byTopic(partitions, ({ partition, fetchOffset: offset }) => ({
          partition,
          offset,
          maxBytes: this.maxPartitionBytes,
        })),
      },
      { lane, timeoutMs: this.cluster.settings.requestTimeoutMs + waitMs },
    );
    if (answer.errorCode !== ErrorCode.NONE) throw errorForCode(answer.errorCode, 'read');
    for (const part of answer.partitions) {
      const asked = sessions.get(keyOf(part));
      if (asked === undefined || asked.one.session !== asked.session) continue;
      if (part.errorCode !== ErrorCode.NONE) this.refused(asked.one, part);
      else if (part.records.length > 0) {
        for (const codec of codecsToLoad(part.records)) await loadCodec(codec);
        if (asked.one.session === asked.session) this.received(asked.one, part);
      } else this.worked(asked.one);
    }
  }

  private received(
    one: FetchedPartition,
    { records, highWatermark, abortedTransactions }: FetchPartitionResponse,
  ): void {
    this.worked(one);
    const { readCommitted } = this.settings;
    if (one.append(records, highWatermark, readCommitted ? abortedTransactions : null)) return;
    // A broker sends at least one whole batch; one that does not is asked for more.
    this.maxPartitionBytes = Math.min(this.maxPartitionBytes * 2, MAX_FETCH_BYTES);
  }

  private refused(one: FetchedPartition, { errorCode }: FetchPartitionResponse): void {
    const what = `read ${one.key} from offset ${one.fetchOffset}`;
    if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
      // What was read ahead comes out first: the offset at fault is the one behind it.
      if (!one.hasBuffered) this.outOfRange(one);
      else one.notBefore = this.cluster.clock.monotonic() + this.cluster.settings.retryBackoffMs;
      return;
    }
    if (errorCode === ErrorCode.CORRUPT_MESSAGE) {
      one.error = corruptAtBroker(one);
      return;
    }
    const error = errorForCode(errorCode, what);
    if (error instanceof ConfigError) one.error = error;
    else this.backOff(one, error.message);
    if (isStaleMetadata(errorCode)) this.refresher.request();
  }

  private outOfRange(one: FetchedPartition): void {
    const { offsetReset } = this.settings;
    const offset = one.fetchOffset;
    if (offsetReset !== 'none') {
      this.logger.warn('The offset to read from does not exist, going on at an end of the log', {
        topic: one.topic,
        partition: one.partition,
        offset,
        'auto.offset.reset': offsetReset,
      });
      one.moveTo(offsetReset);
      return;
    }
    one.error = offsetOutOfRange(one);
  }

  /** Finds the ends of logs that are asked for by name. */
  private async locate(leader: number, partitions: readonly FetchedPartition[]): Promise<void> {
    const sessions = new Map(partitions.map((one) => [keyOf(one), { one, session: one.session }]));
    const found = await this.cluster.request(leader, listOffsets, {
      readCommitted: this.settings.readCommitted,
      topics: byTopic(partitions, ({ partition, symbolic }) => ({
        partition,
        timestamp: symbolic === 'earliest' ? EARLIEST_TIMESTAMP : LATEST_TIMESTAMP,
      })),
    });
    for (const part of found) {
      const asked = sessions.get(keyOf(part));
      if (asked === undefined || asked.one.session !== asked.session) continue;
      this.located(asked.one, part);
    }
  }

  private located(one: FetchedPartition, { errorCode, offset }: ListOffsetsPartition): void {
    if (errorCode === ErrorCode.NONE && offset >= 0) {
      one.moveTo(offset);
      this.worked(one);
      return;
    }
    const error = errorForCode(errorCode, `find the ends of ${one.key}`);
    if (error instanceof ConfigError) one.error = error;
    else this.backOff(one, error.message);
    if (isStaleMetadata(errorCode)) this.refresher.request();
  }

  private backOff(one: FetchedPartition, reason: string): void {
    const { retryBackoffMs, retryBackoffMaxMs } = this.cluster.settings;
    const bound = Math.min(
      retryBackoffMs * 2 ** Math.min(one.failures, 16),
      Math.max(retryBackoffMs, retryBackoffMaxMs),
    );
    one.failures++;
    one.notBefore = this.cluster.clock.monotonic() + bound * (0.8 + 0.2 * Math.random());
    this.cluster.availability.failed(`fetch ${one.key}`, reason);
  }

  private worked(one: FetchedPartition): void {
    if (one.failures === 0) return;
    one.failures = 0;
    this.cluster.availability.worked(`fetch ${one.key}`);
  }

  private metadataRefreshed(): void {
    const { metadata, availability } = this.cluster;
    for (const one of this.wanted()) {
      const code = metadata.topic(one.topic)?.errorCode ?? ErrorCode.NONE;
      const error = code === ErrorCode.NONE ? null : errorForCode(code, `find topic '${one.topic}'`);
      if (error instanceof ConfigError) one.error = error;
      else if (this.leader(one) < 0) {
        one.failures++;
        availability.failed(`fetch ${one.key}`, error?.message ?? `No broker leads ${one.key} at present.`);
      }
    }
    this.notify();
    this.schedule();
  }

  private failAll(error: Error): void {
    for (const one of this.partitions.values()) one.error = error;
    this.notify();
  }

  /** Those that may be asked for. */
  private wanted(): FetchedPartition[] {
    return [...this.partitions.values()].filter(({ paused, error }) => !paused && error === null);
  }

  private leader({ topic, partition }: TopicPartition): number {
    return this.cluster.metadata.leader(topic, partition);
  }

  private require(partition: TopicPartition): FetchedPartition {
    const found = this.partitions.get(keyOf(partition));
    if (found !== undefined) return found;
    throw new IllegalStateError(`${keyOf(partition)} was not added to the fetcher.`);
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}
