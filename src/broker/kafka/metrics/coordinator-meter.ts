/**
 * What a member measures of its group: `consumer-coordinator-metrics`. Kafka 4.1.1, AbstractCoordinator, ConsumerCoordinator and
 * RebalanceCallbackMetricsManager.
 */
import { SampledStat, type SampleWindows } from '../../../foundation/sampled-stat.ts';
import { Tally } from './tally.ts';

/** What happens again and again, and takes its time. */
class Timed {
  readonly count: Tally;
  readonly ms: SampledStat;

  constructor(windows: SampleWindows) {
    this.count = new Tally(windows);
    this.ms = new SampledStat({ windows });
  }

  took(ms: number, now: number): void {
    this.count.add(1, now);
    this.ms.record(ms, now);
  }
}

export class CoordinatorMeter {
  private readonly monotonic: () => number;
  private readonly commits: Timed;
  private readonly heartbeats: Timed;
  private readonly joins: Timed;
  private readonly syncs: Timed;
  private readonly rebalances: Timed;
  private readonly failedRebalances: Tally;
  private readonly callbacks: Readonly<Record<'assigned' | 'revoked' | 'lost', SampledStat>>;
  private rebalanceMs = 0;
  private committedMs = 0;
  private beatAt = Number.NaN;
  private rebalancedAt = Number.NaN;

  constructor(options: { readonly windows: SampleWindows; readonly monotonic: () => number }) {
    const { windows } = options;
    this.monotonic = options.monotonic;
    this.commits = new Timed(windows);
    this.heartbeats = new Timed(windows);
    this.joins = new Timed(windows);
    this.syncs = new Timed(windows);
    this.rebalances = new Timed(windows);
    this.failedRebalances = new Tally(windows);
    this.callbacks = {
      assigned: new SampledStat({ windows }),
      revoked: new SampledStat({ windows }),
      lost: new SampledStat({ windows }),
    };
  }

  /** Offsets were committed, and answered. All since are monotonic ms. */
  committed(since: number): void {
    const now = this.monotonic();
    this.commits.took(now - since, now);
  }

  /** Committed offsets were asked for. */
  fetchedOffsets(since: number): void {
    this.committedMs += this.monotonic() - since;
  }

  heartbeatSent(): void {
    const now = this.monotonic();
    this.beatAt = now;
    this.heartbeats.count.add(1, now);
  }

  heartbeatAnswered(since: number): void {
    const now = this.monotonic();
    this.heartbeats.ms.record(now - since, now);
  }

  joined(since: number): void {
    const now = this.monotonic();
    this.joins.took(now - since, now);
  }

  synced(since: number): void {
    const now = this.monotonic();
    this.syncs.took(now - since, now);
  }

  /** From the first attempt to join to the assignment. */
  rebalanced(since: number): void {
    const now = this.monotonic();
    this.rebalances.took(now - since, now);
    this.rebalanceMs += now - since;
    this.rebalancedAt = now;
  }

  /** An attempt to join came to nothing. */
  rebalanceFailed(): void {
    this.failedRebalances.add(1, this.monotonic());
  }

  /** The owner of the member has dealt with what changed. */
  called(what: 'assigned' | 'revoked' | 'lost', since: number): void {
    const now = this.monotonic();
    this.callbacks[what].record(now - since, now);
  }

  /** Of `consumer-metrics`. */
  get committedTimeNs(): number {
    return this.committedMs * 1e6;
  }

  values(assignedPartitions: number, now: number): Record<string, number> {
    const values: Record<string, number> = {
      'assigned-partitions': assignedPartitions,
      'heartbeat-response-time-max': this.heartbeats.ms.max(now),
      'last-heartbeat-seconds-ago': secondsSince(this.beatAt, now),
      'last-rebalance-seconds-ago': secondsSince(this.rebalancedAt, now),
      'rebalance-latency-total': this.rebalanceMs,
      'rebalance-rate-per-hour': this.rebalances.count.rate(now) * 3_600,
      'rebalance-total': this.rebalances.count.total,
      'failed-rebalance-rate-per-hour': this.failedRebalances.rate(now) * 3_600,
      'failed-rebalance-total': this.failedRebalances.total,
    };
    this.commits.count.tell('commit', values, now);
    this.heartbeats.count.tell('heartbeat', values, now);
    this.joins.count.tell('join', values, now);
    this.syncs.count.tell('sync', values, now);
    for (const [name, stat] of [
      ['commit-latency', this.commits.ms],
      ['join-time', this.joins.ms],
      ['sync-time', this.syncs.ms],
      ['rebalance-latency', this.rebalances.ms],
      ['partition-assigned-latency', this.callbacks.assigned],
      ['partition-revoked-latency', this.callbacks.revoked],
      ['partition-lost-latency', this.callbacks.lost],
    ] as const) {
      values[`${name}-avg`] = stat.average(now);
      values[`${name}-max`] = stat.max(now);
    }
    return values;
  }
}

/** -1 for never, as Kafka has it. */
function secondsSince(at: number, now: number): number {
  return Number.isNaN(at) ? -1 : Math.floor((now - at) / 1_000);
}
