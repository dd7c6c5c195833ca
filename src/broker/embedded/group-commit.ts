import { Backoff } from '../../foundation/backoff.ts';
import type { Clock } from '../../foundation/clock.ts';
import { Deferred } from '../../foundation/deferred.ts';
import { EnvironmentError } from '../../sdk/errors/index.ts';
import { BROKER_UNAVAILABLE } from '../broker-errors.ts';
import { type BatchHeader, peekBatchHeader } from '../record-batch/batch-header.ts';
import { errnoOf } from './file-system.ts';
import type { WriteAvailability } from './write-availability.ts';

/** Bytes that one round writes at most; more waits for the next. */
const MAX_ROUND_BYTES = 16 * 1024 * 1024;

export interface AppendResult {
  /** The offset of the batch's first record. */
  readonly baseOffset: number;
  /** True if this very batch had been written before. */
  readonly duplicate: boolean;
}

/** A batch on its way to the disk. */
export interface PendingAppend {
  /**
   * Resolves when the batch is durable. A disk that does not take it is waited for. Rejects with IllegalStateError for a batch
   * out of its producer's order, with EnvironmentError when the log was closed before.
   */
  readonly done: Promise<AppendResult>;
  /** Takes the batch back. False if that is too late: it has been, or is being, written. */
  withdraw(): boolean;
}

/** One batch in the queue. */
export interface QueuedBatch extends PendingAppend {
  readonly batch: Buffer;
  readonly header: BatchHeader;
  readonly outcome: Deferred<AppendResult>;
  state: 'queued' | 'writing' | 'withdrawn';
  /** Withdrawn while it was being written: counts if that fails. */
  unwanted: boolean;
}

/** What the queue writes to. */
export interface CommitTarget {
  /** For messages. */
  readonly name: string;
  /** Makes the batches durable, in order, and settles each. Rejects, having changed nothing that can be seen, when the disk failed. */
  write(batches: readonly QueuedBatch[]): Promise<void>;
  /** The numbers of a withdrawn batch will not come. */
  skip(header: BatchHeader): void;
}

/**
 * The queue before one partition's log. While one round is being synced the next one gathers, so that many concurrent sends
 * share one write and one sync. A failed round stays at the head of the queue and is tried again with back-off, so order is
 * kept and nothing is acknowledged before it is durable.
 */
export class GroupCommit {
  private readonly target: CommitTarget;
  private readonly clock: Clock;
  private readonly availability: WriteAvailability;
  private readonly closing = new AbortController();
  private readonly backoff = new Backoff({ initialMs: 50, maxMs: 2_000, jitter: 0.2 });
  private queue: QueuedBatch[] = [];
  private running: Promise<void> | null = null;
  private readonly actions: (() => Promise<void>)[] = [];

  constructor(input: {
    readonly target: CommitTarget;
    readonly clock: Clock;
    readonly availability: WriteAvailability;
  }) {
    this.target = input.target;
    this.clock = input.clock;
    this.availability = input.availability;
  }

  /** Takes a batch over: its buffer must not be changed any more. */
  append(batch: Buffer): PendingAppend {
    const header = peekBatchHeader(batch);
    if (header === null || header.byteLength !== batch.length) {
      throw new RangeError(`append takes exactly one record batch, not ${batch.length} bytes of something else.`);
    }
    const outcome = new Deferred<AppendResult>();
    const queued: QueuedBatch = {
      batch,
      header,
      outcome,
      done: outcome.promise,
      state: 'queued',
      unwanted: false,
      withdraw: () => {
        queued.unwanted = true;
        if (queued.state === 'queued' && !outcome.settled) queued.state = 'withdrawn';
        return queued.state === 'withdrawn';
      },
    };
    // Whoever withdrew it may look away.
    outcome.promise.catch(() => {});
    if (this.closing.signal.aborted) {
      outcome.reject(this.closed());
      return queued;
    }
    this.queue.push(queued);
    this.wake();
    return queued;
  }

  /** Runs `action` between two rounds: nothing is written meanwhile. */
  exclusively<T>(action: () => Promise<T>): Promise<T> {
    const outcome = new Deferred<T>();
    this.actions.push(() =>
      action().then(
        (value) => outcome.resolve(value),
        (error) => outcome.reject(error),
      ),
    );
    this.wake();
    return outcome.promise;
  }

  /** Lets the round that is being written end, and gives up what is still waiting. */
  async close(): Promise<void> {
    this.closing.abort(this.closed());
    await this.running;
    for (const queued of this.queue) queued.outcome.reject(this.closed());
    this.queue = [];
    this.availability.recovered(this);
  }

  private wake(): void {
    this.running ??= this.run().finally(() => {
      this.running = null;
      if ((this.queue.length > 0 && !this.closing.signal.aborted) || this.actions.length > 0) this.wake();
    });
  }

  private async run(): Promise<void> {
    // Lets everything that is sent in this turn of the loop into the first round.
    await Promise.resolve();
    while (true) {
      for (let action = this.actions.shift(); action !== undefined; action = this.actions.shift()) await action();
      if (this.queue.length === 0 || this.closing.signal.aborted) return;
      const round = this.takeRound();
      if (round.length === 0) continue;
      try {
        await this.target.write(round);
        this.backoff.reset();
        this.availability.recovered(this);
      } catch (error) {
        for (const queued of round) queued.state = queued.unwanted ? 'withdrawn' : 'queued';
        this.queue = [...round.filter((queued) => !queued.outcome.settled), ...this.queue];
        this.availability.failed(this, describeFailure(this.target.name, error));
        await this.pause();
      }
    }
  }

  private async pause(): Promise<void> {
    try {
      await this.clock.sleep(this.backoff.next(), this.closing.signal);
    } catch {
      // Closing: the loop sees it.
    }
  }

  private takeRound(): QueuedBatch[] {
    const round: QueuedBatch[] = [];
    let bytes = 0;
    let taken = 0;
    for (const queued of this.queue) {
      if (bytes > 0 && bytes + queued.batch.length > MAX_ROUND_BYTES) break;
      // In its place among the others: those behind it were numbered after it.
      if (queued.state === 'withdrawn') {
        if (round.length > 0) break;
        this.target.skip(queued.header);
        queued.outcome.reject(this.closed());
        taken++;
        continue;
      }
      queued.state = 'writing';
      bytes += queued.batch.length;
      round.push(queued);
      taken++;
    }
    this.queue.splice(0, taken);
    return round;
  }

  private closed(): EnvironmentError {
    return new EnvironmentError(
      `The log of ${this.target.name} was closed, or the batch withdrawn, before the batch was written. Nothing of it is in the topic.`,
      { code: BROKER_UNAVAILABLE },
    );
  }
}

/** Answers a batch as its twin is answered. */
export function follow(queued: QueuedBatch, twin: QueuedBatch): void {
  twin.done.then(
    ({ baseOffset }) => queued.outcome.resolve({ baseOffset, duplicate: true }),
    (error) => queued.outcome.reject(error),
  );
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the disk reports an input/output error',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many files are open',
  EACCES: 'permission is denied',
};

/** A failure of the disk in one line. */
export function describeFailure(what: string, error: unknown): string {
  const errno = errnoOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const reason = errno === undefined ? message : `${REASONS[errno] ?? 'the file system failed'} (${errno})`;
  return `Writing ${what} failed: ${reason}.`;
}
