/**
 * Reads data topics and tells which schema ids and GUIDs their keys and values name, and at which offsets: up to the ends that the
 * partitions have when it begins. It only reads. What can't be read is named in the answer and left out.
 *
 * Memory: per id, partition and part some 200 bytes, 400,000 of them at most; what comes beyond is counted, not listed.
 */
import { BATCH_CORRUPT } from '../../broker/broker-errors.ts';
import type { Broker, ClientSettings, Fetcher } from '../../broker/ports.ts';
import type { Logger } from '../../foundation/logger.ts';
import { DataError } from '../../sdk/errors/index.ts';
import { chosenTopics, type PartitionWindows, type ReadWindow, type WindowChoice, windowsOf } from './read-windows.ts';
import type { RecordPart } from './schema-mark.ts';
import { UseBook } from './use-book.ts';
import type { UnreadRange, UsedIds } from './used-ids.ts';

export interface FindUsedIdsOptions extends WindowChoice {
  readonly broker: Broker;
  /** Without a prefix, for admin and fetcher. */
  readonly settings: ClientSettings;
  readonly logger: Logger;
  /** Names, or patterns with `*`; patterns leave out what begins with two underscores. */
  readonly topics: readonly string[];
  /** Topics that no pattern means: the registry's own. */
  readonly except?: readonly string[];
  /** Both, if nothing is said. */
  readonly parts?: readonly RecordPart[];
  /** Only these ids; GUIDs are left out then. */
  readonly ids?: ReadonlySet<number>;
  /** The highest id that the registry ever gave out, as far as is known: tells apart what begins with a zero by chance. */
  readonly highestId?: number;
  /** Where the ids of a topic are looked up; the default context, if nothing is said. */
  readonly contextOf?: (topic: string) => string;
}

export interface ScanProgress {
  readonly records: number;
  /** Offsets that are read or passed over, and all that are to be. */
  readonly done: number;
  readonly total: number;
}

/** A partition that is being read. */
interface Reading {
  readonly topic: string;
  readonly partition: number;
  readonly windows: readonly ReadWindow[];
  /** Which of them. */
  at: number;
  position: number;
}

const POLL = { maxRecords: 10_000, timeoutMs: 1000 };
/** Of all partitions that many are read at the same time: the client keeps a buffer for each. */
const AT_ONCE = 32;

/** @throws ConfigError for a topic that is not there, or what the broker refuses; the signal's reason */
export async function findUsedIds(
  options: FindUsedIdsOptions,
  signal: AbortSignal,
  onProgress?: (progress: ScanProgress) => void,
): Promise<UsedIds> {
  const { broker, settings, logger } = options;
  const admin = broker.admin({ settings, logger });
  let topics: readonly string[];
  let partitions: readonly PartitionWindows[];
  try {
    topics = await chosenTopics(admin, options.topics, options.except ?? [], signal);
    partitions = await windowsOf(admin, topics, options, signal);
  } finally {
    await admin.close();
  }
  const book = new UseBook({
    parts: options.parts ?? ['key', 'value'],
    contextOf: options.contextOf ?? (() => ''),
    highestId: options.highestId,
    ids: options.ids,
  });
  const fetcher = broker.fetcher({ settings: { ...settings, 'auto.offset.reset': 'earliest' }, logger });
  const scan = new Scan({ fetcher, book, partitions, onProgress });
  try {
    await scan.run(signal);
  } finally {
    await fetcher.close();
  }
  return {
    topics,
    ids: book.ids,
    guids: book.guids,
    parts: book.parts,
    unread: scan.unread,
    records: book.records,
    isPartial: options.since !== undefined || options.last !== undefined || options.sample !== undefined,
  };
}

class Scan {
  readonly unread: UnreadRange[] = [];
  private readonly fetcher: Fetcher;
  private readonly book: UseBook;
  private readonly onProgress: ((progress: ScanProgress) => void) | undefined;
  private readonly waiting: PartitionWindows[];
  private readonly reading = new Map<string, Map<number, Reading>>();
  private readonly total: number;
  private done = 0;
  private count = 0;

