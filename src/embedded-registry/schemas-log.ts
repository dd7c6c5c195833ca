/** The topic `_schemas` as a port: one partition, read from its start by every node, written by the primary. */
import { Deferred } from '../foundation/deferred.ts';
import type { RecordBytes } from './registry-record.ts';

export interface LoggedRecord {
  readonly offset: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

export interface SchemasReader {
  /** The next records in order; none after a while without any, so that its caller can look around. */
  read(signal: AbortSignal): Promise<readonly LoggedRecord[]>;
  /** The next offset that `read` comes to. */
  readonly position: number;
  close(): Promise<void>;
}

export interface SchemasLog {
  /** Resolves with the offset of the last one when all are durable; rejects when that is not known. */
  append(records: readonly RecordBytes[]): Promise<number>;
  /** The offset that the next record will get. */
  endOffset(signal: AbortSignal): Promise<number>;
  /** From the first record on. */
  reader(): SchemasReader;
  close(): Promise<void>;
}

/** A log in memory, for tests. Gone with the process. */
export class MemorySchemasLog implements SchemasLog {
  readonly records: LoggedRecord[] = [];
  private grown = new Deferred();

  append(records: readonly RecordBytes[]): Promise<number> {
    for (const { key, value } of records) this.records.push({ offset: this.records.length, key, value });
    this.grown.resolve();
    this.grown = new Deferred();
    return Promise.resolve(this.records.length - 1);
  }

  endOffset(): Promise<number> {
    return Promise.resolve(this.records.length);
  }

  reader(): SchemasReader {
    const { records } = this;
    const nextGrowth = (): Promise<void> => this.grown.promise;
    let position = 0;
    return {
      get position() {
        return position;
      },
      async read(signal) {
        while (position >= records.length) await abortable(nextGrowth(), signal);
        const batch = records.slice(position);
        position = records.length;
        return batch;
      },
      close: () => Promise.resolve(),
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** The promise, or the signal's reason as soon as it is aborted. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => {});
    return Promise.reject(signal.reason);
  }
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
