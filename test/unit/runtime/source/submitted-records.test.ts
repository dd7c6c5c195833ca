import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyOf, type SubmittedBatch, SubmittedRecords } from '../../../../src/runtime/source/submitted-records.ts';
import { SourceRecord } from '../../../../src/sdk/record/source-record.ts';
import { record } from './source-harness.ts';

/** The straightforward model: one entry per record. */
class Model {
  private readonly queues = new Map<string, { offset: number; state: 'open' | 'acknowledged' | 'lost' }[]>();

  submit(partition: string, offset: number): { offset: number; state: 'open' | 'acknowledged' | 'lost' } {
    const entry = { offset, state: 'open' as const };
    const queue = this.queues.get(partition) ?? [];
    queue.push(entry);
    this.queues.set(partition, queue);
    return entry;
  }

  committable(): Map<string, number> {
    const result = new Map<string, number>();
    for (const [partition, queue] of this.queues) {
      for (let first = queue[0]; first?.state === 'acknowledged'; first = queue[0]) {
        result.set(partition, first.offset);
        queue.shift();
      }
    }
    return result;
  }
}

function committed(submitted: SubmittedRecords): Map<string, unknown> {
  return new Map(
    submitted.committable().map(({ partition, offset }) => [String(partition['file']), offset['position']]),
  );
}

describe('SubmittedRecords', () => {
  it('invariant 1: equals a queue entry per record, whatever the order of acknowledgements and losses', () => {
    const batches = fc.array(
      fc.array(fc.record({ partition: fc.constantFrom('a', 'b', 'c'), isLost: fc.boolean().map((lost) => lost) }), {
        minLength: 1,
        maxLength: 6,
      }),
      { maxLength: 12 },
    );
    const steps = fc.array(fc.oneof(fc.nat(11), fc.constant('commit' as const)), { maxLength: 40 });
    const shared = new Map(['a', 'b', 'c'].map((file) => [file, { file }]));
    fc.assert(
      fc.property(batches, steps, fc.boolean(), fc.integer({ min: 0, max: 4 }), (plan, order, isSharing, lossRate) => {
        const submitted = new SubmittedRecords();
        const model = new Model();
        let position = 0;
        const open: { batch: SubmittedBatch; entries: ReturnType<Model['submit']>[]; lost: number[] }[] = [];
        for (const items of plan) {
          const lost: number[] = [];
          const records = items.map(({ partition, isLost }, index) => {
            if (isLost && lossRate === 0) lost.push(index);
            return new SourceRecord({
              sourcePartition: isSharing ? (shared.get(partition) ?? null) : { file: partition },
              sourceOffset: { position: position++ },
              topic: 't',
              value: null,
            });
          });
          const entries = records.map((each, index) =>
            model.submit(items[index]?.partition ?? '', Number(each.sourceOffset?.['position'])),
          );
          open.push({ batch: submitted.submit(records), entries, lost });
        }
        for (const each of [...order, ...plan.map((_, index) => index), 'commit' as const]) {
          if (each === 'commit') {
            expect(committed(submitted)).toEqual(model.committable());
            continue;
          }
          const target = open[each];
          if (target === undefined) continue;
          submitted.acknowledge(target.batch, target.lost);
          target.entries.forEach((entry, index) => {
            entry.state = target.lost.includes(index) ? 'lost' : 'acknowledged';
          });
        }
        if (lossRate > 0) expect(submitted.pending).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('knows equal partitions by content, whatever the order of their entries', () => {
    expect(keyOf({ a: 1, b: 'x' })).toBe(keyOf({ b: 'x', a: 1 }));
    expect(keyOf({ a: 1 })).not.toBe(keyOf({ a: '1' }));
    expect(keyOf({ a: 1n })).not.toBe(keyOf({ a: 1 }));
  });

  it('is not misled by a task that changes and reuses its partition and offset objects', () => {
    const submitted = new SubmittedRecords();
    const partition = { file: 'a' };
    const offset = { position: 0 };
    const make = (): SourceRecord =>
      new SourceRecord({ sourcePartition: partition, sourceOffset: offset, topic: 't', value: null });
    const first = submitted.submit([make()]);
    partition.file = 'b';
    offset.position = 7;
    const second = submitted.submit([make()]);
    submitted.acknowledge(first);
    expect(committed(submitted)).toEqual(new Map([['a', 0]]));
    submitted.acknowledge(second);
    expect(committed(submitted)).toEqual(new Map([['b', 7]]));
  });

  it('forgets partitions that have nothing open', () => {
    const submitted = new SubmittedRecords();
    for (let file = 0; file < 100; file++) {
      submitted.acknowledge(submitted.submit([record('v', 1, `f${file}`)]));
    }
    submitted.committable();
    expect(submitted.openPartitions).toBe(0);
    const again = submitted.submit([record('v', 2, 'f1')]);
    submitted.acknowledge(again);
    expect(committed(submitted)).toEqual(new Map([['f1', 2]]));
  });

  it('does not track records without a source partition or offset', () => {
    const submitted = new SubmittedRecords();
    const batch = submitted.submit([
      new SourceRecord({ sourcePartition: null, sourceOffset: null, topic: 't', value: 1 }),
    ]);
    expect(submitted.pending).toBe(0);
    submitted.acknowledge(batch);
    expect(submitted.committable()).toEqual([]);
  });
});
