/** Hands converted batches to the producer: when there is room, and their topics are there, and nothing about them has changed meanwhile. */
import type { ProducerRecord } from '../../broker/ports.ts';
import type { SourceRecord } from '../../sdk/record/source-record.ts';
import type { Parker } from '../parking/parker.ts';
import type { TaskSignals } from '../pipeline/task-signals.ts';
import type { InFlightBatches, SentBatch } from './in-flight-batches.ts';
import type { ConvertedBatch } from './source-pipeline.ts';
import type { SubmittedRecords } from './submitted-records.ts';
import type { TopicCreation } from './topic-creation.ts';

const NONE: readonly string[] = [];

export interface SourceSenderOptions {
  readonly inFlight: InFlightBatches;
  readonly submitted: SubmittedRecords;
  /** null: topics are created by the broker or not at all. */
  readonly topicCreation: TopicCreation | null;
  readonly parker: Parker;
  readonly signals: TaskSignals;
  readonly signal: AbortSignal;
}

export class SourceSender {
  private readonly options: SourceSenderOptions;
  private readonly topics = new Set<string>();
  private lastTopic: string | null = null;
  private sequence = 0;

  constructor(options: SourceSenderOptions) {
    this.options = options;
  }

  /** undefined or true: the batch is on its way. False: it was recalled before. Rejects with the signal's reason. */
  send(batch: ConvertedBatch): Promise<boolean> | undefined {
    const unchecked = this.newTopics(batch.records);
    const room = this.options.inFlight.room(this.options.signal);
    if (unchecked.length > 0 || room !== undefined) return this.sendLater(batch, unchecked, room);
    this.dispatch(batch);
    return undefined;
  }

  private async sendLater(
    batch: ConvertedBatch,
    unchecked: readonly string[],
    room: Promise<void> | undefined,
  ): Promise<boolean> {
    const { inFlight, parker, topicCreation, signal, signals } = this.options;
    await room;
    for (const topic of unchecked) {
      const park = { signal, dependency: 'broker' };
      await parker.persist(`topic:${topic}`, park, async () => topicCreation?.ensure(topic, signal));
    }
    // Invariant 4: a send that failed meanwhile goes first. Looked at again after every wait, so that nothing comes in between.
    for (let full = inFlight.room(signal); full !== undefined; full = inFlight.room(signal)) await full;
    // Invariant 5: what was converted before a recall is converted again.
    if (batch.generation !== signals.generation) return false;
    this.dispatch(batch);
    return true;
  }

  private dispatch(batch: ConvertedBatch): void {
    const { inFlight, submitted, signal } = this.options;
    signal.throwIfAborted();
    const entry = submitted.submit(batch.origins);
    inFlight.send({ ...batch, submitted: entry, positions: null, sequence: this.sequence++ });
  }

  /** Topics that have to be looked at before anything is sent to them. */
  private newTopics(records: readonly ProducerRecord[]): readonly string[] {
    if (this.options.topicCreation === null) return NONE;
    let found: string[] | null = null;
    for (const { topic } of records) {
      if (topic === this.lastTopic) continue;
      this.lastTopic = topic;
      if (this.topics.has(topic)) continue;
      this.topics.add(topic);
      found ??= [];
      found.push(topic);
    }
    return found ?? NONE;
  }
}

/** What is sent in place of a batch that was converted again: less, when records turned out to be bad data and were tolerated. */
export function replacing(batch: SentBatch, fresh: ConvertedBatch): SentBatch {
  return { ...batch, ...fresh, positions: positionsOf(fresh.origins, batch) };
}

/** The indexes of `origins`, a subsequence of the batch's, among all records that were submitted. */
function positionsOf(origins: readonly SourceRecord[], batch: SentBatch): readonly number[] | null {
  if (origins.length === batch.origins.length) return batch.positions;
  let at = -1;
  return origins.map((origin) => {
    at = batch.origins.indexOf(origin, at + 1);
    return batch.positions?.[at] ?? at;
  });
}
