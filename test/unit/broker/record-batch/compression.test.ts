import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Codec, MAX_DECOMPRESSED_BYTES } from '../../../../src/broker/record-batch/codec.ts';
import { loadCodec } from '../../../../src/broker/record-batch/compression.ts';
import { codecsToLoad, decodeRecordBatches } from '../../../../src/broker/record-batch/decode-record-batch.ts';
import { encodeRecordBatch } from '../../../../src/broker/record-batch/encode-record-batch.ts';
import { type BatchRecord, NO_HEADERS } from '../../../../src/broker/record-batch/record.ts';
import { openWasmZstdCodec } from '../../../../src/broker/record-batch/zstd-codec.ts';
import { arbitraryRecords, asDecodedText, asText } from './arbitrary-records.ts';
import { JAVA_BATCHES, JAVA_RECORDS } from './java-batches.ts';

const COMPRESSIONS = ['gzip', 'snappy', 'lz4', 'zstd'] as const;

const repetitive: BatchRecord[] = Array.from({ length: 2000 }, (_, n) => ({
  key: null,
  value: Buffer.from(`value ${n} ${'abc'.repeat(30)}`),
  headers: NO_HEADERS,
  timestamp: 1_700_000_000_000 + n,
}));

describe.each(COMPRESSIONS)('%s', (compression) => {
  beforeAll(async () => {
    await loadCodec(compression);
  });

  it('gives back any records', () => {
    fc.assert(
      fc.property(arbitraryRecords, (records) => {
        const encoded = encodeRecordBatch(records, { compression });
        expect(asText(decodeRecordBatches(encoded).records)).toEqual(asDecodedText(records));
      }),
      { numRuns: 50 },
    );
  });

  it('makes a batch of like records smaller, and gives them back', () => {
    const encoded = encodeRecordBatch(repetitive, { compression });
    expect(encoded.length).toBeLessThan(encodeRecordBatch(repetitive).length / 4);
    expect(asText(decodeRecordBatches(encoded).records)).toEqual(asDecodedText(repetitive));
  });

  it("reads what Kafka's own client wrote", () => {
    const batch = Buffer.from(JAVA_BATCHES[compression], 'hex');
    const decoded = decodeRecordBatches(batch);
    expect(decoded.records).toEqual(JAVA_RECORDS);
    expect(decoded.nextOffset).toBe(JAVA_RECORDS[0]?.offset === undefined ? 0 : JAVA_RECORDS[0].offset + 4);
  });

  it('refuses what is no frame, or is cut off, with a typed error', () => {
    const encoded = encodeRecordBatch(repetitive, { compression });
    const noFrame = Buffer.concat([encoded.subarray(0, 61), Buffer.alloc(40, 0xff)]);
    noFrame.writeInt32BE(noFrame.length - 12, 8);
    const cut = Buffer.from(encoded.subarray(0, encoded.length - 30));
    cut.writeInt32BE(cut.length - 12, 8);
    for (const bad of [noFrame, cut]) {
      expect(() => decodeRecordBatches(bad, { checkCrc: false })).toThrow(
        expect.objectContaining({
          code: 'holdfast.broker.corrupt-batch',
          message: expect.stringContaining(compression),
        }),
      );
    }
    // And works on.
    expect(decodeRecordBatches(encoded).records).toHaveLength(repetitive.length);
  });
});

it("reads what Kafka's own client wrote uncompressed, and writes the same bytes", () => {
  const batch = Buffer.from(JAVA_BATCHES.none, 'hex');
  expect(decodeRecordBatches(batch).records).toEqual(JAVA_RECORDS);
  const encoded = encodeRecordBatch(JAVA_RECORDS, {
    baseOffset: 4_294_967_396,
    partitionLeaderEpoch: 5,
    producerId: 7_000_000_000,
    producerEpoch: 3,
    baseSequence: 12,
    transactional: true,
  });
  expect(encoded.toString('hex')).toBe(JAVA_BATCHES.none);
});

