import type { Clock } from '../../foundation/clock.ts';
import { ConfigError, IllegalStateError } from '../../sdk/errors/index.ts';
import type { ClientOptions, FetchedBatch, FetchedRecord, Fetcher, FetchPosition, TopicPartition } from '../ports.ts';
import { loadCodec } from '../record-batch/compression.ts';
import { codecsToLoad, decodeRecordBatches } from '../record-batch/decode-record-batch.ts';
import { type AssignedPartition, type Chunk, newlyAssigned, outOfRange, partitionKey } from './assigned-partition.ts';
import { booleanSetting, checkClientSettings, integerSetting } from './client-settings.ts';
import type { ClientLog, ClientTopic } from './client-topic.ts';
import { corruptBatch } from './corrupt-batch.ts';
import { describeFailure } from './group-commit.ts';
import type { WriteAvailability } from './write-availability.ts';

const READ_RETRY_MS = 500;

export interface EmbeddedFetcherInput extends ClientOptions {
  readonly clock: Clock;
  readonly availability: WriteAvailability;
  readonly topic: (name: string) => ClientTopic | undefined;
  /** Creates the topic if it may be; never rejects but for the signal. */
  readonly ensureTopic: (name: string, signal: AbortSignal) => Promise<ClientTopic>;
  readonly onTopicsChange: (listener: () => void) => () => void;
  readonly onClose: (fetcher: EmbeddedFetcher) => void;
}

/** See {@link Fetcher}. Reads segments straight into the buffers whose views it hands out; woken by appends, never polling. */
export class EmbeddedFetcher implements Fetcher {
  private readonly input: EmbeddedFetcherInput;
  private readonly partitions = new Map<string, AssignedPartition>();
  private readonly chunkBytes: number;
  private readonly maxBufferedBytes: number;
  private readonly reset: string;
  private readonly checkCrc: boolean;
  private readonly createTopics: boolean;
  private readonly closing = new AbortController();
  private readonly creating = new Set<string>();
  private readonly stopTopics: () => void;
  private buffered = 0;
  /** Reads that are on their way; each may become a chunk. */
  private reads = 0;
  private nextRead = 0;
  private first = 0;
  private wakePoll: (() => void) | null = null;

  constructor(input: EmbeddedFetcherInput) {
    this.input = input;
    const { settings } = input;
    checkClientSettings('consumer', settings);
    this.chunkBytes = integerSetting(settings, 'max.partition.fetch.bytes', 1_048_576);
    this.maxBufferedBytes = integerSetting(settings, 'fetch.max.bytes', 52_428_800);
    this.checkCrc = booleanSetting(settings, 'check.crcs', true);
    this.createTopics = booleanSetting(settings, 'allow.auto.create.topics', true);
    this.reset = settings['auto.offset.reset'] ?? 'latest';
    if (!['earliest', 'latest', 'none'].includes(this.reset)) {
      throw new ConfigError(`auto.offset.reset=${this.reset}: an embedded broker takes earliest, latest and none.`);
    }
    this.stopTopics = input.onTopicsChange(() => this.wake());
  }

  add(positions: readonly FetchPosition[]): void {
    this.closing.signal.throwIfAborted();
    for (const { topic, partition, offset } of positions) {
      this.drop(partitionKey(topic, partition));
      const assigned = newlyAssigned(topic, partition, offset);
      this.partitions.set(partitionKey(topic, partition), assigned);
      this.locateEnd(assigned);
    }
    this.wake();
  }

