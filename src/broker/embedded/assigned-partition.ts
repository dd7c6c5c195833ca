/** A partition as a fetcher of the embedded broker holds it. */
import { ConfigError } from '../../sdk/errors/index.ts';
import { OFFSET_OUT_OF_RANGE } from '../broker-errors.ts';
import type { FetchedRecord, TopicPartitionOffset } from '../ports.ts';
import type { ClientLog, LogCursor } from './client-topic.ts';

/** A chunk that was read ahead. */
export interface Chunk {
  readonly bytes: Buffer;
  readonly next: LogCursor;
}

export interface AssignedPartition {
  readonly topic: string;
  readonly partition: number;
  position: number | 'earliest' | 'latest';
  paused: boolean;
  /** What was read for an earlier value of this no longer counts. */
  turn: number;
  reading: boolean;
  /** Where the log begins and ends has been asked since the position was set. */
  isFresh: boolean;
  chunk: Chunk | null;
  /** Of the chunk, once it was decoded; those before `taken` have been handed out. */
  records: readonly FetchedRecord[] | null;
  recordsNext: number;
  taken: number;
  cursor: LogCursor | null;
  log: ClientLog | null;
  stopWaiting: () => void;
}

export function newlyAssigned(
  topic: string,
  partition: number,
  position: number | 'earliest' | 'latest',
): AssignedPartition {
  return {
    topic,
    partition,
    position,
    paused: false,
    turn: 0,
    reading: false,
    isFresh: false,
    chunk: null,
    records: null,
    recordsNext: 0,
    taken: 0,
    cursor: null,
    log: null,
    stopWaiting: () => {},
  };
}

/** With `auto.offset.reset=none`. */
export function outOfRange(place: TopicPartitionOffset, log: ClientLog): ConfigError {
  return new ConfigError(
    `Offset ${place.offset} of topic '${place.topic}', partition ${place.partition}, is not between ${log.startOffset} and ${log.endOffset}, ` +
      'and auto.offset.reset=none. Set another offset for the group, or auto.offset.reset to earliest or latest.',
    { code: OFFSET_OUT_OF_RANGE, details: { ...place } },
  );
}

export function partitionKey(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}