describe('the forms that other clients read', () => {
  const records = repetitive.slice(0, 900); // three blocks of snappy
  const plain = encodeRecordBatch(records).subarray(61);
  const body = (compression: (typeof COMPRESSIONS)[number]): Buffer =>
    encodeRecordBatch(records, { compression }).subarray(61);

  beforeAll(async () => {
    for (const compression of COMPRESSIONS) await loadCodec(compression);
  });

  it('gzip: an RFC 1952 stream of the records', () => {
    expect(gunzipSync(body('gzip')).equals(plain)).toBe(true);
  });

  it("snappy: snappy-java's header, then blocks of 32 KiB", async () => {
    const { uncompressSync } = await import('snappy');
    const bytes = body('snappy');
    expect(bytes.subarray(0, 16).toString('hex')).toBe('82534e41505059000000000100000001');
    const blocks: Buffer[] = [];
    for (let at = 16; at < bytes.length; ) {
      const length = bytes.readInt32BE(at);
      blocks.push(uncompressSync(bytes.subarray(at + 4, at + 4 + length)) as Buffer);
      at += 4 + length;
    }
    expect(blocks.slice(0, -1).every((block) => block.length === 32 * 1024)).toBe(true);
    expect(blocks.length).toBeGreaterThan(2);
    expect(Buffer.concat(blocks).equals(plain)).toBe(true);
  });

  it('snappy: raw blocks and streams after one another are read too', async () => {
    const { compressSync } = await import('snappy');
    const codec = await loadCodec('snappy');
    expect(codec.decompress(compressSync(plain)).equals(plain)).toBe(true);
    const twice = Buffer.concat([body('snappy'), body('snappy')]);
    expect(codec.decompress(twice).equals(Buffer.concat([plain, plain]))).toBe(true);
  });

  it('lz4: a frame of version 1 with independent blocks, which is all that Kafka reads', () => {
    const bytes = body('lz4');
    expect(bytes.readUInt32LE(0)).toBe(0x184d2204);
    expect(bytes.readUInt8(4) >> 6).toBe(1);
    expect(bytes.readUInt8(4) & 0x20).toBe(0x20);
    expect((bytes.readUInt8(5) >> 4) & 7).toBeGreaterThanOrEqual(4);
  });

  it('lz4: is refused when it may decompress to more than the limit', async () => {
    const codec = await loadCodec('lz4');
    const bomb = codec.compress(Buffer.alloc(MAX_DECOMPRESSED_BYTES + 1));
    expect(() => codec.decompress(bomb)).toThrow('more than 268435456 bytes');
    expect(codec.decompress(codec.compress(plain)).equals(plain)).toBe(true);
  });

  it('snappy: is refused when a block states more than the limit', async () => {
    const codec = await loadCodec('snappy');
    const block = Buffer.from(`8180808001${'00'.repeat(20)}`, 'hex'); // 2^28 + 1
    expect(() => codec.decompress(block)).toThrow('more than 268435456 bytes');
  });

  it('zstd: an RFC 8878 frame', () => {
    expect(body('zstd').readUInt32LE(0)).toBe(0xfd2fb528);
  });
});

