/**
 * What a consumer measures of what it reads: `consumer-fetch-manager-metrics`, and of `consumer-metrics` what is about its polls. Kafka
 * 4.1.1, FetchMetricsManager and KafkaConsumerMetrics.
 */
import { SampledStat, type SampleWindows } from '../../../foundation/sampled-stat.ts';
import type { FigureGroup } from '../../client-figures.ts';
import { Tally } from './tally.ts';

/** Where a partition stands; -1 for what the broker has not told yet. */
export interface PartitionStand {
  readonly topic: string;
  readonly partition: number;
  /** null while an end of the log is asked for. */
  readonly position: number | null;
  readonly highWatermark: number;
  readonly logStartOffset: number;
}

/** Of one topic, or of all. */
class Consumption {
  readonly bytes: Tally;
  readonly records: Tally;
  private readonly fetchBytes: SampledStat;
  private readonly perFetch: SampledStat;

  constructor(windows: SampleWindows) {
    this.bytes = new Tally(windows);
    this.records = new Tally(windows);
    this.fetchBytes = new SampledStat({ windows });
    this.perFetch = new SampledStat({ windows });
  }

  fetched(bytes: number, records: number, now: number): void {
    this.bytes.add(bytes, now);
    this.fetchBytes.record(bytes, now);
    this.perFetch.record(records, now);
  }

  values(now: number): Record<string, number> {
    const values: Record<string, number> = {
      'fetch-size-avg': this.fetchBytes.average(now),
      'fetch-size-max': this.fetchBytes.max(now),
      'records-per-request-avg': this.perFetch.average(now),
    };
    this.bytes.tell('bytes-consumed', values, now);
    this.records.tell('records-consumed', values, now);
    return values;
  }
}

class PartitionMeter {
  readonly lag: SampledStat;
  readonly lead: SampledStat;

  constructor(windows: SampleWindows) {
    this.lag = new SampledStat({ windows });
    this.lead = new SampledStat({ windows });
  }
}

/** What one answer of a broker held. Counts once all that it brought has been taken, or given up. */
export class FetchTally {
  private readonly onEnd: (tally: FetchTally) => void;
  readonly byTopic = new Map<string, { bytes: number; records: number }>();
  /** Parts that are not taken yet, and the answer itself while it is read. */
  private open = 1;

  constructor(onEnd: (tally: FetchTally) => void) {
    this.onEnd = onEnd;
  }

  /** There is a part of it to be taken. */
  begin(): void {
    this.open++;
  }

  /** No more parts come. */
  complete(): void {
    this.countDown();
  }

  /** So much of that part was taken. */
  end(topic: string, bytes: number, records: number): void {
    const known = this.byTopic.get(topic);
    if (known === undefined) this.byTopic.set(topic, { bytes, records });
    else {
      known.bytes += bytes;
      known.records += records;
    }
    this.countDown();
  }

  private countDown(): void {
    this.open--;
    if (this.open === 0 && this.byTopic.size > 0) this.onEnd(this);
  }
}

export class FetchMeter {
  private readonly windows: SampleWindows;
  private readonly monotonic: () => number;
  private readonly all: Consumption;
  private readonly topics = new Map<string, Consumption>();
  private readonly partitions = new Map<string, PartitionMeter>();
  private readonly fetches: Tally;
  private readonly latencyMs: SampledStat;
  private readonly throttleMs: SampledStat;
  private readonly lag: SampledStat;
  private readonly lead: SampledStat;
  private readonly betweenPollsMs: SampledStat;
  private readonly idleRatio: SampledStat;
  private polledAt = Number.NaN;
  private sincePollMs = Number.NaN;

  constructor(options: { readonly windows: SampleWindows; readonly monotonic: () => number }) {
    const { windows } = options;
    this.windows = windows;
    this.monotonic = options.monotonic;
    this.all = new Consumption(windows);
    this.fetches = new Tally(windows);
    this.latencyMs = new SampledStat({ windows });
    this.throttleMs = new SampledStat({ windows });
    this.lag = new SampledStat({ windows });
    this.lead = new SampledStat({ windows });
    this.betweenPollsMs = new SampledStat({ windows });
    this.idleRatio = new SampledStat({ windows });
  }

  answered(latencyMs: number, throttleMs: number): FetchTally {
    const now = this.monotonic();
    this.fetches.add(1, now);
    this.latencyMs.record(latencyMs, now);
    this.throttleMs.record(throttleMs, now);
    return new FetchTally((tally) => this.fetched(tally));
  }

