import { describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { GateBook } from '../../../src/registry/gate-book.ts';
import { GateTrials } from '../../../src/registry/gate-trials.ts';
import { type AccessKind, Outages } from '../../../src/registry/outages.ts';
import { ParkedQuestions } from '../../../src/registry/parked-questions.ts';
import { accessOf } from '../../../src/registry/question-finder.ts';
import { unavailable } from '../../../src/registry/refusals.ts';
import type { SchemaQuestion } from '../../../src/sdk/schema-view.ts';
import { byId, register } from './worker-of-registries.ts';

/** `away`: the keys of what finds no usable answer; `proves`: of what shows that the gate may be opened; `at`: where the former wait. */
function trialsOf(
  kind: AccessKind,
  waiting: readonly SchemaQuestion[],
  away: readonly string[] = [],
  { proves = '', at = kind }: { readonly proves?: string; readonly at?: AccessKind } = {},
) {
  const clock = new ManualClock();
  const parked = new ParkedQuestions({ maxEntries: 10 });
  const never = (): never => {
    throw new Error('nothing is probed here');
  };
  const outages = new Outages({
    registryId: 'x',
    book: new GateBook({ clock }),
    clock,
    logger: recordingLogger().logger,
    probeInitialMs: 1000,
    probeMaxMs: 1000,
    probeReads: () => new Promise(() => {}),
    tryOne: never,
    onClosed: () => {},
    onOpening: () => {},
    onOpened: () => {},
    emit: () => {},
  });
  outages.close(kind, { reason: 'away' });
  const { id: gateId } = outages.gates[kind];
  for (const question of waiting) {
    parked.add({ key: question.key, question, gateId, since: 0, views: new Set(['v']) });
  }
  const asked: string[] = [];
  const life = new AbortController();
  const trials = new GateTrials({
    outages: () => outages,
    parked,
    accessOf: ({ question }) => accessOf(question),
    ask: async ({ key }) => {
      asked.push(`${key} ${outages.gates[kind].snapshot().state}`);
      if (key === proves) outages.open(kind);
      const error = unavailable(gateId, 'x', 'away', 'holdfast.registry.unavailable');
      const waitsAt = outages.gates[at].id;
      if (away.includes(key)) return { kind: 'waiting', error, gateId: waitsAt, fromFuture: false };
      return { kind: 'refused', error };
    },
    signal: life.signal,
  });
  return { trials, asked, parked, life };
}

const [a, b, c] = [register('a'), register('b'), register('c')] as const;

describe('at the gate of reads', () => {
  it('the first answer decides, good or not', async () => {
    const [one, two] = [byId(1), byId(2)];
    const good = trialsOf('read', [one, two]);
    expect(await good.trials.of('read')).toEqual({ ok: true });
    expect(good.asked).toEqual([`${one.key} half-open`]);
    const away = trialsOf('read', [one, two], [one.key]);
    expect(await away.trials.of('read')).toEqual({ ok: false, reason: 'away' });
    // The next time it is another one's turn.
    expect(await away.trials.of('read')).toEqual({ ok: true });
    // It was read, and has to be written again.
    const lost = trialsOf('read', [one], [one.key], { at: 'write' });
    expect(await lost.trials.of('read')).toEqual({ ok: true });
  });

  it('registrations that wait for reads to work are not asked, and do not keep it shut', async () => {
    const { trials, asked, parked } = trialsOf('read', [a, b]);
    expect(await trials.of('read')).toBe('untried');
    expect([asked, parked.size]).toEqual([[], 2]);
  });
});

describe('at the gate of writes', () => {
  it('one after the other is asked until one finds nobody, or the gate opens', async () => {
    const away = trialsOf('write', [a, b, c], [b.key]);
    expect(await away.trials.of('write')).toEqual({ ok: false, reason: 'away' });
    expect(away.asked).toEqual([`${a.key} half-open`, `${b.key} half-open`]);
    expect([a, b, c].map(({ key }) => away.parked.get(key) !== undefined)).toEqual([false, true, true]);
    const proven = trialsOf('write', [a, b, c], [], { proves: b.key });
    expect(await proven.trials.of('write')).toEqual({ ok: true });
    expect(proven.asked).toHaveLength(2);
    expect([a, b, c].map(({ key }) => proven.parked.get(key) !== undefined)).toEqual([false, true, true]);
  });

  it('one that reads fail for as well finds nobody', async () => {
    const { trials, asked } = trialsOf('write', [a, b], [a.key, b.key], { at: 'read' });
    expect(await trials.of('write')).toEqual({ ok: false, reason: 'away' });
    expect(asked).toHaveLength(1);
  });

  it('it may be opened when all were answered, and is untried when nobody waits', async () => {
    const { trials, asked } = trialsOf('write', [a, b]);
    expect(await trials.of('write')).toEqual({ ok: true });
    expect(asked).toHaveLength(2);
    expect(await trials.of('write')).toBe('untried');
  });

  it('nobody is asked any more once the client is closed', async () => {
    const { trials, asked, life } = trialsOf('write', [a, b]);
    const trying = trials.of('write');
    life.abort(new Error('closed'));
    await expect(trying).rejects.toThrow('closed');
    expect(asked).toHaveLength(1);
  });
});
