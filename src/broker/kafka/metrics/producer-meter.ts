/** What a producer measures of its batches: `producer-metrics` and `producer-topic-metrics`. Kafka 4.1.1, SenderMetricsRegistry. */
import { SampledStat, type SampleWindows } from '../../../foundation/sampled-stat.ts';
import type { FigureGroup } from '../../client-figures.ts';
import { Tally } from './tally.ts';

/** A batch that is being sent, for the first time or again. */
export interface SentBatch {
  readonly topic: string;
  readonly records: number;
  readonly bytes: number;
  /** Of its largest record, about. */
  readonly maxRecordBytes: number;
  /** Size over what it would be without compression. */
  readonly compressionRatio: number;
  /** How long its first record has waited here. */
  readonly queueMs: number;
}

class TopicMeter {
  readonly sends: Tally;
  readonly bytes: Tally;
  readonly retries: Tally;
  readonly errors: Tally;
  readonly compression: SampledStat;

  constructor(windows: SampleWindows) {
    this.sends = new Tally(windows);
    this.bytes = new Tally(windows);
    this.retries = new Tally(windows);
    this.errors = new Tally(windows);
    this.compression = new SampledStat({ windows });
  }
}

export class ProducerMeter {
  private readonly windows: SampleWindows;
  private readonly topics = new Map<string, TopicMeter>();
  private readonly sends: Tally;
  private readonly retries: Tally;
  private readonly errors: Tally;
  private readonly splits: Tally;
  private readonly exhausted: Tally;
  private readonly waitNs: Tally;
  private readonly perRequest: SampledStat;
  private readonly batchBytes: SampledStat;
  private readonly recordBytes: SampledStat;
  private readonly compression: SampledStat;
  private readonly queueMs: SampledStat;
  private readonly latencyMs: SampledStat;
  private readonly throttleMs: SampledStat;
  private flushMs = 0;

  constructor(windows: SampleWindows) {
    this.windows = windows;
    this.sends = new Tally(windows);
    this.retries = new Tally(windows);
    this.errors = new Tally(windows);
    this.splits = new Tally(windows);
    this.exhausted = new Tally(windows);
    this.waitNs = new Tally(windows);
    this.perRequest = new SampledStat({ windows });
    this.batchBytes = new SampledStat({ windows });
    this.recordBytes = new SampledStat({ windows });
    this.compression = new SampledStat({ windows });
    this.queueMs = new SampledStat({ windows });
    this.latencyMs = new SampledStat({ windows });
    this.throttleMs = new SampledStat({ windows });
  }

  /** One request. */
  sent(batches: readonly SentBatch[], now: number): void {
    let inRequest = 0;
    for (const { topic, records, bytes, maxRecordBytes, compressionRatio, queueMs } of batches) {
      const meter = this.of(topic);
      meter.sends.add(records, now);
      meter.bytes.add(bytes, now);
      meter.compression.record(compressionRatio, now);
      this.batchBytes.record(bytes, now);
      this.recordBytes.record(maxRecordBytes, now);
      this.compression.record(compressionRatio, now);
      this.queueMs.record(queueMs, now);
      inRequest += records;
    }
    this.sends.add(inRequest, now);
    this.perRequest.record(inRequest, now);
  }

  answered(latencyMs: number, throttleMs: number, now: number): void {
    this.latencyMs.record(latencyMs, now);
    this.throttleMs.record(throttleMs, now);
  }

  /** A batch came back and goes out again. */
  retried(topic: string, records: number, now: number): void {
    this.retries.add(records, now);
    this.of(topic).retries.add(records, now);
  }

  /** Records that were given up. */
  failed(topic: string, records: number, now: number): void {
    this.errors.add(records, now);
    this.of(topic).errors.add(records, now);
  }

  split(now: number): void {
    this.splits.add(1, now);
  }

  /** Records that `max.block.ms` gave no room. */
  foundNoRoom(records: number, now: number): void {
    this.exhausted.add(records, now);
  }

  waitedForRoom(ms: number, now: number): void {
    this.waitNs.add(ms * 1e6, now);
  }

  flushed(ms: number): void {
    this.flushMs += ms;
  }

  values(now: number): Record<string, number> {
    const values: Record<string, number> = {};
    this.sends.tell('record-send', values, now);
    this.retries.tell('record-retry', values, now);
    this.errors.tell('record-error', values, now);
    this.splits.tell('batch-split', values, now);
    this.exhausted.tell('buffer-exhausted', values, now);
    values['bufferpool-wait-time-ns-total'] = this.waitNs.total;
    values['bufferpool-wait-ratio'] = this.waitNs.rate(now) / 1e9;
    values['flush-time-ns-total'] = this.flushMs * 1e6;
    values['records-per-request-avg'] = this.perRequest.average(now);
    values['compression-rate-avg'] = this.compression.average(now);
    for (const [name, stat] of [
      ['batch-size', this.batchBytes],
      ['record-size', this.recordBytes],
      ['record-queue-time', this.queueMs],
      ['request-latency', this.latencyMs],
      ['produce-throttle-time', this.throttleMs],
    ] as const) {
      values[`${name}-avg`] = stat.average(now);
      values[`${name}-max`] = stat.max(now);
    }
    return values;
  }

  topicGroups(now: number): FigureGroup[] {
    return [...this.topics].map(([topic, meter]) => {
      const values: Record<string, number> = {};
      meter.sends.tell('record-send', values, now);
      meter.retries.tell('record-retry', values, now);
      meter.errors.tell('record-error', values, now);
      meter.bytes.tell('byte', values, now);
      values['compression-rate'] = meter.compression.average(now);
      return { type: 'producer-topic-metrics', tags: { topic }, values };
    });
  }

  private of(topic: string): TopicMeter {
    let meter = this.topics.get(topic);
    if (meter === undefined) {
      meter = new TopicMeter(this.windows);
      this.topics.set(topic, meter);
    }
    return meter;
  }
}
