import type { LogReader } from '../../broker/log-reader.ts';
import type { Admin, Broker, ClientOptions } from '../../broker/ports.ts';
import { type Clock, systemClock } from '../../foundation/clock.ts';
import { EnvironmentError, NotFoundError } from '../../sdk/errors/index.ts';
import type { RawRecord } from '../records/raw-record.ts';
import type { RecordSink } from '../snapshot/record-sink.ts';
import type { TopicFacts } from '../snapshot/topic-facts.ts';
import { lookForTopic } from './look-for-topic.ts';
import { LogObserver } from './seen-in-log.ts';
import { TOPIC_CHANGED } from './topic-errors.ts';

export interface SpoolProgress {
  /** Handed over so far. */
  readonly records: number;
  /** Up to where the log was read, of `endOffset`. */
  readonly offset: number;
  readonly endOffset: number;
}

export interface SpoolTopicInput {
  readonly broker: Pick<Broker, 'logReader' | 'admin'>;
  /** Settings of a consumer. */
  readonly client: ClientOptions;
  /** As `readTopicFacts` read them: what is read goes to their `endOffset` at least. */
  readonly facts: TopicFacts;
  /** Where to begin; where they begin unless told. */
  readonly from?: number;
  /** Those of a snapshot that ends at `from`: what was seen below it is told again. */
  readonly before?: TopicFacts;
  /** Ends at the facts' end in any case, for who wants a piece of the log and no snapshot. */
  readonly endsThere?: boolean;
  /** Gets every record, those of aborted transactions among them: registries of both vendors read uncommitted. */
  readonly writer: RecordSink;
  readonly onProgress?: (progress: SpoolProgress) => void;
  readonly clock?: Clock;
}

/** A registry writes seldom: mostly the first end is the last. Who writes all the time must not keep us reading for ever. */
const MOST_ENDS = 10;

/**
 * Reads partition 0 of a registry's topic from `from` to a fixed end into a sink, and resolves with the facts completed by what the log
 * showed, and where it ended: transaction markers, transactional and aborted records, unreadable ranges, which are passed over.
 *
 * What is read is consistent by itself: of every key it holds the last record below the `endOffset` of the facts that it resolves with (where
 * it goes on from a snapshot, together with that one). For compaction takes a record only for the sake of a newer one of its key: if the log
 * still ends where reading did, that one was read too; if the log has grown meanwhile, it may lie beyond, and it is read on to the new end.
 * After the tenth end that moved it is left at that, and the facts say `endMoved`: then a key may be missing that the next, incremental
 * reading brings. Two things are not covered: a tombstone that was read no more because `delete.retention.ms` (a day) ran out while we read,
 * and `endsThere`.
 *
 * @throws EnvironmentError `holdfast.recovery.topic-changed` when the topic was made anew meanwhile; what {@link LogReader} and the sink
 *   throw
 */
export async function spoolTopic(input: SpoolTopicInput, signal: AbortSignal): Promise<TopicFacts> {
  const { broker, client, facts } = input;
  const { topic } = facts;
  const reading = new Reading(input);
  const reader = broker.logReader(client);
  const admin = broker.admin(client);
  try {
    let end = facts.endOffset;
    let endMoved = false;
    for (let ends = 1; ; ends++) {
      await reading.readTo(end, reader, signal);
      if (input.endsThere === true) break;
      const now = await endOf(topic, admin, signal);
      endMoved = now > end && ends === MOST_ENDS;
      if (now <= end || endMoved) break;
      end = now;
    }
    await sameTopic(input, admin, signal);
    return { ...facts, ...reading.observer.seen(), endOffset: end, ...(endMoved ? { endMoved } : {}) };
  } finally {
    await reader.close();
    await admin.close();
  }
}

class Reading {
  readonly observer: LogObserver;
  private readonly input: SpoolTopicInput;
  private offset: number;
  private records = 0;

  constructor(input: SpoolTopicInput) {
    this.input = input;
    this.observer = new LogObserver(input.before);
    this.offset = input.from ?? input.facts.beginOffset;
  }

  async readTo(end: number, reader: LogReader, signal: AbortSignal): Promise<void> {
    const { facts, writer, onProgress } = this.input;
    while (this.offset < end) {
      const chunk = await reader.read({ topic: facts.topic, partition: 0, offset: this.offset, end }, signal);
      const found: RawRecord[] = [];
      for (const entry of chunk.entries) {
        this.observer.see(entry);
        if (entry.kind === 'records') for (const record of entry.records) found.push(record);
      }
      if (found.length > 0) await writer.append(found);
      this.records += found.length;
      this.offset = chunk.nextOffset;
      onProgress?.({ records: this.records, offset: this.offset, endOffset: end });
    }
  }
}

/** -1 where the topic is gone. */
async function endOf(topic: string, admin: Admin, signal: AbortSignal): Promise<number> {
  try {
    const [end = -1] = await admin.listOffsets([{ topic, partition: 0, at: 'latest' }], signal);
    return end;
  } catch (error) {
    if (error instanceof NotFoundError) return -1;
    throw error;
  }
}

async function sameTopic(
  { facts, clock = systemClock }: SpoolTopicInput,
  admin: Admin,
  signal: AbortSignal,
): Promise<void> {
  const { topic, topicId } = facts;
  const now = await lookForTopic({ admin, clock }, { topic, topicId }, signal);
  if (now !== null && now.id === topicId) return;
  throw new EnvironmentError(
    `Topic '${topic}' was ${now === null ? 'deleted' : 'made anew'} while it was read. What was read is of no use: begin again.`,
    { code: TOPIC_CHANGED, details: { topic } },
  );
}