describe('zstd over WebAssembly, as on Node 20', () => {
  let codec: Codec;
  beforeAll(async () => {
    codec = await openWasmZstdCodec();
  });

  it('writes and reads on when it is opened again, by another copy of this module say', async () => {
    const text = Buffer.from('zstd'.repeat(50));
    const again = await openWasmZstdCodec();
    for (const each of [codec, again, codec]) {
      expect(Buffer.from(each.compress(text)).readUInt32LE(0)).toBe(0xfd2fb528);
      expect(each.decompress(each.compress(text)).equals(text)).toBe(true);
    }
  });

  it('reads frames that do not state their size, however large', () => {
    // Java's writers state none: the Java batch above has such a frame.
    const java = Buffer.from(JAVA_BATCHES.zstd, 'hex').subarray(61);
    expect(java.readUInt8(4) & 0xe0).toBe(0);
    expect(codec.decompress(java).length).toBe(Buffer.from(JAVA_BATCHES.none, 'hex').length - 61);
    const large = Buffer.alloc(5_000_000, 'some text that is repeated ');
    expect(codec.decompress(withoutContentSize(Buffer.from(codec.compress(large)))).equals(large)).toBe(true);
  });

  it('does not make room for a size that a damaged frame states', () => {
    const huge = Buffer.from('28b52ffde0ffffffffffff0f00010000', 'hex');
    expect(() => codec.decompress(huge)).toThrow('more than 268435456 bytes');
    expect(() => codec.decompress(Buffer.from('28b52ffde0ff', 'hex'))).toThrow('ends inside its header');
    expect(() => codec.decompress(Buffer.from('000000000000', 'hex'))).toThrow('no Zstandard frame');
  });

  /** Rewrites a single-segment or sized header as one with a window of 8 MiB and no content size. */
  function withoutContentSize(frame: Buffer): Buffer {
    const descriptor = frame.readUInt8(4);
    const single = (descriptor & 0x20) !== 0;
    const flag = descriptor >> 6;
    const sizeBytes = flag === 0 ? (single ? 1 : 0) : 2 ** flag;
    const rest = frame.subarray(5 + (single ? 0 : 1) + sizeBytes);
    return Buffer.concat([frame.subarray(0, 4), Buffer.from([descriptor & 0x04, 13 << 3]), rest]);
  }
});

describe('codecs that are not there', () => {
  afterEach(() => {
    vi.doUnmock('snappy');
    vi.resetModules();
  });

  it('says which package is missing, as a configuration error', async () => {
    vi.resetModules();
    vi.doMock('snappy', () => {
      throw new Error("Cannot find package 'snappy'");
    });
    const fresh = await import('../../../../src/broker/record-batch/compression.ts');
    await expect(fresh.loadCodec('snappy')).rejects.toMatchObject({
      name: 'CodecUnavailableError',
      code: 'holdfast.broker.codec-unavailable',
      message: expect.stringContaining("needs the npm package 'snappy'"),
      details: { compression: 'snappy', packageName: 'snappy' },
    });
  });

  it('a codec that was not loaded is named by encoder and decoder, and by codecsToLoad beforehand', async () => {
    vi.resetModules();
    const compression = await import('../../../../src/broker/record-batch/compression.ts');
    const encoder = await import('../../../../src/broker/record-batch/encode-record-batch.ts');
    const decoder = await import('../../../../src/broker/record-batch/decode-record-batch.ts');
    const lz4 = Buffer.from(JAVA_BATCHES.lz4, 'hex');
    const run = Buffer.concat([
      Buffer.from(JAVA_BATCHES.gzip, 'hex'),
      lz4,
      lz4,
      Buffer.from(JAVA_BATCHES.snappy, 'hex'),
    ]);

    const notLoaded = expect.objectContaining({ code: 'holdfast.broker.codec-not-loaded', compression: 'lz4' });
    expect(() => encoder.encodeRecordBatch(repetitive, { compression: 'lz4' })).toThrow(notLoaded);
    expect(() => decoder.decodeRecordBatches(lz4)).toThrow(notLoaded);
    expect(decoder.codecsToLoad(run)).toEqual(['lz4', 'snappy']);
    // The batch before it is not lost.
    expect(decoder.decodeRecordBatches(run).records).toHaveLength(4);

    for (const name of decoder.codecsToLoad(run)) await compression.loadCodec(name);
    expect(decoder.codecsToLoad(run)).toEqual([]);
    expect(decoder.decodeRecordBatches(run).records).toHaveLength(16);
  });

  it('is opened once however many ask for it at the same time', async () => {
    vi.resetModules();
    const fresh = await import('../../../../src/broker/record-batch/compression.ts');
    const [first, second] = await Promise.all([fresh.loadCodec('snappy'), fresh.loadCodec('snappy')]);
    expect(second).toBe(first);
    expect(await fresh.loadCodec('snappy')).toBe(first);
    expect(fresh.loadedCodec('snappy')).toBe(first);
  });

  it('codecsToLoad leaves damaged and cut batches to the decoder', () => {
    expect(codecsToLoad(Buffer.alloc(100))).toEqual([]);
    expect(codecsToLoad(Buffer.alloc(10))).toEqual([]);
  });
});
