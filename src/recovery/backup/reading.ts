/** One reading of a source, up to one fixed end, that all targets of a backup share: each takes what it lacks. */
import { join } from 'node:path';
import type { RawRecord } from '../records/raw-record.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import type { RestSource, TopicSource } from './backup-source.ts';
import { KeySet } from './key-set.ts';
import type { KeysNow } from './lost-deletions.ts';
import type { SnapshotFolder } from './snapshot-folder.ts';
import { SnapshotWriter } from './snapshot-writer.ts';

export interface Reading {
  /** undefined: not a topic. */
  readonly topic: TopicFacts | undefined;
  readonly takenAt: number;
  /**
   * The records from this offset on, on disk. Read once, unless a later call asks for more.
   * @param before facts of what ends at `from`
   */
  from(offset: number, before: TopicFacts | undefined, signal: AbortSignal): Promise<SnapshotFolder>;
  /** Of the whole topic; undefined: not a topic. Read once. */
  keys(signal: AbortSignal): Promise<KeysNow | undefined>;
}

export class TopicReadingOnce implements Reading {
  readonly topic: TopicFacts;
  readonly takenAt: number;
  private readonly source: TopicSource;
  private readonly folder: string;
  private readonly onProgress: ((done: number, total: number) => void) | undefined;
  private spooled: { readonly from: number; readonly snapshot: SnapshotFolder } | undefined;
  private times = 0;
  private known: Promise<KeysNow> | undefined;

  /** @param options.folder for what is read; its owner removes it */
  constructor(options: {
    readonly topic: TopicFacts;
    readonly takenAt: number;
    readonly source: TopicSource;
    readonly folder: string;
    readonly onProgress: ((done: number, total: number) => void) | undefined;
  }) {
    this.topic = options.topic;
    this.takenAt = options.takenAt;
    this.source = options.source;
    this.folder = options.folder;
    this.onProgress = options.onProgress;
  }

  async from(offset: number, before: TopicFacts | undefined, signal: AbortSignal): Promise<SnapshotFolder> {
    if (this.spooled !== undefined && this.spooled.from <= offset) return this.spooled.snapshot;
    const { topic: facts, takenAt, onProgress } = this;
    const writer = await SnapshotWriter.create({ folder: join(this.folder, `read-${++this.times}`) });
    try {
      const topic = await this.source.read(
        {
          ...{ facts, writer, from: Math.max(offset, facts.beginOffset) },
          ...(before === undefined ? {} : { before }),
          ...(onProgress === undefined ? {} : { onProgress }),
        },
        signal,
      );
      const snapshot = await writer.finish({ source: 'topic', takenAt, topic });
      this.spooled = { from: offset, snapshot };
      return snapshot;
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  keys(signal: AbortSignal): Promise<KeysNow> {
    this.known ??= this.readKeys(signal);
    return this.known;
  }

  private async readKeys(signal: AbortSignal): Promise<KeysNow> {
    const { topic: facts, source, onProgress } = this;
    const keys = new KeySet();
    const append = (records: readonly RawRecord[]): Promise<void> => {
      for (const { key } of records) if (key !== null) keys.add(key);
      return Promise.resolve();
    };
    const reading = { facts, from: facts.beginOffset, writer: { append } };
    const shown = await source.read({ ...reading, ...(onProgress === undefined ? {} : { onProgress }) }, signal);
    return { keys, facts: shown };
  }
}

export class RestReadingOnce implements Reading {
  readonly topic = undefined;
  readonly takenAt: number;
  private readonly source: RestSource;
  private readonly folder: string;
  private read: Promise<SnapshotFolder> | undefined;

  constructor(options: { readonly takenAt: number; readonly source: RestSource; readonly folder: string }) {
    this.takenAt = options.takenAt;
    this.source = options.source;
    this.folder = options.folder;
  }

  from(_offset: number, _before: TopicFacts | undefined, signal: AbortSignal): Promise<SnapshotFolder> {
    this.read ??= this.source.read(this.folder, signal);
    return this.read;
  }

  keys(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}
