import type { AbortedTransaction } from '../../record-batch/decode-record-batch.ts';
import type { Api } from './api.ts';

export interface FetchRequest {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly readCommitted: boolean;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly offset: number; readonly maxBytes: number }[];
  }[];
}

export interface FetchPartitionResponse {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
  readonly abortedTransactions: readonly AbortedTransaction[];
  /** Whole batches, the last of them perhaps cut off. A view into the answer. */
  readonly records: Buffer;
}

export interface FetchResponse {
  readonly errorCode: number;
  readonly partitions: readonly FetchPartitionResponse[];
  /** So long the broker has held the answer back, for a quota. */
  readonly throttleMs: number;
}

/** Reads batches, without a fetch session. */
export const fetch: Api<FetchRequest, FetchResponse> = {
  name: 'Fetch',
  key: 1,
  versions: [7, 11],
  encode(writer, request, version) {
    writer.int32(-1).int32(request.maxWaitMs).int32(request.minBytes).int32(request.maxBytes);
    writer.int8(request.readCommitted ? 1 : 0);
    writer.int32(0).int32(-1); // no session
    writer.array(request.topics, ({ topic, partitions }) => {
      writer.string(topic).array(partitions, ({ partition, offset, maxBytes }) => {
        writer.int32(partition);
        if (version >= 9) writer.int32(-1); // leader epoch: not known
        writer.int64(offset).int64(-1).int32(maxBytes);
      });
    });
    writer.int32(0); // forgotten topics
    if (version >= 11) writer.string(''); // rack
  },
  decode(reader, version) {
    const throttleMs = reader.int32();
    const errorCode = reader.int16();
    reader.int32(); // session id
    const partitions: FetchPartitionResponse[] = [];
    reader.array(() => {
      const topic = reader.string();
      reader.array(() => {
        const partition = reader.int32();
        const partitionError = reader.int16();
        const highWatermark = reader.int64();
        reader.int64(); // last stable offset
        const logStartOffset = reader.int64();
        const abortedTransactions = reader.array(() => ({ producerId: reader.int64(), firstOffset: reader.int64() }));
        if (version >= 11) reader.int32(); // preferred read replica
        const records = reader.bytes();
        partitions.push({
          topic,
          partition,
          errorCode: partitionError,
          highWatermark,
          logStartOffset,
          abortedTransactions,
          records,
        });
      });
    });
    return { errorCode, partitions, throttleMs };
  },
};

/** Timestamps that stand for the ends of a log. */
export const EARLIEST_TIMESTAMP = -2;
export const LATEST_TIMESTAMP = -1;

export interface ListOffsetsRequest {
  readonly readCommitted: boolean;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly timestamp: number }[];
  }[];
}

export interface ListOffsetsPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  /** -1: no record at or after the timestamp. */
  readonly offset: number;
}

/** The offset of the first record at or after a time, or of an end of the log. */
export const listOffsets: Api<ListOffsetsRequest, readonly ListOffsetsPartition[]> = {
  name: 'ListOffsets',
  key: 2,
  versions: [2, 5],
  encode(writer, { readCommitted, topics }, version) {
    writer.int32(-1).int8(readCommitted ? 1 : 0);
    writer.array(topics, ({ topic, partitions }) => {
      writer.string(topic).array(partitions, ({ partition, timestamp }) => {
        writer.int32(partition);
        if (version >= 4) writer.int32(-1); // leader epoch: not known
        writer.int64(timestamp);
      });
    });
  },
  decode(reader, version) {
    reader.int32(); // throttle time
    const found: ListOffsetsPartition[] = [];
    reader.array(() => {
      const topic = reader.string();
      reader.array(() => {
        const partition = reader.int32();
        const errorCode = reader.int16();
        reader.int64(); // timestamp
        found.push({ topic, partition, errorCode, offset: reader.int64() });
        if (version >= 4) reader.int32(); // leader epoch
      });
    });
    return found;
  },
};
