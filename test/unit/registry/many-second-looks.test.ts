import { describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { steadyNow } from '../../../src/foundation/steady-time.ts';
import { ClusterIdentity } from '../../../src/registry/cluster-identity.ts';
import { MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import { KnownSchemas } from '../../../src/registry/known-schemas.ts';
import type { CallResult } from '../../../src/registry/node-exchange.ts';
import { PacedJobs } from '../../../src/registry/paced-jobs.ts';
import { SchemaStore } from '../../../src/registry/schema-store.ts';
import { SecondLook } from '../../../src/registry/second-look.ts';
import { avro, NODE_A, register } from './worker-of-registries.ts';

/** A registry that has everything, and a second look at it that is never short of requests. */
async function secondLook({ maxWaiting, stored = false }: { maxWaiting?: number; stored?: boolean }) {
  const clock = new ManualClock();
  const { logger, lines } = recordingLogger();
  const store = stored ? await SchemaStore.open({ log: new MemoryCompactedLog(), logger }) : null;
  const identity = new ClusterIdentity({ nodes: [NODE_A], store });
  const known = new KnownSchemas({ clock, store, identity, epoch: () => 'e', maxEntries: 10, maxLatest: 1 });
  const { signal } = new AbortController();
  const confirmed = new Set<number>();
  const looks = new SecondLook({
    registryId: 'r',
    afterMs: 60_000,
    clock,
    logger,
    endpoints: {
      call: async () => ({ verdict: { class: 'negative' } }) as unknown as CallResult,
    } as unknown as ConstructorParameters<typeof SecondLook>[0]['endpoints'],
    contents: known.contents,
    store,
    clusterId: () => identity.current(),
    verifier: {
      verify: async () => ({ outcome: 'equal', reason: '', retryAfterMs: 0 }),
    } as unknown as ConstructorParameters<typeof SecondLook>[0]['verifier'],
    jobs: new PacedJobs({ clock, logger, perSecond: 100_000, mayRun: () => true, signal }),
    isSettling: () => false,
    mayWrite: () => true,
    notify: (notice) => {
      if (notice.kind === 'confirmed') for (const id of notice.ids) confirmed.add(id);
    },
    contradicted: () => {},
    signal,
    ...(maxWaiting === undefined ? {} : { maxWaiting }),
  });
  const expectAll = (from: number, to: number): void => {
    for (let id = from; id <= to; id++) {
      const question = register(`s${id}`, avro(`s${id}`));
      if (question.kind !== 'register') throw new Error('unreachable');
      const { subject, schema: text, normalize } = question;
      if (stored) known.settle(question, { id, ...text }, NODE_A, true);
      looks.expect({ id, subject, text, normalize, mayRegister: true, acknowledgedAt: steadyNow(clock) });
    }
  };
  return { clock, looks, confirmed, lines, expectAll };
}

describe('very many second looks', () => {
  it('come to every id, with one timer', async () => {
    const { clock, looks, confirmed, lines, expectAll } = await secondLook({});
    expectAll(1, 25_000);
    expect([looks.size, clock.pendingTimers]).toEqual([25_000, 1]);
    await clock.advance(61_000);
    expect([confirmed.size, looks.size]).toEqual([25_000, 0]);
    expect(lines).toEqual([]);
  }, 60_000);

  it('find room for 100,000, and beyond that say once that there are too many', async () => {
    const { looks, lines, expectAll } = await secondLook({});
    expectAll(1, 100_000);
    expect([looks.size, lines]).toEqual([100_000, []]);
    expectAll(100_000, 100_010);
    expect(looks.size).toBe(100_000);
    expect(lines).toMatchObject([
      { level: 'warn', fields: { code: 'holdfast.registry.second-look', waiting: 100_000, isKept: false } },
    ]);
  }, 60_000);

  it('come to what there was no room for when all others were looked at, out of the store', async () => {
    const { clock, confirmed, looks, lines, expectAll } = await secondLook({ maxWaiting: 10, stored: true });
    expectAll(1, 25);
    expect(looks.size).toBe(10);
    await clock.advance(61_000);
    expect([...confirmed].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, n) => n + 1));
    expect(looks.size).toBe(0);
    expect(lines.map(({ level, fields }) => [level, fields['leftOut'], fields['takenUp']])).toEqual([
      ['warn', undefined, undefined],
      ['warn', undefined, undefined],
      ['info', 15, 10],
      ['info', 5, 5],
    ]);
  });

  it('never leave out one that a change of primary has put in doubt', async () => {
    const { clock, looks, confirmed, expectAll } = await secondLook({ maxWaiting: 1 });
    expectAll(1, 1);
    const { subject, schema: text } = register('t') as Extract<ReturnType<typeof register>, { kind: 'register' }>;
    looks.hasten({ id: 2, subject, text, normalize: false, mayRegister: true, acknowledgedAt: 0 });
    await clock.advance(1000);
    expect([...confirmed]).toEqual([2]);
  });
});
