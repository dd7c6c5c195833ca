import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { DELIVERY_TIMEOUT } from '../../../../src/broker/broker-errors.ts';
import type { ProducerRecord } from '../../../../src/broker/ports.ts';
import { DataError, EnvironmentError, IntegrityError } from '../../../../src/sdk/errors/index.ts';
import { type RecordRange, RecordRanges } from '../../../../src/sdk/record/record-ranges.ts';
import type { SourceRecord } from '../../../../src/sdk/record/source-record.ts';
import { closedGate, settle, snapshot, TOLERATE_ALL } from '../fake-task-edges.ts';
import { record, type SourceHarnessOptions, sourceHarness } from './source-harness.ts';

const GATE = 'g';
const textOf = ({ value }: ProducerRecord): string => Buffer.from(value ?? []).toString();

/** What the converter writes changes with every recall, as ids do that a registry lost and gave out again. */
function recallable(options: SourceHarnessOptions = {}) {
  const transformed = new Map<string, number>();
  const h = sourceHarness({
    steps: [
      {
        alias: 'count',
        className: 'Count',
        predicate: null,
        transformation: {
          config: () => undefined as never,
          configure: () => {},
          apply: (each: SourceRecord) => {
            transformed.set(String(each.value), (transformed.get(String(each.value)) ?? 0) + 1);
            return each.newRecord({ value: `${each.value}!` });
          },
        },
      },
    ],
    ...options,
  });
  let version = 1;
  const converter = h.converters.stringValue;
  const convert = converter.fromConnectData.bind(converter);
  converter.fromConnectData = (topic, schema, value) => convert(topic, schema, `${value}@${version}`);
  const recall = (): void => {
    version++;
    h.signals.recall();
  };
  return { ...h, recall, transformed, version: () => version };
}

const values = (from: number, to: number): SourceRecord[] =>
  Array.from({ length: to - from }, (_, index) => record(`v${from + index}`, from + index));

