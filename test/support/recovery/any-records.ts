import fc from 'fast-check';
import type { RawRecord } from '../../../src/recovery/records/raw-record.ts';

const bytes = fc.oneof(
  fc.constant(null),
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((text): Uint8Array => new TextEncoder().encode(text)),
);

const header = fc.record({ key: fc.string({ unit: 'grapheme', maxLength: 8 }), value: bytes });

/** A log of whatever bytes a topic can hold, with the gaps that compaction and control records leave. */
export const anyRecords: fc.Arbitrary<readonly RawRecord[]> = fc
  .array(
    fc.record({
      gap: fc.oneof(fc.constant(0), fc.nat({ max: 50 })),
      timestamp: fc.oneof(fc.constant(-1), fc.nat(), fc.constant(Date.UTC(2026, 10, 29))),
      timestampType: fc.constantFrom('CreateTime' as const, 'LogAppendTime' as const),
      key: bytes,
      value: bytes,
      headers: fc.array(header, { maxLength: 3 }),
    }),
    { maxLength: 60, size: 'max' },
  )
  .map((records) => {
    let offset = -1;
    return records.map(({ gap, ...record }) => {
      offset += 1 + gap;
      return { offset, ...record };
    });
  });
