/** The topics of an embedded log as another thread sees them. */
import { NotFoundError } from '../../../sdk/errors/index.ts';
import { TOPIC_UNKNOWN } from '../../broker-errors.ts';
import type { ClientLog, ClientTopic, LogCursor } from '../client-topic.ts';
import type { AppendResult, PendingAppend } from '../group-commit.ts';
import type { LogBounds, LogChunk, OwnerRequest, TopicSnapshot } from './log-protocol.ts';

export type AskOwner = (
  body: OwnerRequest,
  signal?: AbortSignal,
  transfer?: readonly ArrayBuffer[],
) => Promise<unknown>;

class RemoteLog implements ClientLog {
  readonly name: string;
  startOffset = 0;
  endOffset = 0;
  deleted = false;
  private readonly at: { readonly topic: string; readonly topicId: string; readonly partition: number };
  private readonly ask: AskOwner;
  private readonly waiters = new Set<() => void>();
  private watching = false;

  constructor(options: { readonly topic: TopicSnapshot; readonly partition: number; readonly ask: AskOwner }) {
    const { topic, partition } = options;
    this.name = `${topic.name}-${partition}`;
    this.at = { topic: topic.name, topicId: topic.id, partition };
    this.ask = options.ask;
  }

  append(batch: Buffer): PendingAppend {
    const abort = new AbortController();
    const bytes = batch.buffer as ArrayBuffer;
    const done = this.ask({ type: 'log.append', ...this.at, batch: bytes }, abort.signal, [bytes]);
    done.catch(() => {});
    return {
      done: done as Promise<AppendResult>,
      withdraw: () => {
        abort.abort(new Error('The batch was withdrawn.'));
        return false;
      },
    };
  }

  async refresh(): Promise<void> {
    this.know((await this.ask({ type: 'log.bounds', ...this.at })) as LogBounds);
  }

  async read(
    offset: number,
    maxBytes: number,
  ): Promise<{ readonly bytes: Buffer; readonly next: LogCursor } | null | 'moved'> {
    const chunk = (await this.ask({ type: 'log.read', ...this.at, offset, maxBytes })) as LogChunk;
    this.know(chunk);
    const { bytes } = chunk;
    if (bytes === null) return offset < chunk.startOffset || offset > chunk.endOffset ? 'moved' : null;
    return {
      bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      next: { offset: chunk.nextOffset },
    };
  }

  onChange(wake: () => void): () => void {
    this.waiters.add(wake);
    void this.watch();
    return () => this.waiters.delete(wake);
  }

  gone(): void {
    this.deleted = true;
    this.wake();
  }

  /** One question at a time, answered when there is news. */
  private async watch(): Promise<void> {
    if (this.watching || this.deleted) return;
    this.watching = true;
    try {
      this.know((await this.ask({ type: 'log.watch', ...this.at, endOffset: this.endOffset })) as LogBounds);
    } catch (error) {
      // Otherwise the broker has been closed, and so are those who wait.
      if (error instanceof NotFoundError) this.deleted = true;
    } finally {
      this.watching = false;
    }
    this.wake();
  }

  private know({ startOffset, endOffset, deleted }: LogBounds): void {
    this.startOffset = startOffset;
    // Answers may overtake each other's making, never the log.
    this.endOffset = Math.max(this.endOffset, endOffset);
    this.deleted ||= deleted;
  }

  private wake(): void {
    for (const wake of [...this.waiters]) wake();
  }
}

class RemoteTopic implements ClientTopic {
  readonly name: string;
  readonly id: string;
  readonly internal: boolean;
  config: TopicSnapshot['config'];
  readonly logs: readonly RemoteLog[];

  constructor(topic: TopicSnapshot, ask: AskOwner) {
    this.name = topic.name;
    this.id = topic.id;
    this.internal = topic.internal;
    this.config = topic.config;
    this.logs = Array.from({ length: topic.partitions }, (_, partition) => new RemoteLog({ topic, partition, ask }));
  }
}

export class RemoteTopics {
  private readonly ask: AskOwner;
  private readonly topics = new Map<string, RemoteTopic>();
  private readonly listeners = new Set<() => void>();

  constructor(ask: AskOwner) {
    this.ask = ask;
  }

  get(name: string): ClientTopic | undefined {
    return this.topics.get(name);
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  apply(snapshot: TopicSnapshot): void {
    const known = this.topics.get(snapshot.name);
    if (known?.id === snapshot.id) known.config = snapshot.config;
    else this.topics.set(snapshot.name, new RemoteTopic(snapshot, this.ask));
    if (known !== undefined && known.id !== snapshot.id) for (const log of known.logs) log.gone();
    for (const listener of [...this.listeners]) listener();
  }

  gone(name: string): void {
    const known = this.topics.get(name);
    this.topics.delete(name);
    for (const log of known?.logs ?? []) log.gone();
    for (const listener of [...this.listeners]) listener();
  }

  async ensure(name: string, signal: AbortSignal): Promise<ClientTopic> {
    const known = this.topics.get(name);
    if (known !== undefined) return known;
    this.apply((await this.ask({ type: 'topic.ensure', name }, signal)) as TopicSnapshot);
    const topic = this.topics.get(name);
    if (topic !== undefined) return topic;
    throw new NotFoundError(`Topic '${name}' was deleted as soon as it was there.`, { code: TOPIC_UNKNOWN });
  }
}
