import type { Api } from './api.ts';
import { WireWriter } from './wire.ts';

export interface ProducePartition {
  readonly partition: number;
  /** One record batch. */
  readonly batch: Buffer;
}

export interface ProduceRequest {
  readonly timeoutMs: number;
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly ProducePartition[] }[];
}

export interface ProducePartitionResponse {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly baseOffset: number;
  /** The records at fault, by index in the batch, where the broker says so (KIP-467). */
  readonly recordErrors: readonly { readonly index: number; readonly message: string | null }[];
  readonly errorMessage: string | null;
}

export interface ProduceResponse {
  readonly partitions: readonly ProducePartitionResponse[];
  /** So long the broker has held the answer back, for a quota. */
  readonly throttleMs: number;
}

/** Appends batches, acks=all, outside of transactions. Its body is encoded by {@link encodeProduce}. */
export const produce: Omit<Api<ProduceRequest, ProduceResponse>, 'encode'> = {
  name: 'Produce',
  key: 0,
  versions: [3, 8],
  decode(reader, version) {
    const partitions: ProducePartitionResponse[] = [];
    reader.array(() => {
      const topic = reader.string();
      reader.array(() => {
        const partition = reader.int32();
        const errorCode = reader.int16();
        const baseOffset = reader.int64();
        reader.int64(); // log append time
        if (version >= 5) reader.int64(); // log start offset
        const recordErrors =
          version >= 8 ? reader.array(() => ({ index: reader.int32(), message: reader.nullableString() })) : [];
        const errorMessage = version >= 8 ? reader.nullableString() : null;
        partitions.push({ topic, partition, errorCode, baseOffset, recordErrors, errorMessage });
      });
    });
    return { partitions, throttleMs: reader.int32() };
  },
};

/** The body in pieces, of which the batches are not copied. All versions spoken here are alike. */
export function encodeProduce(request: ProduceRequest): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let writer = new WireWriter();
  writer.nullableString(null).int16(-1).int32(request.timeoutMs).int32(request.topics.length);
  for (const { topic, partitions } of request.topics) {
    writer.string(topic).int32(partitions.length);
    for (const { partition, batch } of partitions) {
      writer.int32(partition).int32(batch.length);
      pieces.push(writer.done(), batch);
      writer = new WireWriter(64);
    }
  }
  const rest = writer.done();
  if (rest.length > 0) pieces.push(rest);
  return pieces;
}

/** A producer id for an idempotent producer without transactions. */
export const initProducerId: Api<null, { errorCode: number; producerId: number; epoch: number }> = {
  name: 'InitProducerId',
  key: 22,
  versions: [0, 1],
  encode(writer) {
    writer.nullableString(null).int32(0x7fff_ffff);
  },
  decode(reader) {
    reader.int32(); // throttle time
    return { errorCode: reader.int16(), producerId: reader.int64(), epoch: reader.int16() };
  },
};
