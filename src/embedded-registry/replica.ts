/**
 * One node's copy of the topic: a reader of its own, and a core that it plays the records into. How far a copy is behind
 * is real, and can be made worse.
 */
import type { Clock } from '../foundation/clock.ts';
import { Deferred } from '../foundation/deferred.ts';
import type { Logger } from '../foundation/logger.ts';
import type { RegistryCore } from './registry-core.ts';
import { decodeRecord } from './registry-record.ts';
import type { Rollback } from './registry-state.ts';
import { abortable, type LoggedRecord, type SchemasLog } from './schemas-log.ts';

export interface ReplicaOptions {
  readonly core: RegistryCore;
  readonly log: SchemasLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Nothing is applied earlier than this many ms after the start. */
  readonly replayMs: number;
  readonly lag: ReplicaLag;
  readonly onRollback: (rollback: Rollback) => void;
}

/** How a node's copy is held back; outlives restarts of the node. Changes take effect at once. */
export class ReplicaLag {
  private delayMs = 0;
  private isHeld = false;
  private isFrozen = false;
  private changed = new Deferred();

  get lagMs(): number {
    return this.delayMs;
  }

  get held(): boolean {
    return this.isHeld || this.isFrozen;
  }

  /** Settled when any of it changes. */
  get change(): Promise<void> {
    return this.changed.promise;
  }

  /** Records are applied this many ms after they were read. */
  set(lagMs: number): void {
    this.delayMs = lagMs;
    this.signalChange();
  }

  /** Nothing is applied until `release`. */
  hold(): void {
    this.isHeld = true;
    this.signalChange();
  }

  release(): void {
    this.isHeld = false;
    this.signalChange();
  }

  /** With the whole node; independent of `hold`. */
  setFrozen(isFrozen: boolean): void {
    this.isFrozen = isFrozen;
    this.signalChange();
  }

  private signalChange(): void {
    this.changed.resolve();
    this.changed = new Deferred();
  }
}

interface QueuedRecord {
  readonly record: LoggedRecord;
  readonly readAt: number;
}

export class Replica {
  private readonly options: ReplicaOptions;
  private readonly life = new AbortController();
  private readonly queue: QueuedRecord[] = [];
  private arrived = new Deferred();
  private advanced = new Deferred();
  private nextOffset = 0;
  private startedAt = 0;

  constructor(options: ReplicaOptions) {
    this.options = options;
  }

  /** Everything below this offset is in the core. */
  get appliedOffset(): number {
    return this.nextOffset;
  }

  start(): void {
    this.startedAt = this.options.clock.monotonic();
    const { logger } = this.options;
    const quiet = (what: string) => (error: unknown) => {
      if (!this.life.signal.aborted) logger.error(`The embedded registry stopped ${what} its topic.`, { err: error });
    };
    this.readLoop().catch(quiet('reading'));
    this.applyLoop().catch(quiet('applying'));
  }

  stop(): void {
    this.life.abort(new Error('the node is stopped'));
  }

  /** Resolves when everything below `offset` is in the core. Rejects with the signal's reason, or when the copy ends. */
  async caughtUpTo(offset: number, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.life.signal]);
    while (this.nextOffset < offset) await abortable(this.advanced.promise, either);
    either.throwIfAborted();
  }

  private async readLoop(): Promise<void> {
    const { log, clock } = this.options;
    const reader = log.reader();
    try {
      while (!this.life.signal.aborted) {
        const records = await reader.read(this.life.signal);
        const readAt = clock.monotonic();
        for (const record of records) this.queue.push({ record, readAt });
        if (records.length > 0) this.signalArrival();
        // Control records and compaction leave gaps at the end that no record fills.
        else if (this.queue.length === 0) this.advanceTo(reader.position);
      }
    } finally {
      await reader.close().catch(() => {});
    }
  }

  private async applyLoop(): Promise<void> {
    while (!this.life.signal.aborted) {
      const next = this.queue[0];
      if (next === undefined) {
        await abortable(this.arrived.promise, this.life.signal);
        continue;
      }
      await this.waitUntilDue(next);
      this.queue.shift();
      this.apply(next.record);
    }
  }

  private async waitUntilDue({ readAt }: QueuedRecord): Promise<void> {
    const { clock, lag, replayMs } = this.options;
    for (;;) {
      const dueAt = Math.max(readAt + lag.lagMs, this.startedAt + replayMs);
      const waitMs = dueAt - clock.monotonic();
      if (!lag.held && waitMs <= 0) return;
      const change = lag.change;
      const wait = new AbortController();
      const either = AbortSignal.any([wait.signal, this.life.signal]);
      const pause = lag.held ? change : Promise.race([change, clock.sleep(waitMs, either)]);
      await abortable(pause, this.life.signal).finally(() => wait.abort());
    }
  }

  private apply({ offset, key, value }: LoggedRecord): void {
    const { core, logger, onRollback } = this.options;
    const decoded = decodeRecord(key, value, core.profile);
    if (decoded.kind === 'unreadable') {
      logger.warn('The embedded registry passed over a record of its topic.', { offset, reason: decoded.reason });
    } else {
      const rollback = core.apply(decoded.record);
      if (rollback !== undefined) {
        logger.error('Found a schema with duplicate ID.', { offset, reason: rollback.reason });
        onRollback(rollback);
      }
    }
    this.advanceTo(offset + 1);
  }

  private advanceTo(offset: number): void {
    if (offset <= this.nextOffset) return;
    this.nextOffset = offset;
    this.advanced.resolve();
    this.advanced = new Deferred();
  }

  private signalArrival(): void {
    this.arrived.resolve();
    this.arrived = new Deferred();
  }
}
