import type { Logger } from '../../foundation/logger.ts';
import { IllegalStateError } from '../../sdk/errors/index.ts';
import type { ClientFigures } from '../client-figures.ts';
import type { FetchedBatch, Fetcher, FetchPosition, TopicPartition } from '../ports.ts';
import type { Cluster } from './cluster.ts';
import { FetchLoop, keyOfPartition } from './fetch-loop.ts';
import { FetchedPartition } from './fetched-partition.ts';
import { CLIENT_CLOSED } from './kafka-errors.ts';
import type { FetcherSettings } from './kafka-settings.ts';
import { FetchMeter } from './metrics/fetch-meter.ts';

/** The Fetcher port over a real cluster: one long poll per broker, reading ahead of `poll` within `fetch.max.bytes`. */
export class KafkaFetcher implements Fetcher {
  private readonly cluster: Cluster;
  private readonly settings: FetcherSettings;
  private readonly onClose: () => void;
  private readonly loop: FetchLoop;
  private readonly meter: FetchMeter;
  private readonly partitions = new Map<string, FetchedPartition>();
  private waiters: (() => void)[] = [];
  private turn = 0;
  private closed = false;

  constructor(dependencies: {
    readonly cluster: Cluster;
    readonly settings: FetcherSettings;
    readonly logger: Logger;
    readonly onClose: () => void;
  }) {
    this.cluster = dependencies.cluster;
    this.settings = dependencies.settings;
    this.onClose = dependencies.onClose;
    const { clock } = this.cluster;
    this.meter = new FetchMeter({ windows: this.cluster.settings.windows, monotonic: () => clock.monotonic() });
    this.loop = new FetchLoop({
      meter: this.meter,
      cluster: this.cluster,
      settings: this.settings,
      logger: dependencies.logger,
      partitions: this.partitions,
      onChange: () => this.notify(),
    });
  }

  add(positions: readonly FetchPosition[]): void {
    for (const { topic, partition, offset } of positions) {
      const key = keyOfPartition({ topic, partition });
      this.partitions.get(key)?.moveTo(offset);
      if (!this.partitions.has(key)) {
        const added = new FetchedPartition(topic, partition);
        added.moveTo(offset);
        this.partitions.set(key, added);
      }
    }
    this.cluster.metadata.watch(positions.map(({ topic }) => topic));
    this.loop.schedule();
  }

  remove(partitions: readonly TopicPartition[]): void {
    for (const one of partitions) {
      const removed = this.partitions.get(keyOfPartition(one));
      if (removed === undefined) continue;
      removed.moveTo('latest'); // so that what is on its way is thrown away
      this.partitions.delete(keyOfPartition(one));
      this.meter.forget(one);
      this.cluster.availability.worked(`fetch ${removed.key}`);
    }
    const left = new Set([...this.partitions.values()].map(({ topic }) => topic));
    for (const { topic } of partitions) if (!left.has(topic)) this.cluster.metadata.unwatch(topic);
    this.loop.schedule();
  }

  seek(partition: TopicPartition, offset: number): void {
    this.require(partition).moveTo(offset);
    this.loop.schedule();
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const one = this.require(partition);
      one.paused = true;
      one.detach();
    }
    // What they have read ahead may be in the way of others.
    this.loop.schedule();
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.require(partition).paused = false;
    this.notify();
    this.loop.schedule();
  }

  position(partition: TopicPartition): number | null {
    return this.require(partition).position;
  }

  async poll(options: {
    readonly maxRecords: number;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
  }): Promise<FetchedBatch[]> {
    this.meter.pollBegan();
    try {
      return await this.pollUntil(options);
    } finally {
      this.meter.pollEnded();
    }
  }

  figures(): ClientFigures {
    const { startedAt, clock, settings } = this.cluster;
    const now = clock.monotonic();
    const groups = [
      ...this.cluster.figures('consumer', this.meter.pollValues(now)),
      ...this.meter.groups(this.partitions.values(), now),
    ];
    return { kind: 'consumer', clientId: settings.connection.clientId, startedAt, groups };
  }

  async close(): Promise<void> {
    this.closed = true;
    this.cluster.availability.close();
    this.loop.close();
    this.partitions.clear();
    this.cluster.close();
    this.notify();
    this.onClose();
  }

  private async pollUntil(options: {
    readonly maxRecords: number;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
  }): Promise<FetchedBatch[]> {
    const { clock } = this.cluster;
    const deadline = clock.monotonic() + options.timeoutMs;
    for (;;) {
      options.signal?.throwIfAborted();
      if (this.closed) throw new IllegalStateError('The fetcher is closed.', { code: CLIENT_CLOSED });
      const batches = this.collect(options.maxRecords);
      if (batches.length > 0) {
        this.loop.schedule();
        return batches;
      }
      const leftMs = deadline - clock.monotonic();
      if (leftMs <= 0) return [];
      await this.changed(leftMs, options.signal);
    }
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
        this.meter.taken(batch.records.length, one);
        batches.push(batch);
      } catch (error) {
        this.loop.schedule();
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

  private require(partition: TopicPartition): FetchedPartition {
    const found = this.partitions.get(keyOfPartition(partition));
    if (found !== undefined) return found;
    throw new IllegalStateError(`${keyOfPartition(partition)} was not added to the fetcher.`);
  }
}
