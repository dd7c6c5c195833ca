import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogEntry } from '../../../src/broker/log-reader.ts';
import { type LogAnswer, type LogSource, PassingLogReader } from '../../../src/broker/passing-log-reader.ts';
import { type EncodeBatchOptions, encodeRecordBatch } from '../../../src/broker/record-batch/encode-record-batch.ts';
import { JAVA_BATCHES } from './record-batch/java-batches.ts';

const PLACE = { topic: 't', partition: 0 };

interface StoredBatch {
  readonly base: number;
  readonly last: number;
  readonly bytes: Buffer;
}

/** A broker that knows where each batch begins, and refuses offsets from some on. */
class FakeSource implements LogSource {
  readonly batches: readonly StoredBatch[];
  readonly end: number;
  start = 0;
  refuses: (offset: number) => boolean = () => false;
  hides: (offset: number) => boolean = () => false;
  asked: number[] = [];
  closed = false;

  constructor(batches: readonly StoredBatch[], end: number) {
    this.batches = batches;
    this.end = end;
  }

  async fetch({ offset }: { readonly offset: number }, maxBytes: number): Promise<LogAnswer> {
    this.asked.push(offset);
    if (offset < this.start || offset >= this.end) {
      return { kind: 'outside', startOffset: this.start, endOffset: this.end };
    }
    if (this.hides(offset)) return { kind: 'nothing' };
    if (this.refuses(offset)) return { kind: 'refused', reason: 'the broker found a batch corrupt' };
    const first = this.batches.findIndex(({ last }) => last >= offset);
    if (first < 0) return { kind: 'nothing' };
    const bytes = Buffer.concat(this.batches.slice(first).map((one) => one.bytes));
    const least = this.batches[first]?.bytes.length ?? 0;
    return { kind: 'bytes', bytes: bytes.subarray(0, Math.max(least, maxBytes)), logEnd: this.end };
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

function stored(base: number, texts: readonly string[], options: EncodeBatchOptions = {}): StoredBatch {
  const records = texts.map((text) => ({ key: null, value: Buffer.from(text), headers: [], timestamp: 5 }));
  return { base, last: base + texts.length - 1, bytes: encodeRecordBatch(records, { baseOffset: base, ...options }) };
}

function readerOf(source: LogSource): PassingLogReader {
  return new PassingLogReader({ source, onClose: () => {} });
}

/** Reads up to the end, and fails if a read does not get on. */
async function readAll(source: LogSource, end: number): Promise<LogEntry[]> {
  const reader = readerOf(source);
  const entries: LogEntry[] = [];
  for (let offset = 0; offset < end; ) {
    const chunk = await reader.read({ ...PLACE, offset, end });
    expect(chunk.nextOffset).toBeGreaterThan(offset);
    entries.push(...chunk.entries);
    offset = chunk.nextOffset;
  }
  return entries;
}

const readable = (entries: readonly LogEntry[]): string[] =>
  entries.flatMap((entry) => (entry.kind === 'records' ? entry.records : [])).map((r) => `${r.offset}${r.value}`);
const unreadable = (entries: readonly LogEntry[]): string[] =>
  entries.flatMap((entry) => (entry.kind === 'unreadable' ? [`${entry.baseOffset}-${entry.nextOffset}`] : []));

describe('reading a log as it lies', () => {
  it('comes to the end over a gap that compaction left there', async () => {
    const source = new FakeSource([stored(0, ['a'])], 9);
    expect(readable(await readAll(source, 9))).toEqual(['0a']);
  });

  it('goes on where the log begins, if what lay before it is gone', async () => {
    const source = new FakeSource([stored(4, ['a'])], 5);
    source.start = 4;
    expect(await readerOf(source).read({ ...PLACE, offset: 0, end: 5 })).toEqual({ entries: [], nextOffset: 4 });
    expect(await readerOf(source).read({ ...PLACE, offset: 0, end: 2 })).toEqual({ entries: [], nextOffset: 2 });
  });

  it('says so when the log ends below', async () => {
    const source = new FakeSource([stored(0, ['a'])], 1);
    await expect(readerOf(source).read({ ...PLACE, offset: 1, end: 5 })).rejects.toMatchObject({
      name: 'EnvironmentError',
      message: expect.stringContaining('ends at offset 1'),
    });
  });

  it('takes a batch larger than a chunk whole', async () => {
    const text = 'x'.repeat(3 * 1024 * 1024);
    const source = new FakeSource([stored(0, [text]), stored(1, ['b'])], 2);
    const entries = await readAll(source, 2);
    expect(readable(entries).map((each) => each.length)).toEqual([text.length + 1, 2]);
  });

  it('passes over what the broker itself refuses, and finds the first offset behind it in few questions', async () => {
    const batches = Array.from({ length: 1000 }, (_, n) => stored(n, [`v${n}`]));
    const source = new FakeSource(batches, 1000);
    source.refuses = (offset) => offset >= 100 && offset < 437;
    const refused = await readerOf(source).read({ ...PLACE, offset: 100, end: 1000 });
    expect(refused.entries).toEqual([
      {
        kind: 'unreadable',
        baseOffset: 100,
        nextOffset: 437,
        reason: expect.stringContaining('found a batch corrupt'),
      },
    ]);
    expect(refused.nextOffset).toBe(437);
    expect(source.asked.length).toBeLessThan(25);
  });

  it('takes what damage hides from the broker for no gap', async () => {
    const batches = Array.from({ length: 40 }, (_, n) => stored(n, [`v${n}`]));
    batches[12]?.bytes.writeInt32BE(900_000_000, 8);
    const source = new FakeSource(batches, 40);
    source.hides = (offset) => offset >= 12 && offset < 23;
    for (const from of [12, 15]) {
      const chunk = await readerOf(source).read({ ...PLACE, offset: from, end: 40 });
      expect(readable(chunk.entries)[0]).toBe(from === 12 ? '13v13' : '15v15');
      expect(unreadable(chunk.entries)).toEqual(from === 12 ? ['12-13'] : []);
    }
    // Nor where nothing sound follows, or what does is too far away.
    const last = new FakeSource(batches.slice(0, 13), 13);
    last.hides = (offset) => offset >= 12;
    expect(unreadable((await readerOf(last).read({ ...PLACE, offset: 12, end: 13 })).entries)).toEqual(['12-13']);
  });

  it('ends at the end where nothing behind the damage can be read', async () => {
    const source = new FakeSource([stored(0, ['a'])], 50);
    source.refuses = (offset) => offset >= 7;
    const chunk = await readerOf(source).read({ ...PLACE, offset: 7, end: 50 });
    expect(unreadable(chunk.entries)).toEqual(['7-50']);
    expect(chunk.nextOffset).toBe(50);
  });

  it('loads the codecs that it meets, behind damage too', async () => {
    const base = 4_294_967_396;
    const damaged = stored(base - 1, ['a']);
    damaged.bytes[damaged.bytes.length - 2] = 0x77;
    const batches = [damaged, { base, last: base + 3, bytes: Buffer.from(JAVA_BATCHES.lz4, 'hex') }];
    const reader = readerOf(new FakeSource(batches, base + 4));
    const { entries } = await reader.read({ ...PLACE, offset: base - 1, end: base + 4 });
    expect(unreadable(entries)).toEqual([`${base - 1}-${base}`]);
    expect(readable(entries)).toHaveLength(4);
  });

  it('reads nothing once it is closed or its signal is aborted', async () => {
    const source = new FakeSource([stored(0, ['a'])], 1);
    const reader = readerOf(source);
    await expect(reader.read({ ...PLACE, offset: 0, end: 1 }, AbortSignal.abort(new Error('stop')))).rejects.toThrow(
      'stop',
    );
    await reader.close();
    expect(source.closed).toBe(true);
    await expect(reader.read({ ...PLACE, offset: 0, end: 1 })).rejects.toThrow('closed');
  });

  it('loses no record of a sound batch, and tells each damaged one, wherever the damage is', async () => {
    const oneBatch = fc.record({
      gap: fc.integer({ min: 0, max: 2 }),
      records: fc.integer({ min: 1, max: 3 }),
      /** Which byte is changed, of those behind the base offset, which no checksum covers. */
      damage: fc.option(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { freq: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(oneBatch, { minLength: 1, maxLength: 12 }), async (specs) => {
        let end = 0;
        const sound: string[] = [];
        const lost: number[] = [];
        const batches = specs.map(({ gap, records, damage }) => {
          const base = end + gap;
          const texts = Array.from({ length: records }, (_, n) => `v${base + n}`);
          const batch = stored(base, texts);
          end = batch.last + 1;
          // Bytes 12 to 15, the leader's epoch, are nobody's concern.
          const at = damage === null ? -1 : 8 + (damage[0] % (batch.bytes.length - 8));
          const isDamaged = damage !== null && !(at >= 12 && at < 16);
          if (damage !== null) batch.bytes[at] = (batch.bytes[at] as number) ^ damage[1];
          for (let n = 0; n < records; n++) {
            if (isDamaged) lost.push(base + n);
            else sound.push(`${base + n}${texts[n]}`);
          }
          return batch;
        });
        const entries = await readAll(new FakeSource(batches, end), end);
        expect(readable(entries)).toEqual(sound);
        const ranges = entries.filter(({ kind }) => kind === 'unreadable');
        for (const offset of lost) {
          expect(ranges.some(({ baseOffset, nextOffset }) => baseOffset <= offset && offset < nextOffset)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
