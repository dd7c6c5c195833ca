/**
 * Where the schema store keeps what it knows: a log in which the last value of each key counts. Implemented on disk, and in a
 * compacted topic, by whoever composes the worker.
 */

export interface CompactedLogEntry {
  readonly key: string;
  /** null: the key is gone. */
  readonly value: string | null;
}

export interface CompactedLog {
  /**
   * The living entries, in the order in which they were last written. Called once, before any append. Waits for what time can
   * mend, until the signal is aborted or the log is closed; rejects for what it can't.
   */
  load(signal?: AbortSignal): Promise<readonly CompactedLogEntry[]>;
  /** Resolves when all of them are durable; calls are applied in order. Rejects when they are not, e.g. on a full disk. */
  append(entries: readonly CompactedLogEntry[]): Promise<void>;
  /** Tells of entries that others who share the log have written since `load`, in their order. Absent: nobody shares it. */
  follow?(listener: (entries: readonly CompactedLogEntry[]) => void): void;
  /** Waits for appends that are under way, but not for ever. */
  close(): Promise<void>;
}

/** Keeps entries in memory only: for tests, and for workers that are told to keep nothing. */
export class MemoryCompactedLog implements CompactedLog {
  private readonly entries = new Map<string, string>();

  load(): Promise<readonly CompactedLogEntry[]> {
    return Promise.resolve([...this.entries].map(([key, value]) => ({ key, value })));
  }

  append(entries: readonly CompactedLogEntry[]): Promise<void> {
    for (const { key, value } of entries) {
      this.entries.delete(key);
      if (value !== null) this.entries.set(key, value);
    }
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