  constructor(options: {
    readonly fetcher: Fetcher;
    readonly book: UseBook;
    readonly partitions: readonly PartitionWindows[];
    readonly onProgress: ((progress: ScanProgress) => void) | undefined;
  }) {
    this.fetcher = options.fetcher;
    this.book = options.book;
    this.onProgress = options.onProgress;
    this.waiting = options.partitions.filter(({ windows }) => windows.length > 0).reverse();
    this.total = options.partitions
      .flatMap(({ windows }) => windows)
      .reduce((sum, { from, to }) => sum + (to - from), 0);
  }

  async run(signal: AbortSignal): Promise<void> {
    this.begin();
    while (this.count > 0) {
      signal.throwIfAborted();
      await this.step(signal);
      this.onProgress?.({ records: this.book.records, done: this.done, total: this.total });
    }
  }

  private async step(signal: AbortSignal): Promise<void> {
    try {
      for (const batch of await this.fetcher.poll({ ...POLL, signal })) {
        const reading = this.reading.get(batch.topic)?.get(batch.partition);
        const window = reading?.windows[reading.at];
        if (reading === undefined || window === undefined) continue;
        this.book.add(batch, window.to);
        this.advance(reading, window, batch.nextOffset);
      }
    } catch (error) {
      if (!(error instanceof DataError) || error.code !== BATCH_CORRUPT) throw error;
      this.leaveOut(error);
    }
    // Past what compaction or a transaction's end left, no batch may come.
    for (const reading of this.all()) {
      const window = reading.windows[reading.at];
      if (window !== undefined) this.advance(reading, window, this.fetcher.position(reading) ?? reading.position);
    }
  }

  private advance(reading: Reading, window: ReadWindow, position: number): void {
    const now = Math.min(position, window.to);
    if (now > reading.position) {
      this.done += now - reading.position;
      reading.position = now;
    }
    if (now < window.to) return;
    reading.at += 1;
    const next = reading.windows[reading.at];
    if (next === undefined) this.end(reading);
    else {
      reading.position = next.from;
      this.fetcher.seek(reading, next.from);
    }
  }

  /** A batch that can't be read: the rest behind it goes on, where its end is known. */
  private leaveOut(error: DataError): void {
    const { topic, partition, offset, nextOffset } = error.details as Readonly<Record<string, unknown>>;
    const reading = this.reading.get(String(topic))?.get(Number(partition));
    const window = reading?.windows[reading.at];
    if (reading === undefined || window === undefined) throw error;
    const first = Math.max(reading.position, Number(offset));
    const behind = typeof nextOffset === 'number' && nextOffset > first ? nextOffset : undefined;
    const last = (behind ?? reading.windows[reading.windows.length - 1]?.to ?? window.to) - 1;
    this.unread.push({ topic: reading.topic, partition: reading.partition, first, last, reason: error.message });
    if (behind === undefined) {
      for (const { from, to } of reading.windows.slice(reading.at)) {
        this.done += to - Math.max(from, from === window.from ? reading.position : from);
      }
      this.end(reading);
    } else {
      if (behind < window.to) this.fetcher.seek(reading, behind);
      this.advance(reading, window, behind);
    }
  }

  private end(reading: Reading): void {
    this.fetcher.remove([reading]);
    this.reading.get(reading.topic)?.delete(reading.partition);
    this.count -= 1;
    this.begin();
  }

  private begin(): void {
    while (this.count < AT_ONCE) {
      const next = this.waiting.pop();
      if (next === undefined) return;
      const { topic, partition, windows } = next;
      const from = windows[0]?.from ?? 0;
      const partitions = this.reading.get(topic) ?? new Map<number, Reading>();
      this.reading.set(topic, partitions.set(partition, { topic, partition, windows, at: 0, position: from }));
      this.fetcher.add([{ topic, partition, offset: from }]);
      this.count += 1;
    }
  }

  private all(): readonly Reading[] {
    return [...this.reading.values()].flatMap((partitions) => [...partitions.values()]);
  }
}
