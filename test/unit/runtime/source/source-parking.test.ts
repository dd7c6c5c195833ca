import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EnvironmentError } from '../../../../src/sdk/errors/index.ts';
import type { SourceRecord } from '../../../../src/sdk/record/source-record.ts';
import { closedGate, settle, snapshot, TOLERATE_ALL } from '../fake-task-edges.ts';
import { record, sourceHarness } from './source-harness.ts';

const GATE = 'g';
const SEQUENCE = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('gate' as const), isOpen: fc.boolean() }),
    fc.record({ kind: fc.constant('acknowledge' as const), which: fc.nat(4) }),
    fc.record({ kind: fc.constant('commit' as const) }),
    fc.record({ kind: fc.constant('pause' as const), isPaused: fc.boolean() }),
    fc.record({ kind: fc.constant('time' as const), ms: fc.nat(15_000) }),
  ),
  { maxLength: 25 },
);

describe('a source task under an outage that comes and goes', () => {
  it('invariants 1, 3 and 4: loses nothing, keeps order, transforms once, and commits only what is acknowledged', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 }),
        // How often converting the n-th record, or transforming it, fails for the environment.
        fc.array(fc.record({ convert: fc.integer({ min: 0, max: 2 }), transform: fc.integer({ min: 0, max: 1 }) }), {
          minLength: 30,
          maxLength: 30,
        }),
        fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
        SEQUENCE,
        async (sizes, failures, filtered, sequence) => {
          const gates = closedGate(GATE);
          const left = failures.map(({ convert, transform }) => ({ convert, transform }));
          const firstStep = new Map<number, number>();
          const indexOf = (value: unknown): number => Number(String(value).slice(1).replace('!', ''));
          const away = (): EnvironmentError => new EnvironmentError('away', { gateId: GATE });
          const bare = { config: () => undefined as never, configure: () => {} };
          const h = sourceHarness({
            gates,
            policy: TOLERATE_ALL,
            steps: [
              {
                alias: 'count',
                className: 'Count',
                predicate: null,
                transformation: {
                  ...bare,
                  apply: (each: SourceRecord) => {
                    const index = indexOf(each.value);
                    firstStep.set(index, (firstStep.get(index) ?? 0) + 1);
                    return each.newRecord({ value: `${each.value}!` });
                  },
                },
              },
              {
                alias: 'park',
                className: 'Park',
                predicate: null,
                transformation: {
                  ...bare,
                  apply: (each: SourceRecord) => {
                    const index = indexOf(each.value);
                    const state = left[index];
                    if (state !== undefined && state.transform-- > 0) throw away();
                    return filtered[index] === true && index % 3 === 0 ? null : each;
                  },
                },
              },
            ],
          });
          h.converters.stringValue.fail = (value) => {
            const state = left[indexOf(value)];
            if (state !== undefined && state.convert-- > 0) throw away();
          };
          let total = 0;
          const acknowledged = new Set<number>();
          h.producer.isHolding = true;
          h.producer.onAcknowledge = (records) => {
            for (const { value } of records) acknowledged.add(indexOf(Buffer.from(value ?? []).toString()));
          };
          const expected: string[] = [];
          for (const size of sizes) {
            h.task.add(Array.from({ length: size }, (_, index) => record(`v${total + index}`, total + index)));
            for (let index = total; index < total + size; index++) {
              if (!(filtered[index] === true && index % 3 === 0)) expected.push(`v${index}!`);
            }
            total += size;
          }
          h.link.beforeCommit = (committable) => {
            if (committable.kind !== 'source') return;
            for (const { offset } of committable.offsets) {
              const upTo = Number(offset['position']);
              for (const value of expected) {
                const index = indexOf(value);
                if (index <= upTo && !acknowledged.has(index)) throw new Error(`committed past ${index}`);
              }
            }
          };
          const done = h.run();
          for (const step of sequence) {
            await settle();
            if (step.kind === 'gate') gates.apply(snapshot(GATE, step.isOpen ? 'open' : 'closed'));
            else if (step.kind === 'acknowledge') h.producer.release(step.which);
            else if (step.kind === 'commit') h.worker.requestCommit();
            else if (step.kind === 'pause') h.worker.setTarget(step.isPaused ? 'PAUSED' : 'STARTED');
            else await h.clock.advance(step.ms);
          }
          h.worker.setTarget('STARTED');
          gates.apply(snapshot(GATE, 'open'));
          h.producer.isHolding = false;
          for (let round = 0; round < 60 && h.producer.batches.flat().length < expected.length; round++) {
            while (h.producer.held.length > 0) h.producer.release();
            await h.clock.advance(12_000);
          }
          while (h.producer.held.length > 0) h.producer.release();
          await settle();
          h.worker.stop();
          expect((await done).failure).toBeNull();
          expect(h.producer.batches.flat().map(({ value }) => Buffer.from(value ?? []).toString())).toEqual(expected);
          expect([...firstStep.values()].every((times) => times === 1)).toBe(true);
          expect(h.counters.skipped).toBe(0);
          expect(h.counters.commitsFailed).toBe(0);
          const last = expected.at(-1);
          expect(h.storedOffset()).toEqual(last === undefined ? undefined : { position: indexOf(last) });
        },
      ),
      { numRuns: 60 },
    );
  });
});
