import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRecordBatches } from '../../../../src/broker/record-batch/decode-record-batch.ts';
import { encodeRecordBatch } from '../../../../src/broker/record-batch/encode-record-batch.ts';
import type { BatchRecord } from '../../../../src/broker/record-batch/record.ts';

/* kafkajs's own encoder and decoder, from its sources: a second reading of the format, in both directions. */
interface KafkajsBatch {
  readonly firstOffset: string;
  readonly maxTimestamp: string;
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly inTransaction: boolean;
  readonly isControlBatch: boolean;
  readonly records: readonly {
    readonly offset: string;
    readonly timestamp: string;
    readonly key: Buffer | null;
    readonly value: Buffer | null;
    readonly headers: Readonly<Record<string, Buffer | null>>;
  }[];
}
type Encoded = { readonly buffer: Buffer };
const require = createRequire(import.meta.url);
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch(batch: Readonly<Record<string, unknown>>): Promise<Encoded>;
};
const KafkajsRecord = require('kafkajs/src/protocol/recordBatch/record/v0') as (
  record: Readonly<Record<string, unknown>>,
) => Encoded;
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (
  decoder: object,
) => Promise<KafkajsBatch>;
const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object;
const Long = require('kafkajs/src/utils/long') as { fromValue(value: number): object };

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
// What kafkajs can hold: headers are an object there, so that keys are unique and no numbers (objects sort those first).
const records: fc.Arbitrary<BatchRecord[]> = fc.array(
  fc.record({
    key: fc.option(bytes),
    value: fc.option(bytes),
    headers: fc.uniqueArray(fc.record({ key: fc.stringMatching(/^[a-zé]{1,8}$/), value: bytes }), {
      selector: (header) => header.key,
      maxLength: 4,
    }),
    timestamp: fc.integer({ min: 1_600_000_000_000, max: 1_900_000_000_000 }),
  }),
  { minLength: 1, maxLength: 20 },
);

function encodeWithKafkajs(batch: readonly BatchRecord[], compression: 0 | 1): Promise<Encoded> {
  const firstTimestamp = batch[0]?.timestamp ?? 0;
  return RecordBatch({
    compression,
    firstOffset: Long.fromValue(5_000_000_000),
    firstTimestamp,
    maxTimestamp: Math.max(...batch.map((record) => record.timestamp)),
    partitionLeaderEpoch: 4,
    lastOffsetDelta: batch.length - 1,
    transactional: true,
    producerId: Long.fromValue(8_000_000_000),
    producerEpoch: 2,
    firstSequence: 30,
    records: batch.map((record, n) =>
      KafkajsRecord({
        offsetDelta: n,
        timestampDelta: record.timestamp - firstTimestamp,
        key: record.key,
        value: record.value,
        headers: Object.fromEntries(record.headers.map((header) => [header.key, header.value])),
      }),
    ),
  });
}

const OPTIONS = {
  baseOffset: 5_000_000_000,
  partitionLeaderEpoch: 4,
  producerId: 8_000_000_000,
  producerEpoch: 2,
  baseSequence: 30,
  transactional: true,
};
const hex = (value: Uint8Array | null | undefined): string | null =>
  value === null || value === undefined ? null : Buffer.from(value).toString('hex');

describe('beside kafkajs', () => {
  it('encodes the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(records, async (batch) => {
        const theirs = await encodeWithKafkajs(batch, 0);
        expect(encodeRecordBatch(batch, OPTIONS).toString('hex')).toBe(theirs.buffer.toString('hex'));
      }),
    );
  });

  it.each([
    ['none', 0],
    ['gzip', 1],
  ] as const)('decodes what kafkajs encodes (%s)', async (_, compression) => {
    await fc.assert(
      fc.asyncProperty(records, async (batch) => {
        const theirs = await encodeWithKafkajs(batch, compression);
        const decoded = decodeRecordBatches(theirs.buffer);
        expect(
          decoded.records.map((r) => [
            r.offset,
            r.timestamp,
            hex(r.key),
            hex(r.value),
            r.headers.map((h) => [h.key, hex(h.value)]),
          ]),
        ).toEqual(
          batch.map((r, n) => [
            5_000_000_000 + n,
            r.timestamp,
            hex(r.key),
            hex(r.value),
            r.headers.map((h) => [h.key, hex(h.value)]),
          ]),
        );
      }),
    );
  });

  it.each(['none', 'gzip'] as const)('is decoded by kafkajs (%s)', async (compression) => {
    await fc.assert(
      fc.asyncProperty(records, async (batch) => {
        const theirs = await decodeBatch(new Decoder(encodeRecordBatch(batch, { ...OPTIONS, compression })));
        expect(theirs).toMatchObject({
          firstOffset: '5000000000',
          maxTimestamp: String(Math.max(...batch.map((record) => record.timestamp))),
          producerId: '8000000000',
          producerEpoch: 2,
          firstSequence: 30,
          inTransaction: true,
          isControlBatch: false,
        });
        expect(
          theirs.records.map((r) => [
            r.offset,
            r.timestamp,
            hex(r.key),
            hex(r.value),
            Object.entries(r.headers).map(([key, value]) => [key, hex(value)]),
          ]),
        ).toEqual(
          batch.map((r, n) => [
            String(5_000_000_000 + n),
            String(r.timestamp),
            hex(r.key),
            hex(r.value),
            r.headers.map((h) => [h.key, hex(h.value)]),
          ]),
        );
      }),
    );
  });
});