describe('buffers of a source task that hold what is suspect', () => {
  it('invariant 5: converts again what waits for room, and sends none of the old bytes', async () => {
    const h = recallable({ hostSettings: { 'max.inflight.batches': '1' } });
    h.producer.isHolding = true;
    h.task.add(values(0, 1), values(1, 4));
    const done = h.run();
    await settle();
    h.producer.underWay.add(h.producer.held[0]?.records ?? []);
    h.recall();
    await settle();
    h.producer.release();
    await settle();
    h.producer.release();
    await settle();
    expect(h.producer.values()).toEqual(['v0!@1', 'v1!@2', 'v2!@2', 'v3!@2']);
    expect([...h.transformed.values()]).toEqual([1, 1, 1, 1]);
    h.worker.stop();
    expect((await done).failure).toBeNull();
    expect(h.storedOffset()).toEqual({ position: 3 });
  });

  it('invariant 5: takes back what waits in the producer, converts it again, and keeps the order', async () => {
    const h = recallable();
    h.producer.isHolding = true;
    h.task.add(values(0, 1), values(1, 3), values(3, 4));
    const done = h.run();
    await settle();
    h.producer.underWay.add(h.producer.held[0]?.records ?? []);
    h.recall();
    await settle();
    // Nothing goes while what was sent before is still under way.
    expect(h.producer.batches).toHaveLength(3);
    h.task.add(values(4, 5));
    await settle();
    h.producer.isHolding = false;
    h.producer.release();
    await settle();
    expect(h.producer.values()).toEqual(['v0!@1', 'v1!@2', 'v2!@2', 'v3!@2', 'v4!@2']);
    expect([...h.transformed.values()]).toEqual([1, 1, 1, 1, 1]);
    // It is no outage, so it is not shown as one.
    expect(h.link.parks).toEqual([]);
    h.worker.stop();
    expect((await done).failure).toBeNull();
    expect(h.storedOffset()).toEqual({ position: 4 });
    expect(h.task.committed.map(([value]) => value)).toEqual(['v0', 'v1', 'v2', 'v3', 'v4']);
  });

  it('invariant 5: converts again what a send gave back after delivery.timeout.ms, if it was recalled since', async () => {
    const h = recallable();
    h.producer.isHolding = true;
    h.task.add(values(0, 1));
    const done = h.run();
    await settle();
    const [held] = h.producer.held.splice(0);
    h.recall();
    held?.answer.reject(new EnvironmentError('late', { code: DELIVERY_TIMEOUT }));
    h.producer.isHolding = false;
    await h.clock.advance(1_000);
    expect(h.producer.values()).toEqual(['v0!@2']);
    h.worker.stop();
    expect((await done).failure).toBeNull();
  });

  it('waits for the registry when what was taken back can not be converted now, and lets nothing overtake it', async () => {
    const gates = closedGate(GATE);
    const h = recallable({ gates });
    h.producer.isHolding = true;
    h.task.add(values(0, 2));
    const done = h.run();
    await settle();
    let isAway = true;
    h.converters.stringValue.fail = () => {
      if (isAway) throw new EnvironmentError('away', { gateId: GATE });
    };
    h.recall();
    h.task.add(values(2, 3));
    h.producer.isHolding = false;
    await settle();
    expect(h.producer.values()).toEqual([]);
    expect(h.link.parks.at(-1)).toMatchObject({ gateId: GATE });
    isAway = false;
    gates.apply(snapshot(GATE, 'open'));
    await h.clock.advance(1_000);
    expect(h.producer.values()).toEqual(['v0!@2', 'v1!@2', 'v2!@2']);
    expect(h.link.isParked).toBe(false);
    h.worker.stop();
    expect((await done).failure).toBeNull();
    expect(h.storedOffset()).toEqual({ position: 2 });
  });

  it('invariant 1: a record that turns out to be bad now is tolerated, and offsets go on behind it', async () => {
    const h = recallable({ policy: TOLERATE_ALL });
    h.producer.isHolding = true;
    h.task.add(values(0, 3));
    const done = h.run();
    await settle();
    h.converters.stringValue.fail = (value) => {
      if (value === 'v1!@2') throw new DataError('incompatible by now');
    };
    h.producer.isHolding = false;
    h.recall();
    await settle();
    expect(h.producer.values()).toEqual(['v0!@2', 'v2!@2']);
    expect(h.counters.skipped).toBe(1);
    expect(h.task.committed.map(([value, metadata]) => [value, metadata?.offset ?? null])).toEqual([
      ['v1', null],
      ['v0', 0],
      ['v2', 1],
    ]);
    h.worker.stop();
    expect((await done).failure).toBeNull();
    expect(h.storedOffset()).toEqual({ position: 2 });
  });

  it('acknowledges a batch of which nothing is left', async () => {
    const h = recallable({ policy: TOLERATE_ALL });
    h.producer.isHolding = true;
    h.task.add(values(0, 1));
    const done = h.run();
    await settle();
    h.converters.stringValue.fail = () => {
      throw new DataError('incompatible by now');
    };
    h.recall();
    await settle();
    expect(h.producer.held).toEqual([]);
    h.worker.stop();
    expect((await done).failure).toBeNull();
    expect(h.storedOffset()).toEqual({ position: 0 });
  });

  it('fails for what is not tolerated, and commits nothing behind it', async () => {
    const h = recallable();
    h.producer.isHolding = true;
    h.task.add(values(0, 2));
    const done = h.run();
    await settle();
    h.converters.stringValue.fail = (value) => {
      if (value.startsWith('v1')) throw new DataError('incompatible by now');
    };
    h.recall();
    expect((await done).failure?.message).toBe('Tolerance exceeded in error handler');
    expect(h.producer.values()).toEqual([]);
    expect(h.storedOffset()).toBeUndefined();
  });

  it('invariants 4 and 5: whenever it comes, nothing is handed over that was converted before the last recall', async () => {
    const step = fc.oneof(
      fc.constant('recall' as const),
      fc.constant('release' as const),
      fc.constant('under way' as const),
      fc.constant('close' as const),
      fc.constant('open' as const),
      fc.constant('time' as const),
      fc.constant('turn' as const),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 8 }),
        fc.array(step, { maxLength: 30 }),
        fc.integer({ min: 1, max: 3 }),
        async (sizes, steps, batches) => {
          const gates = closedGate(GATE);
          gates.apply(snapshot(GATE, 'open'));
          const h = recallable({ gates, hostSettings: { 'max.inflight.batches': String(batches) } });
          let isAway = false;
          h.converters.stringValue.fail = () => {
            if (isAway) throw new EnvironmentError('away', { gateId: GATE });
          };
          const stale: string[] = [];
          const send = h.producer.send.bind(h.producer);
          h.producer.send = (records) => {
            for (const each of records) if (!textOf(each).endsWith(`@${h.version()}`)) stale.push(textOf(each));
            return send(records);
          };
          h.producer.isHolding = true;
          let total = 0;
          for (const size of sizes) {
            h.task.add(values(total, total + size));
            total += size;
          }
          const done = h.run();
          const gate = (state: 'open' | 'closed'): void => {
            isAway = state === 'closed';
            gates.apply(snapshot(GATE, state));
          };
          for (const each of steps) {
            if (each === 'recall') h.recall();
            else if (each === 'release') h.producer.release();
            else if (each === 'under way') h.producer.underWay.add(h.producer.held[0]?.records ?? []);
            else if (each === 'close') gate('closed');
            else if (each === 'open') gate('open');
            else if (each === 'time') await h.clock.advance(2_000);
            else await settle();
          }
          gate('open');
          h.producer.isHolding = false;
          for (let round = 0; round < 40 && h.producer.log.length < total; round++) {
            while (h.producer.held.length > 0) h.producer.release();
            await h.clock.advance(12_000);
          }
          await settle();
          h.worker.stop();
          expect((await done).failure).toBeNull();
          expect(stale).toEqual([]);
          expect(h.producer.values().map((text) => text.replace(/!@\d+$/, ''))).toEqual(
            Array.from({ length: total }, (_, index) => `v${index}`),
          );
          expect([...h.transformed.values()].every((times) => times === 1)).toBe(true);
          expect(h.storedOffset()).toEqual({ position: total - 1 });
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('a source task that used what turned out to be something else', () => {
  let h: ReturnType<typeof sourceHarness>;
  const error = new IntegrityError('Schema id 7 resolves to other content than before.', {
    code: 'holdfast.registry.content-changed',
    details: { id: 7 },
  });

  beforeEach(() => {
    h = sourceHarness();
    const ranges = new RecordRanges();
    let asked: unknown;
    Object.assign(h.converters.stringValue, {
      tracksWritten: () => true,
      written: (records: readonly ProducerRecord[], partitions: Int32Array, offsets: Float64Array) => {
        records.forEach(({ topic }, n) => {
          if ((offsets[n] ?? -1) >= 0) ranges.add(topic, partitions[n] ?? -1, offsets[n] ?? -1);
        });
      },
      writtenWith: (failure: unknown): readonly RecordRange[] => {
        asked = failure;
        return asked === error ? ranges.list() : [];
      },
    });
  });

  it('invariant 6: stops although it is idle, and names the records that it wrote', async () => {
    h.task.add(values(0, 3));
    const done = h.run();
    await settle();
    h.signals.stop(error);
    const { failure } = await done;
    expect(failure).toBeInstanceOf(IntegrityError);
    expect(failure?.message).toBe(`${error.message} Records of this task that carry it: lines-0 offsets 0 to 2.`);
    expect(failure).toMatchObject({
      code: error.code,
      details: { id: 7, records: [{ topic: 'lines', partition: 0, first: 0, last: 2 }] },
    });
    expect(h.storedOffset()).toEqual({ position: 2 });
  });

  it('names what is acknowledged after the stop too, says how much is unsure, and writes nothing more', async () => {
    h.producer.isHolding = true;
    h.task.add(values(0, 2), values(2, 3), values(3, 4));
    const done = h.run();
    await settle();
    h.producer.underWay.add(h.producer.held[1]?.records ?? []);
    h.signals.stop(error);
    // The third was taken back before anything of it was sent.
    expect(h.producer.held).toHaveLength(2);
    h.producer.release();
    await h.clock.advance(5_000);
    const { failure } = await done;
    expect(failure?.message).toBe(
      `${error.message} Records of this task that carry it: lines-0 offsets 0 to 1. 1 records were on their way and not ` +
        'acknowledged: they may have been written, and carry it too.',
    );
    expect(h.storedOffset()).toEqual({ position: 1 });
  });

  it('stops at once when it heard of it while it was being built, or is paused', async () => {
    const paused = sourceHarness({ initialState: 'PAUSED' });
    const done = paused.run();
    await settle();
    paused.signals.stop(error);
    expect((await done).failure).toBe(error);
  });
});
