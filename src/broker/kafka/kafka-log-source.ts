import { EnvironmentError, NotFoundError } from '../../sdk/errors/index.ts';
import { TOPIC_UNKNOWN } from '../broker-errors.ts';
import type { LogAnswer, LogSource } from '../passing-log-reader.ts';
import type { TopicPartition } from '../ports.ts';
import { topicFailure } from './admin-failures.ts';
import type { Cluster } from './cluster.ts';
import { errorForCode, unavailable } from './kafka-errors.ts';
import { ErrorCode, errorCodeName } from './protocol/error-code.ts';
import { EARLIEST_TIMESTAMP, fetch, LATEST_TIMESTAMP, listOffsets } from './protocol/fetch.ts';

type Place = TopicPartition & { readonly offset: number };

/** So often an answer may come without a byte before there is nothing: it may be that of a quota, or of a new leader. */
const EMPTY_ANSWERS = 2;
/** So often a broker may fail without saying why. */
const UNEXPLAINED_ANSWERS = 5;

/** Bytes of a partition, whatever is committed, from its leader. What time may mend is repeated until the caller's signal aborts. */
export class KafkaLogSource implements LogSource {
  private readonly cluster: Cluster;

  constructor(dependencies: { readonly cluster: Cluster }) {
    this.cluster = dependencies.cluster;
  }

  async fetch(place: Place, maxBytes: number, signal?: AbortSignal): Promise<LogAnswer> {
    this.cluster.metadata.watch([place.topic]);
    const seen = { empty: 0, unexplained: 0 };
    let isStale = false;
    return this.cluster.retrying(async () => {
      try {
        const leader = await this.leaderOf(place, isStale);
        return await this.ask(leader, place, maxBytes, seen);
      } catch (error) {
        if (error instanceof EnvironmentError) isStale = true;
        throw error;
      }
    }, signal);
  }

  async close(): Promise<void> {
    this.cluster.close();
  }

  private async ask(
    leader: number,
    { topic, partition, offset }: Place,
    maxBytes: number,
    seen: { empty: number; unexplained: number },
  ): Promise<LogAnswer> {
    const answer = await this.cluster.request(
      leader,
      fetch,
      {
        // What is asked for is there already, or never comes.
        maxWaitMs: 0,
        minBytes: 1,
        maxBytes,
        readCommitted: false,
        topics: [{ topic, partitions: [{ partition, offset, maxBytes }] }],
      },
      { lane: 'fetch' },
    );
    const where = `${topic}-${partition} at offset ${offset}`;
    if (answer.errorCode !== ErrorCode.NONE) throw errorForCode(answer.errorCode, `read ${where}`);
    const part = answer.partitions[0];
    if (part === undefined) throw unavailable(`Kafka did not answer for ${where}.`);
    const { errorCode, records, highWatermark } = part;
    if (errorCode === ErrorCode.CORRUPT_MESSAGE) {
      return { kind: 'refused', reason: 'the broker found a batch corrupt. Check its disk.' };
    }
    if (errorCode === ErrorCode.UNKNOWN_SERVER_ERROR && ++seen.unexplained >= UNEXPLAINED_ANSWERS) {
      return { kind: 'refused', reason: `the broker fails with ${errorCodeName(errorCode)}. Look into its log.` };
    }
    if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) return this.outside(leader, { topic, partition });
    if (errorCode !== ErrorCode.NONE) throw topicFailure(errorCode, `read ${where}`);
    if (records.length > 0) return { kind: 'bytes', bytes: records, logEnd: highWatermark };
    if (++seen.empty < EMPTY_ANSWERS) throw unavailable(`Kafka answered for ${where} without a record.`);
    return highWatermark > offset ? { kind: 'nothing' } : this.outside(leader, { topic, partition });
  }

  private async outside(leader: number, { topic, partition }: TopicPartition): Promise<LogAnswer> {
    const bounds: number[] = [];
    for (const timestamp of [EARLIEST_TIMESTAMP, LATEST_TIMESTAMP]) {
      const request = { readCommitted: false, topics: [{ topic, partitions: [{ partition, timestamp }] }] };
      const [found] = await this.cluster.request(leader, listOffsets, request);
      const code = found?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
      if (found === undefined || code !== ErrorCode.NONE) {
        throw topicFailure(code, `find the ends of ${topic}-${partition}`);
      }
      bounds.push(found.offset);
    }
    const [startOffset = 0, endOffset = 0] = bounds;
    return { kind: 'outside', startOffset, endOffset };
  }

  private async leaderOf({ topic, partition }: Place, isStale: boolean): Promise<number> {
    const { metadata } = this.cluster;
    if (isStale || metadata.leader(topic, partition) < 0) await metadata.refresh();
    const described = metadata.topic(topic);
    const code = described?.errorCode ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    if (code !== ErrorCode.NONE) throw topicFailure(code, `find topic '${topic}'`);
    if (described?.partitions.some((candidate) => candidate.partition === partition) !== true) {
      throw new NotFoundError(`Topic '${topic}' has no partition ${partition}.`, { code: TOPIC_UNKNOWN });
    }
    const leader = metadata.leader(topic, partition);
    if (leader < 0) throw unavailable(`No broker leads ${topic}-${partition} at present.`);
    return leader;
  }
}
