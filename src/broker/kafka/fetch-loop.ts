import type { Timer } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { ConfigError, EnvironmentError } from '../../sdk/errors/index.ts';
import type { TopicPartition } from '../ports.ts';
import { loadCodec } from '../record-batch/compression.ts';
import { codecsToLoad } from '../record-batch/decode-record-batch.ts';
import type { Cluster } from './cluster.ts';
import { corruptAtBroker, offsetOutOfRange } from './fetch-failures.ts';
import type { FetchedPartition } from './fetched-partition.ts';
import { errorForCode } from './kafka-errors.ts';
import type { FetcherSettings } from './kafka-settings.ts';
import { MetadataRefresher } from './metadata-refresher.ts';
import type { FetchMeter, FetchTally } from './metrics/fetch-meter.ts';
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

/** Keeps the partitions of a fetcher filled: finds where to begin, asks their leaders, and reads ahead within `fetch.max.bytes`. */
export class FetchLoop {
  private readonly cluster: Cluster;
  private readonly settings: FetcherSettings;
  private readonly logger: Logger;
  private readonly meter: FetchMeter;
  private readonly partitions: ReadonlyMap<string, FetchedPartition>;
  private readonly onChange: () => void;
  private readonly closing = new AbortController();
  private readonly refresher: MetadataRefresher;
  /** Requests on their way, as `broker/lane`. */
  private readonly polling = new Set<string>();
  private scheduled = false;
  private timer: Timer | null = null;
  private maxPartitionBytes: number;

  constructor(dependencies: {
    readonly cluster: Cluster;
    readonly settings: FetcherSettings;
    readonly logger: Logger;
    readonly meter: FetchMeter;
    /** By `keyOfPartition`; read anew each time. */
    readonly partitions: ReadonlyMap<string, FetchedPartition>;
    /** Something was read, or went wrong. */
    readonly onChange: () => void;
  }) {
    this.cluster = dependencies.cluster;
    this.settings = dependencies.settings;
    this.logger = dependencies.logger;
    this.meter = dependencies.meter;
    this.partitions = dependencies.partitions;
    this.onChange = dependencies.onChange;
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

  close(): void {
    this.closing.abort();
    this.timer?.cancel();
  }

  /** Looks once more, soon, what can be asked for. */
  schedule(): void {
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
    const buffered = this.bufferedBytes();
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

  /** What is read ahead. Where that is all there may be, paused partitions give theirs up: the others must not starve for it. */
  private bufferedBytes(): number {
    let buffered = 0;
    for (const { bufferedBytes } of this.partitions.values()) buffered += bufferedBytes;
    for (const one of this.partitions.values()) {
      if (buffered < this.settings.maxBytes) break;
      if (!one.paused || one.error !== null) continue;
      buffered -= one.bufferedBytes;
      one.release();
    }
    return buffered;
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
      this.onChange();
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
    const { clock } = this.cluster;
    const askedAt = clock.monotonic();
    const sessions = new Map(partitions.map((one) => [keyOfPartition(one), { one, session: one.session }]));
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
    const tally = this.meter.answered(clock.monotonic() - askedAt, answer.throttleMs);
    if (answer.errorCode !== ErrorCode.NONE) throw errorForCode(answer.errorCode, 'read');
    try {
      for (const part of answer.partitions) {
        const asked = sessions.get(keyOfPartition(part));
        if (asked === undefined || asked.one.session !== asked.session) continue;
        await this.take(asked, part, tally);
      }
    } finally {
      tally.complete();
    }
  }

  private async take(
    { one, session }: { readonly one: FetchedPartition; readonly session: number },
    part: FetchPartitionResponse,
    tally: FetchTally,
  ): Promise<void> {
    if (part.errorCode !== ErrorCode.NONE) {
      this.refused(one, part);
      return;
    }
    one.highWatermark = part.highWatermark;
    one.logStartOffset = part.logStartOffset;
    if (part.records.length > 0) {
      for (const codec of codecsToLoad(part.records)) await loadCodec(codec);
      if (one.session === session) this.received(one, part, tally);
    } else this.worked(one);
  }

  private received(
    one: FetchedPartition,
    { records, highWatermark, abortedTransactions }: FetchPartitionResponse,
    tally: FetchTally,
  ): void {
    this.worked(one);
    const { readCommitted } = this.settings;
    if (one.append(records, highWatermark, readCommitted ? abortedTransactions : null, tally)) {
      if (one.paused) one.detach();
      return;
    }
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
    const sessions = new Map(partitions.map((one) => [keyOfPartition(one), { one, session: one.session }]));
    const found = await this.cluster.request(leader, listOffsets, {
      readCommitted: this.settings.readCommitted,
      topics: byTopic(partitions, ({ partition, symbolic }) => ({
        partition,
        timestamp: symbolic === 'earliest' ? EARLIEST_TIMESTAMP : LATEST_TIMESTAMP,
      })),
    });
    for (const part of found) {
      const asked = sessions.get(keyOfPartition(part));
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
    this.onChange();
    this.schedule();
  }

  private failAll(error: Error): void {
    for (const one of this.partitions.values()) one.error = error;
    this.onChange();
  }

  /**
   * Those that may be asked for. An end of the log is where it is when it is asked for: what is written while the partition is paused comes
   * after it.
   */
  private wanted(): FetchedPartition[] {
    return [...this.partitions.values()].filter(
      ({ paused, position, error }) => (!paused || position === null) && error === null,
    );
  }

  private leader({ topic, partition }: TopicPartition): number {
    return this.cluster.metadata.leader(topic, partition);
  }
}

export function keyOfPartition({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}
