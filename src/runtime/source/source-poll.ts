/** Asks the task for records: again after what time mends, and without a turn of the loop too many while it has none. */
import { Backoff } from '../../foundation/backoff.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import { SourceRecord } from '../../sdk/record/source-record.ts';
import type { SourceTask } from '../../sdk/task.ts';
import { environmentErrorOf, failureKind } from '../errors/failure-kind.ts';
import type { HostSettings } from '../host/host-settings.ts';
import { kindOf } from '../host/task-configs.ts';
import type { Parker } from '../parking/parker.ts';
import type { TaskCounters } from '../pipeline/task-counters.ts';
import type { TimeSlice } from '../pipeline/time-slice.ts';

const PARK = 'poll';
/** A task whose `poll` comes back at once and empty is asked again without pause this often, then every millisecond. */
const EAGER_EMPTY_POLLS = 64;

export class SourcePoll {
  private readonly task: SourceTask;
  private readonly parker: Parker;
  private readonly counters: TaskCounters;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly slice: TimeSlice;
  private readonly signal: AbortSignal;
  private readonly goOn: () => Promise<void>;
  private readonly backoff: Backoff;
  private emptyPolls = 0;

  constructor(options: {
    readonly task: SourceTask;
    readonly parker: Parker;
    readonly settings: HostSettings;
    readonly counters: TaskCounters;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly slice: TimeSlice;
    readonly signal: AbortSignal;
    /** Awaited after a park: the task may have been paused meanwhile. */
    readonly goOn: () => Promise<void>;
  }) {
    this.task = options.task;
    this.parker = options.parker;
    this.counters = options.counters;
    this.clock = options.clock;
    this.logger = options.logger;
    this.slice = options.slice;
    this.signal = options.signal;
    this.goOn = options.goOn;
    this.backoff = new Backoff({
      initialMs: options.settings.retryBackoffInitialMs,
      maxMs: options.settings.retryBackoffMaxMs,
      jitter: 0.2,
    });
  }

  /** null: none this time, and it is worth asking again. Rejects with what the task fails with. */
  async next(): Promise<readonly SourceRecord[] | null> {
    let polled: readonly SourceRecord[] | null | undefined;
    const startedAt = this.clock.monotonic();
    try {
      const polling = this.task.poll(this.signal);
      polled = isThenable(polling) ? await polling : polling;
    } catch (error) {
      await this.afterFailure(error);
      return null;
    }
    if (polled !== null && polled !== undefined && !Array.isArray(polled)) {
      // Whoever returns a Set or a generator would otherwise wonder where its records are.
      throw new ConnectError(
        `poll() of the source task returned ${kindOf(polled)}. Return an array of records, or null.`,
      );
    }
    const odd = polled?.findIndex((record) => !(record instanceof SourceRecord)) ?? -1;
    if (odd !== -1) {
      throw new ConnectError(
        `poll() of the source task returned ${kindOf(polled?.[odd])} at index ${odd} of its array. Return instances of SourceRecord: new SourceRecord({…}).`,
      );
    }
    if (this.backoff.attempts > 0) this.backoff.reset();
    this.parker.end(PARK);
    const elapsedMs = this.clock.monotonic() - startedAt;
    if (polled !== null && polled !== undefined) this.counters.batch(polled.length, elapsedMs);
    if (polled !== null && polled !== undefined && polled.length > 0) {
      this.emptyPolls = 0;
      return polled;
    }
    // An instantly empty poll never starves timers; a long row of them doesn't burn a core either.
    this.emptyPolls = elapsedMs >= 1 ? 0 : this.emptyPolls + 1;
    if (this.emptyPolls > EAGER_EMPTY_POLLS) await this.clock.sleep(1, this.signal);
    else await this.slice.next();
    return null;
  }

  private async afterFailure(error: unknown): Promise<void> {
    const { signal } = this;
    signal.throwIfAborted();
    const environment = failureKind(error) === 'environment' ? environmentErrorOf(error) : null;
    if (environment !== null) {
      await this.parker.wait(PARK, environment, { signal, dependency: 'source system' });
      await this.goOn();
      return;
    }
    if (failureKind(error) !== 'retriable') throw error;
    this.counters.retries++;
    this.logger.warn('A source task asked for poll() to be called again.', { err: error });
    await this.clock.sleep(this.backoff.next(), signal);
  }
}

function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { readonly then?: unknown } | null)?.then === 'function';
}
