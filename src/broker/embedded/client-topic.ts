/** What clients need of topics and logs: the owner's own, or those of another thread behind messages. */
import type { PendingAppend } from './group-commit.ts';
import type { TopicConfig } from './topic-config.ts';

/** Where a sequential reader is. Only the log that made one can say more of it. */
export interface LogCursor {
  /** The offset it stands for. */
  readonly offset: number;
}

export interface ClientLog {
  readonly name: string;
  readonly startOffset: number;
  /** All below are durable. */
  readonly endOffset: number;
  readonly deleted: boolean;
  /** Takes an encoded batch over: its buffer must not be touched any more. */
  append(batch: Buffer): PendingAppend;
  /**
   * Whole batches from `offset` on in memory of their own, or null at the end. 'moved': the offset lies outside of the log by now, whose
   * start and end are known anew.
   */
  read(
    offset: number,
    maxBytes: number,
    cursor: LogCursor | null,
  ): Promise<{ readonly bytes: Buffer; readonly next: LogCursor } | null | 'moved'>;
  /** Calls `wake` once there is more to read, or the log has gone. Returns how to stop waiting. */
  onChange(wake: () => void): () => void;
  /** Learns start and end. Absent where they are always known. Rejects as `read` does. */
  refresh?(): Promise<void>;
}

export interface ClientTopic {
  readonly name: string;
  readonly internal: boolean;
  readonly config: TopicConfig;
  /** By partition number. */
  readonly logs: readonly ClientLog[];
}
