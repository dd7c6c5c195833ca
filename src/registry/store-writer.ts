/**
 * Writes entries of the schema store to its log, in the background. Pipelines don't wait for it: the store serves a later start, and an id
 * that it lost is asked for again. A disk that is full is told once, and tried again with the next entry.
 */
import type { Logger } from '../foundation/logger.ts';
import type { CompactedLog, CompactedLogEntry } from './compacted-log.ts';
import { REGISTRY_STORE } from './registry-errors.ts';
import { formatEntry, HEADER_KEY } from './stored-entries.ts';

/** What may wait for the disk or the broker; what is dropped is only missing after a restart. */
const MAX_PENDING = 10_000;

export class StoreWriter {
  private readonly log: CompactedLog;
  private readonly logger: Logger;
  private pending: CompactedLogEntry[] = [];
  private writing: Promise<void> = Promise.resolve();
  private isWriting = false;
  private failing = false;
  private isOpen = false;
  private hasHeader = false;

  constructor(dependencies: { readonly log: CompactedLog; readonly logger: Logger }) {
    this.log = dependencies.log;
    this.logger = dependencies.logger;
  }

  /** Takes entries from now on; those before are not written. */
  open(): void {
    this.isOpen = true;
  }

  /** The log has its header, which is otherwise written before the first entry. */
  headerIsThere(): void {
    this.hasHeader = true;
  }

  write(key: string, value: string | null): void {
    if (!this.isOpen) return;
    if (!this.hasHeader) this.pending.push({ key: HEADER_KEY, value: formatEntry({}) });
    this.hasHeader = true;
    this.pending.push({ key, value });
    if (!this.isWriting) this.start();
  }

  /** Resolves when what was written so far is durable, or could not be made so (which was logged). */
  async flushed(): Promise<void> {
    while (this.isWriting) await this.writing;
    if (this.pending.length === 0 || !this.isOpen) return;
    // Once more, and no more: a disk that is full must not keep a worker from stopping.
    this.start();
    await this.writing;
  }

  /** Makes the rest durable, for as long as the log waits for that, and closes the log. */
  async close(): Promise<void> {
    const { pending } = this;
    this.pending = [];
    const last = pending.length > 0 && this.isOpen ? this.log.append(pending) : undefined;
    const written = last?.catch((err: unknown) => {
      if (!this.failing)
        this.logger.warn('The last entries of the schema store could not be written', { code: REGISTRY_STORE, err });
    });
    this.isOpen = false;
    await this.log.close();
    await Promise.all([this.writing, written]);
  }

  private start(): void {
    this.isWriting = true;
    this.writing = this.writeAll();
  }

  private async writeAll(): Promise<void> {
    while (this.pending.length > 0 && this.isOpen) {
      const batch = this.pending;
      this.pending = [];
      try {
        await this.log.append(batch);
        if (this.failing) this.logger.info('The schema store can be written again', { code: REGISTRY_STORE });
        this.failing = false;
      } catch (err) {
        if (!this.failing && this.isOpen) {
          this.logger.warn(
            'The schema store can not be written; a restart during an outage would not know new schemas',
            { code: REGISTRY_STORE, err },
          );
        }
        this.failing = true;
        this.pending = batch.concat(this.pending);
        break;
      }
    }
    this.isWriting = false;
    if (this.failing) this.pending = this.pending.slice(-MAX_PENDING);
  }
}