  /** Records of one partition go to whoever polls. */
  taken(records: number, stand: PartitionStand): void {
    const now = this.monotonic();
    this.all.records.add(records, now);
    this.topic(stand.topic).records.add(records, now);
    const meter = this.partition(stand);
    const lag = lagOf(stand);
    if (!Number.isNaN(lag)) {
      this.lag.record(lag, now);
      meter.lag.record(lag, now);
    }
    const lead = leadOf(stand);
    if (!Number.isNaN(lead)) {
      this.lead.record(lead, now);
      meter.lead.record(lead, now);
    }
  }

  pollBegan(): void {
    const now = this.monotonic();
    this.sincePollMs = now - this.polledAt;
    if (!Number.isNaN(this.sincePollMs)) this.betweenPollsMs.record(this.sincePollMs, now);
    this.polledAt = now;
  }

  /** How much of its time a task waits here for records: 1 is all of it. */
  pollEnded(): void {
    const now = this.monotonic();
    const pollMs = now - this.polledAt;
    const wholeMs = Number.isNaN(this.sincePollMs) ? pollMs : pollMs + this.sincePollMs;
    if (wholeMs > 0) this.idleRatio.record(pollMs / wholeMs, now);
  }

  /** The partition is not read any more. */
  forget(stand: Pick<PartitionStand, 'topic' | 'partition'>): void {
    this.partitions.delete(keyOf(stand));
  }

  pollValues(now: number): Record<string, number> {
    return {
      'last-poll-seconds-ago': Number.isNaN(this.polledAt) ? -1 : Math.floor((now - this.polledAt) / 1_000),
      'time-between-poll-avg': this.betweenPollsMs.average(now),
      'time-between-poll-max': this.betweenPollsMs.max(now),
      'poll-idle-ratio-avg': this.idleRatio.average(now),
    };
  }

  groups(stands: Iterable<PartitionStand>, now: number): FigureGroup[] {
    const type = 'consumer-fetch-manager-metrics';
    const values = this.all.values(now);
    this.fetches.tell('fetch', values, now);
    values['fetch-latency-avg'] = this.latencyMs.average(now);
    values['fetch-latency-max'] = this.latencyMs.max(now);
    values['fetch-throttle-time-avg'] = this.throttleMs.average(now);
    values['fetch-throttle-time-max'] = this.throttleMs.max(now);
    values['records-lag-max'] = this.lag.max(now);
    values['records-lead-min'] = this.lead.min(now);
    const groups: FigureGroup[] = [{ type, tags: {}, values }];
    for (const [topic, consumption] of this.topics)
      groups.push({ type, tags: { topic }, values: consumption.values(now) });
    for (const stand of stands) {
      const { lag, lead } = this.partition(stand);
      groups.push({
        type,
        tags: { topic: stand.topic, partition: String(stand.partition) },
        values: {
          'records-lag': lagOf(stand),
          'records-lag-avg': lag.average(now),
          'records-lag-max': lag.max(now),
          'records-lead': leadOf(stand),
          'records-lead-avg': lead.average(now),
          'records-lead-min': lead.min(now),
        },
      });
    }
    return groups;
  }

  private fetched({ byTopic }: FetchTally): void {
    const now = this.monotonic();
    let bytes = 0;
    let records = 0;
    for (const [topic, part] of byTopic) {
      this.topic(topic).fetched(part.bytes, part.records, now);
      bytes += part.bytes;
      records += part.records;
    }
    this.all.fetched(bytes, records, now);
  }

  private topic(name: string): Consumption {
    let consumption = this.topics.get(name);
    if (consumption === undefined) {
      consumption = new Consumption(this.windows);
      this.topics.set(name, consumption);
    }
    return consumption;
  }

  private partition(stand: Pick<PartitionStand, 'topic' | 'partition'>): PartitionMeter {
    const key = keyOf(stand);
    let meter = this.partitions.get(key);
    if (meter === undefined) {
      meter = new PartitionMeter(this.windows);
      this.partitions.set(key, meter);
    }
    return meter;
  }
}

/** Records that are there and were not handed out yet. */
function lagOf({ position, highWatermark }: PartitionStand): number {
  return position === null || highWatermark < 0 ? Number.NaN : Math.max(0, highWatermark - position);
}

/** Records between the beginning of the log, which retention moves, and where reading stands. */
function leadOf({ position, logStartOffset }: PartitionStand): number {
  return position === null || logStartOffset < 0 ? Number.NaN : Math.max(0, position - logStartOffset);
}

function keyOf({ topic, partition }: Pick<PartitionStand, 'topic' | 'partition'>): string {
  return `${topic}-${partition}`;
}
