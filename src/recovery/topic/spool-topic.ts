import type { Broker, ClientOptions } from '../../broker/ports.ts';
import { type Clock, systemClock } from '../../foundation/clock.ts';
import { EnvironmentError } from '../../sdk/errors/index.ts';
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
  /** As `readTopicFacts` read them: what is read ends at their `endOffset`, whatever is written meanwhile. */
  readonly facts: TopicFacts;
  /** Where to begin; where they begin unless told. */
  readonly from?: number;
  /** Those of a snapshot that ends at `from`: what was seen below it is told again. */
  readonly before?: TopicFacts;
  /** Gets every record, those of aborted transactions among them: registries of both vendors read uncommitted. */
  readonly writer: RecordSink;
  readonly onProgress?: (progress: SpoolProgress) => void;
  readonly clock?: Clock;
}

/**
 * Reads partition 0 of a registry's topic from `from` to the fixed end into a sink, and resolves with the facts completed by what the log
 * showed: transaction markers, transactional and aborted records, unreadable ranges, which are passed over.
 *
 * A topic that is written to and compacted at this very time may lose a record to one that lies above the end; the next, incremental
 * reading brings that one.
 *
 * @throws EnvironmentError `holdfast.recovery.topic-changed` when the topic was made anew meanwhile; what {@link LogReader} and the sink
 *   throw
 */
export async function spoolTopic(input: SpoolTopicInput, signal: AbortSignal): Promise<TopicFacts> {
  const { broker, client, facts, writer, onProgress } = input;
  const { topic, endOffset } = facts;
  const observer = new LogObserver(input.before);
  const reader = broker.logReader(client);
  try {
    let offset = input.from ?? facts.beginOffset;
    let records = 0;
    while (offset < endOffset) {
      const chunk = await reader.read({ topic, partition: 0, offset, end: endOffset }, signal);
      const found: RawRecord[] = [];
      for (const entry of chunk.entries) {
        observer.see(entry);
        if (entry.kind === 'records') for (const record of entry.records) found.push(record);
      }
      if (found.length > 0) await writer.append(found);
      records += found.length;
      offset = chunk.nextOffset;
      onProgress?.({ records, offset, endOffset });
    }
  } finally {
    await reader.close();
  }
  await sameTopic(input, signal);
  return { ...facts, ...observer.seen() };
}

async function sameTopic(
  { broker, client, facts, clock = systemClock }: SpoolTopicInput,
  signal: AbortSignal,
): Promise<void> {
  const admin = broker.admin({ settings: client.settings, logger: client.logger });
  try {
    const { topic, topicId } = facts;
    const now = await lookForTopic({ admin, clock }, { topic, topicId }, signal);
    if (now !== null && now.id === facts.topicId) return;
    throw new EnvironmentError(
      `Topic '${facts.topic}' was ${now === null ? 'deleted' : 'made anew'} while it was read. What was read is of no use: begin again.`,
      { code: TOPIC_CHANGED, details: { topic: facts.topic } },
    );
  } finally {
    await admin.close();
  }
}
