import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../../src/broker/kafka/cluster.ts';
import { KafkaFetcher } from '../../../../src/broker/kafka/kafka-fetcher.ts';
import type {
  FetchPartitionResponse,
  FetchRequest,
  FetchResponse,
} from '../../../../src/broker/kafka/protocol/fetch.ts';
import { encodeRecordBatch } from '../../../../src/broker/record-batch/encode-record-batch.ts';
import { silentLogger } from '../../../../src/foundation/logger.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { DEFAULT_WINDOWS } from '../../../../src/foundation/sampled-stat.ts';

const RECORD_BYTES = 1_000;
const RECORDS = 30;

/** One broker that answers every fetch at once, with one batch of one record for each partition that it has more of. */
function fetcherOf(maxBytes: number) {
  const clock = new ManualClock();
  const answer = (request: FetchRequest): FetchResponse => {
    let left = request.maxBytes;
    const partitions: FetchPartitionResponse[] = [];
    for (const { topic, partitions: asked } of request.topics) {
      for (const { partition, offset } of asked) {
        const record = { key: null, value: Buffer.alloc(RECORD_BYTES), headers: [], timestamp: 5 };
        const batch = encodeRecordBatch([record], { baseOffset: offset });
        const isSent = offset < RECORDS && left > 0;
        if (isSent) left -= batch.length;
        const records = isSent ? batch : Buffer.alloc(0);
        partitions.push({
          topic,
          partition,
          errorCode: 0,
          highWatermark: RECORDS,
          logStartOffset: 0,
          abortedTransactions: [],
          records,
        });
      }
    }
    return { errorCode: 0, partitions, throttleMs: 0 };
  };
  const cluster = {
    clock,
    settings: { requestTimeoutMs: 1_000, retryBackoffMs: 100, retryBackoffMaxMs: 1_000, windows: DEFAULT_WINDOWS },
    availability: { close: () => {}, failed: () => {}, worked: () => {} },
    metadata: {
      leader: () => 1,
      watch: () => {},
      unwatch: () => {},
      refreshByAge: () => {},
    },
    request: async (_leader: number, _api: unknown, request: FetchRequest) => {
      await new Promise((resolve) => setImmediate(resolve));
      return answer(request);
    },
    close: () => {},
  } as unknown as Cluster;
  const settings = {
    maxBytes,
    maxPartitionBytes: 1_500,
    minBytes: 1,
    maxWaitMs: 500,
    readCommitted: true,
    checkCrcs: true,
    offsetReset: 'none' as const,
    autoCreateTopics: false,
  };
  return { clock, fetcher: new KafkaFetcher({ cluster, settings, logger: silentLogger, onClose: () => {} }) };
}

describe('a fetcher that has read ahead all that it may', () => {
  it('starves no partition for those that are paused, and loses nothing of them', async () => {
    const { clock, fetcher } = fetcherOf(4_000);
    const places = Array.from({ length: 6 }, (_, partition) => ({ topic: 't', partition }));
    fetcher.add(places.map((place) => ({ ...place, offset: 0 })));
    const settle = async (): Promise<void> => {
      for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
    };
    const seen = places.map((): number[] => []);
    const poll = async (): Promise<void> => {
      const polled = fetcher.poll({ maxRecords: 1, timeoutMs: 100 });
      await settle();
      await clock.advance(100);
      for (const { partition, records } of await polled) seen[partition]?.push(...records.map(({ offset }) => offset));
    };
    await poll();
    await settle();
    // As a sink does whose partitions wait for a schema.
    const parked = places.slice(0, 5);
    fetcher.pause(parked);
    for (let n = 0; n < 3 * RECORDS && seen[5]?.length !== RECORDS; n++) await poll();
    expect(seen[5]).toHaveLength(RECORDS);
    fetcher.resume(parked);
    for (let n = 0; n < 20 * RECORDS && seen.some((offsets) => offsets.length < RECORDS); n++) await poll();
    const all = Array.from({ length: RECORDS }, (_, offset) => offset);
    for (const offsets of seen) expect(offsets).toEqual(all);
    await fetcher.close();
  });
});
