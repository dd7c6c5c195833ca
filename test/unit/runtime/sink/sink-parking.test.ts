import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EnvironmentError, RetriableError } from '../../../../src/sdk/errors/index.ts';
import { closedGate, settle, snapshot, TOLERATE_ALL } from '../fake-task-edges.ts';
import { sinkHarness } from './sink-harness.ts';

const SEQUENCE = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('gate' as const), isOpen: fc.boolean() }),
    fc.record({ kind: fc.constant('append' as const), partition: fc.nat(2), count: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ kind: fc.constant('commit' as const) }),
    fc.record({ kind: fc.constant('pause' as const), isPaused: fc.boolean() }),
    fc.record({ kind: fc.constant('revoke' as const), partition: fc.nat(2), isLost: fc.boolean() }),
    fc.record({ kind: fc.constant('assign' as const), partition: fc.nat(2) }),
    fc.record({ kind: fc.constant('put' as const), failure: fc.constantFrom('environment', 'retriable') }),
    fc.record({ kind: fc.constant('flush' as const) }),
    fc.record({ kind: fc.constant('time' as const), ms: fc.nat(15_000) }),
  ),
  { maxLength: 30 },
);

describe('a sink task under outages, rebalances and failing puts', () => {
  it('invariants 2, 3 and 4: per partition nothing is lost or out of order, and nothing is committed that was not put', async () => {
    await fc.assert(
      fc.asyncProperty(
        SEQUENCE,
        fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 40, maxLength: 40 }),
        async (sequence, failures) => {
          const gates = closedGate('g');
          const h = sinkHarness({ gates, policy: TOLERATE_ALL });
          const left = new Map<string, number>();
          h.converters.stringValue.fail = (value) => {
            const times = left.get(value) ?? failures[Number(value.split(':')[1]) % failures.length] ?? 0;
            left.set(value, times - 1);
            if (times > 0) throw new EnvironmentError('away', { gateId: 'g' });
          };
          const putFailures: Error[] = [];
          h.task.onPut = (records) => {
            const failure = records.length > 0 ? putFailures.shift() : undefined;
            if (failure !== undefined) throw failure;
          };
          let flushFailures = 0;
          h.task.onPreCommit = (offsets) => {
            if (flushFailures > 0) {
              flushFailures--;
              throw new Error('flush failed');
            }
            return offsets;
          };
          const appended = [0, 0, 0];
          const stored = [0, 0, 0];
          const held = new Set<number>();
          const putUpTo = (partition: number): number => {
            const seen = new Set(h.task.values(partition));
            let next = 0;
            while (seen.has(`${partition}:${next}`)) next++;
            return next;
          };
          const commit = (partition: number, offset: number): void => {
            // Invariant 2.
            if (offset > putUpTo(partition)) throw new Error(`committed ${offset} of ${partition}, which was not put`);
            stored[partition] = offset;
          };
          h.link.beforeCommit = (committable) => {
            if (committable.kind !== 'sink') return;
            for (const { partition, offset } of committable.offsets) commit(partition, offset);
          };
          const assign = (partition: number): void => {
            if (held.has(partition)) return;
            held.add(partition);
            h.assign([partition, stored[partition] ?? 0]);
          };
          const revoke = async (partition: number, isLost: boolean): Promise<void> => {
            if (!held.delete(partition)) return;
            const offsets = await h.worker.revoke([{ topic: 't', partition }], isLost);
            for (const each of offsets) commit(each.partition, each.offset);
          };
          const done = h.run();
          for (const partition of [0, 1, 2]) assign(partition);
          for (const step of sequence) {
            await settle();
            if (step.kind === 'gate') gates.apply(snapshot('g', step.isOpen ? 'open' : 'closed'));
            else if (step.kind === 'append') {
              for (let count = 0; count < step.count; count++) {
                const next = appended[step.partition] ?? 0;
                appended[step.partition] = next + 1;
                h.fetcher.append('t', step.partition, `${step.partition}:${next}`);
              }
            } else if (step.kind === 'commit') h.worker.requestCommit();
            else if (step.kind === 'pause') h.worker.setTarget(step.isPaused ? 'PAUSED' : 'STARTED');
            else if (step.kind === 'revoke') await revoke(step.partition, step.isLost);
            else if (step.kind === 'assign') assign(step.partition);
            else if (step.kind === 'flush') flushFailures++;
            else if (step.kind === 'put') {
              putFailures.push(
                step.failure === 'environment' ? new EnvironmentError('away') : new RetriableError('busy'),
              );
            } else await h.clock.advance(step.ms);
          }
          flushFailures = 0;
          putFailures.length = 0;
          h.worker.setTarget('STARTED');
          for (const partition of [0, 1, 2]) assign(partition);
          gates.apply(snapshot('g', 'open'));
          const isComplete = (): boolean => [0, 1, 2].every((partition) => putUpTo(partition) === appended[partition]);
          // What was put once may have been rewound, and wait to be put again.
          for (let round = 0; round < 100 && (round < 2 || !isComplete()); round++) await h.clock.advance(12_000);
          await settle();
          h.worker.stop();
          expect((await done).failure).toBeNull();
          expect(h.counters.skipped).toBe(0);
          for (const partition of [0, 1, 2]) {
            const values = h.task.values(partition).map((value) => Number(value.split(':')[1]));
            // Going back is allowed (a rewind, a reassignment), leaving out is not.
            let highest = -1;
            for (const [index, value] of values.entries()) {
              const previous = index === 0 ? -1 : (values[index - 1] ?? -1);
              expect(value <= previous || value === previous + 1 || index === 0).toBe(true);
              expect(value).toBeLessThanOrEqual(highest + 1);
              highest = Math.max(highest, value);
            }
            expect(highest + 1).toBe(appended[partition]);
            expect(stored[partition]).toBe(appended[partition]);
          }
          expect(h.link.isParked).toBe(false);
        },
      ),
      { numRuns: 80 },
    );
  });

  it('invariant 4: without rebalances and rewinds a park duplicates nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        SEQUENCE.map((steps) => steps.filter(({ kind }) => !['revoke', 'assign', 'flush'].includes(kind))),
        fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 40, maxLength: 40 }),
        async (sequence, failures) => {
          const gates = closedGate('g');
          const h = sinkHarness({ gates });
          const left = new Map<string, number>();
          h.converters.stringValue.fail = (value) => {
            const times = left.get(value) ?? failures[Number(value.split(':')[1]) % failures.length] ?? 0;
            left.set(value, times - 1);
            if (times > 0) throw new EnvironmentError('away', { gateId: 'g' });
          };
          const putFailures: Error[] = [];
          h.task.onPut = (records) => {
            const failure = records.length > 0 ? putFailures.shift() : undefined;
            if (failure !== undefined) throw failure;
          };
          const appended = [0, 0, 0];
          const done = h.run();
          h.assign([0], [1], [2]);
          for (const step of sequence) {
            await settle();
            if (step.kind === 'gate') gates.apply(snapshot('g', step.isOpen ? 'open' : 'closed'));
            else if (step.kind === 'append') {
              for (let count = 0; count < step.count; count++) {
                const next = appended[step.partition] ?? 0;
                appended[step.partition] = next + 1;
                h.fetcher.append('t', step.partition, `${step.partition}:${next}`);
              }
            } else if (step.kind === 'commit') h.worker.requestCommit();
            else if (step.kind === 'pause') h.worker.setTarget(step.isPaused ? 'PAUSED' : 'STARTED');
            else if (step.kind === 'put') putFailures.push(new EnvironmentError('away'));
            else if (step.kind === 'time') await h.clock.advance(step.ms);
          }
          putFailures.length = 0;
          h.worker.setTarget('STARTED');
          gates.apply(snapshot('g', 'open'));
          for (let round = 0; round < 40; round++) await h.clock.advance(12_000);
          h.worker.stop();
          expect((await done).failure).toBeNull();
          for (const partition of [0, 1, 2]) {
            const expected = Array.from({ length: appended[partition] ?? 0 }, (_, index) => `${partition}:${index}`);
            expect(h.task.values(partition)).toEqual(expected);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