  remove(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) this.drop(partitionKey(topic, partition));
  }

  seek({ topic, partition }: TopicPartition, offset: number): void {
    const assigned = this.assigned(topic, partition);
    this.forget(assigned);
    assigned.position = offset;
    assigned.isFresh = false;
    this.wake();
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) this.assigned(topic, partition).paused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) this.assigned(topic, partition).paused = false;
    this.wake();
  }

  position({ topic, partition }: TopicPartition): number | null {
    const { position } = this.assigned(topic, partition);
    return typeof position === 'number' ? position : null;
  }

  async poll(options: {
    readonly maxRecords: number;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
  }): Promise<FetchedBatch[]> {
    const { signal } = options;
    this.closing.signal.throwIfAborted();
    let timeIsOver = options.timeoutMs <= 0;
    const timer = timeIsOver
      ? null
      : this.input.clock.setTimer(() => {
          timeIsOver = true;
          this.wake();
        }, options.timeoutMs);
    const onAbort = (): void => this.wake();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      while (true) {
        signal?.throwIfAborted();
        const batches = this.take(options.maxRecords);
        try {
          this.readAhead();
        } catch (error) {
          // What was taken goes out first; the next poll meets the error again.
          if (batches.length === 0) throw error;
        }
        if (batches.length > 0 || timeIsOver || this.closing.signal.aborted) return batches;
        await new Promise<void>((wake) => {
          this.wakePoll = wake;
        });
      }
    } finally {
      timer?.cancel();
      signal?.removeEventListener('abort', onAbort);
      this.wakePoll = null;
    }
  }

  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort(new IllegalStateError('The fetcher is closed.'));
    for (const key of [...this.partitions.keys()]) this.drop(key);
    this.stopTopics();
    this.wake();
    this.input.onClose(this);
  }

  /** Hands out what is buffered, beginning with another partition each time so that none starves. */
  private take(maxRecords: number): FetchedBatch[] {
    const batches: FetchedBatch[] = [];
    const all = [...this.partitions.values()];
    let left = maxRecords;
    for (let n = 0; n < all.length && left > 0; n++) {
      const assigned = all[(this.first + n) % all.length] as AssignedPartition;
      if (assigned.paused || assigned.chunk === null) continue;
      if (assigned.records === null) {
        try {
          this.decode(assigned, assigned.chunk);
        } catch (error) {
          // What precedes it in other partitions is not held back by it.
          if (batches.length > 0) continue;
          throw error;
        }
      }
      const batch = this.takeFrom(assigned, left);
      left -= batch.records.length;
      if (batch.records.length > 0) batches.push(batch);
    }
    this.first = all.length === 0 ? 0 : (this.first + 1) % all.length;
    return batches;
  }

  private takeFrom(assigned: AssignedPartition, limit: number): FetchedBatch {
    const all = assigned.records ?? [];
    const end = Math.min(all.length, assigned.taken + limit);
    const records = assigned.taken === 0 && end === all.length ? all : all.slice(assigned.taken, end);
    const isLast = end === all.length;
    const nextOffset = isLast ? assigned.recordsNext : (all[end] as FetchedRecord).offset;
    assigned.position = nextOffset;
    assigned.taken = end;
    if (isLast) {
      const { cursor } = assigned;
      this.forget(assigned);
      assigned.cursor = cursor;
    }
    return {
      topic: assigned.topic,
      partition: assigned.partition,
      records,
      nextOffset,
      highWatermark: assigned.log?.endOffset ?? nextOffset,
    };
  }

  private decode(assigned: AssignedPartition, chunk: Chunk): void {
    const position = typeof assigned.position === 'number' ? assigned.position : 0;
    try {
      const decoded = decodeRecordBatches(chunk.bytes, { fromOffset: position, checkCrc: this.checkCrc });
      assigned.records = decoded.records;
      assigned.recordsNext = Math.max(position, decoded.nextOffset ?? position);
      if (decoded.nextOffset === undefined) throw new Error('there is no whole batch');
      assigned.cursor = chunk.next.offset === decoded.nextOffset ? chunk.next : null;
      assigned.taken = 0;
    } catch (cause) {
      assigned.records = null;
      const { topic, partition, log } = assigned;
      throw corruptBatch({ topic, partition, offset: position, end: log?.endOffset ?? 0, bytes: chunk.bytes, cause });
    }
  }

  /** Has one chunk per partition read, within the bound on all of them. */
  private readAhead(): void {
    const all = [...this.partitions.values()];
    const from = this.nextRead;
    for (let n = 0; n < all.length; n++) {
      const at = (from + n) % all.length;
      const assigned = all[at] as AssignedPartition;
      // An end of the log is where it is when it is asked for: what is written while the partition is paused comes after it.
      const isAtRest = assigned.paused && typeof assigned.position === 'number';
      if (isAtRest || assigned.reading || assigned.chunk !== null) continue;
      if (!assigned.paused && !this.hasRoom()) return;
      const log = this.logOf(assigned);
      if (log === null) continue;
      if (log.refresh !== undefined && !assigned.isFresh) {
        this.refresh(assigned, log.refresh());
        continue;
      }
      const position = this.resolve(assigned, log);
      if (assigned.paused) continue;
      if (position >= log.endOffset) {
        assigned.stopWaiting();
        assigned.stopWaiting = log.onChange(() => this.wake());
        continue;
      }
      this.startRead(assigned, log, position);
      // Who got room goes to the end of the line.
      this.nextRead = at + 1;
    }
  }

  /** Whether another chunk may be read. What a paused partition has read ahead gives way: the others must not starve for it. */
  private hasRoom(): boolean {
    const isFull = (): boolean => {
      const taken = this.buffered + this.reads * this.chunkBytes;
      return taken > 0 && taken + this.chunkBytes > this.maxBufferedBytes;
    };
    for (const other of this.partitions.values()) {
      if (!isFull()) return true;
      if (other.paused && other.chunk !== null) this.forget(other);
    }
    return !isFull();
  }

  /** Where a log of another thread stands is known only once it was asked. */
  private refresh(assigned: AssignedPartition, known: Promise<void>): void {
    const { turn } = assigned;
    assigned.reading = true;
    const done = (isFresh: boolean): void => {
      if (assigned.turn !== turn) return;
      assigned.reading = false;
      assigned.isFresh = isFresh;
      if (isFresh && assigned.position === 'latest') assigned.position = assigned.log?.endOffset ?? 'latest';
      this.wake();
    };
    known.then(
      () => done(true),
      () => this.input.clock.setTimer(() => done(false), READ_RETRY_MS, { unref: true }),
    );
  }

  private startRead(assigned: AssignedPartition, log: ClientLog, position: number): void {
    const { turn } = assigned;
    assigned.reading = true;
    this.reads++;
    const reading = this.read(assigned, log, position);
    const done = (): number => this.reads--;
    reading.then(done, done);
    reading.then(
      (chunk) => {
        if (assigned.turn !== turn) {
          // Room for others that they may have waited for.
          this.wake();
          return;
        }
        assigned.reading = false;
        this.input.availability.recovered(assigned);
        if (chunk === 'moved') {
          this.wake();
          return;
        }
        assigned.chunk = chunk;
        this.buffered += chunk?.bytes.length ?? 0;
        // A gap that compaction left at the end of the log.
        if (chunk === null) assigned.position = Math.max(position, log.endOffset);
        this.wake();
      },
      (error) => {
        if (assigned.turn !== turn) return;
        if (!log.deleted) this.input.availability.failed(assigned, describeFailure(`(reading) ${log.name}`, error));
        this.input.clock.setTimer(
          () => {
            if (assigned.turn !== turn) return;
            assigned.reading = false;
            this.wake();
          },
          READ_RETRY_MS,
          { unref: true },
        );
      },
    );
  }

  private async read(assigned: AssignedPartition, log: ClientLog, position: number): Promise<Chunk | null | 'moved'> {
    const chunk = await log.read(position, this.chunkBytes, assigned.cursor);
    if (chunk === null || chunk === 'moved') return chunk;
    for (const codec of codecsToLoad(chunk.bytes)) await loadCodec(codec);
    return chunk;
  }

  private logOf(assigned: AssignedPartition): ClientLog | null {
    const topic = this.input.topic(assigned.topic);
    const log = topic?.logs[assigned.partition] ?? null;
    if (log !== assigned.log) {
      this.forget(assigned);
      assigned.log = log;
      assigned.isFresh = false;
    }
    if (topic === undefined && this.createTopics) this.createTopic(assigned.topic);
    return log;
  }

  private createTopic(name: string): void {
    if (this.creating.has(name)) return;
    this.creating.add(name);
    this.input.ensureTopic(name, this.closing.signal).then(
      () => this.creating.delete(name),
      // Not allowed, or closing: a topic that others create is seen by the change.
      (err) =>
        this.input.logger.warn('A topic to read from does not exist and could not be created.', { topic: name, err }),
    );
  }

  /** The end is where it is now, not at the next poll: what is written in between comes after it. */
  private locateEnd(assigned: AssignedPartition): void {
    const log = this.input.topic(assigned.topic)?.logs[assigned.partition];
    if (assigned.position !== 'latest' || log === undefined) return;
    assigned.log = log;
    if (log.refresh === undefined) assigned.position = log.endOffset;
    else this.refresh(assigned, log.refresh());
  }

  /** The position as a number within the log. */
  private resolve(assigned: AssignedPartition, log: ClientLog): number {
    const { position } = assigned;
    if (position === 'earliest') assigned.position = log.startOffset;
    else if (position === 'latest') assigned.position = log.endOffset;
    else if (position < log.startOffset || position > log.endOffset) assigned.position = this.resetOf(assigned, log);
    return assigned.position as number;
  }

  private resetOf(assigned: AssignedPartition, log: ClientLog): number {
    const place = { topic: assigned.topic, partition: assigned.partition, offset: assigned.position as number };
    if (this.reset === 'none') throw outOfRange(place, log);
    const offset = this.reset === 'earliest' ? log.startOffset : log.endOffset;
    this.input.logger.warn('An offset to read from is out of range and was reset.', {
      ...place,
      startOffset: log.startOffset,
      endOffset: log.endOffset,
      resetTo: offset,
    });
    return offset;
  }

  private wake(): void {
    const wake = this.wakePoll;
    this.wakePoll = null;
    wake?.();
  }

  private assigned(topic: string, partition: number): AssignedPartition {
    const assigned = this.partitions.get(partitionKey(topic, partition));
    if (assigned !== undefined) return assigned;
    throw new IllegalStateError(`Partition ${partition} of topic '${topic}' was not added to this fetcher.`);
  }

  private drop(key: string): void {
    const assigned = this.partitions.get(key);
    if (assigned !== undefined) this.forget(assigned);
    this.partitions.delete(key);
  }

  /** Everything that was read ahead, and what is being read, no longer counts. */
  private forget(assigned: AssignedPartition): void {
    this.buffered -= assigned.chunk?.bytes.length ?? 0;
    assigned.turn++;
    assigned.reading = false;
    assigned.chunk = null;
    assigned.records = null;
    assigned.taken = 0;
    assigned.cursor = null;
    assigned.stopWaiting();
    assigned.stopWaiting = () => {};
    this.input.availability.recovered(assigned);
  }
}
