import { expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { type ProbeOutcome, Prober } from '../../../src/registry/prober.ts';

const START = 1_700_000_000_000;

function prober(options: { readonly draw?: number; readonly firstWaitMs?: number } = {}) {
  const clock = new ManualClock();
  const probed: number[] = [];
  const planned: string[] = [];
  const life = new AbortController();
  const state = { answer: (): Promise<ProbeOutcome> => Promise.resolve({ ok: false, reason: 'refused' }), ended: 'no' };
  const working = new Prober({
    clock,
    initialMs: 1000,
    maxMs: 4000,
    random: () => options.draw ?? 0.5,
    probe: () => {
      probed.push(clock.monotonic());
      return state.answer();
    },
    onPlanned: (reason, at) => planned.push(`${reason} ${at - START}`),
  });
  working.run(life.signal, options.firstWaitMs).then(
    () => (state.ended = 'well'),
    (reason: unknown) => (state.ended = String(reason)),
  );
  return { clock, probed, planned, life, state, prober: working };
}

it('probes after random parts of a bound that doubles up to its maximum', async () => {
  const { clock, probed } = prober();
  await clock.advance(8000);
  expect(probed).toEqual([500, 1500, 3500, 5500, 7500]);
});

it('tells when the next probe comes and why the last one failed', async () => {
  const { clock, planned } = prober();
  await clock.advance(1600);
  expect(planned).toEqual([' 500', 'refused 1500', 'refused 3500']);
});

it('never probes twice within 20 ms, whatever chance says', async () => {
  const { clock, probed } = prober({ draw: 0 });
  await clock.advance(70);
  expect(probed).toEqual([20, 40, 60]);
});

it('ends with the first probe that goes well', async () => {
  const { clock, probed, state } = prober();
  await clock.advance(600);
  state.answer = () => Promise.resolve({ ok: true });
  await clock.advance(60_000);
  expect(probed).toEqual([500, 1500]);
  expect(state.ended).toBe('well');
  expect(clock.pendingTimers).toBe(0);
});

it('waits for as long as it is told to before the first probe, and no less than its own time', async () => {
  const longer = prober({ firstWaitMs: 2500 });
  await longer.clock.advance(3600);
  expect(longer.probed).toEqual([2500, 3500]);
  const shorter = prober({ firstWaitMs: 100 });
  await shorter.clock.advance(1000);
  expect(shorter.probed).toEqual([500]);
});

it('waits for as long as the registry says before the next probe', async () => {
  const { clock, probed, state } = prober();
  state.answer = () => Promise.resolve({ ok: false, reason: 'HTTP 429', retryAfterMs: 30_000 });
  await clock.advance(61_000);
  expect(probed).toEqual([500, 30_500, 60_500]);
});

it('takes a probe that throws for one that failed', async () => {
  const { clock, probed, planned, state } = prober();
  state.answer = () => Promise.reject(new Error('broken off'));
  await clock.advance(1600);
  expect(probed).toEqual([500, 1500]);
  expect(planned.at(-1)).toBe('broken off 3500');
});

it('probes at once when it is told to, and goes on at its own pace', async () => {
  const { clock, probed, prober: working } = prober();
  await clock.advance(100);
  working.probeNow();
  await clock.advance(0);
  expect(probed).toEqual([100]);
  await clock.advance(1000);
  expect(probed).toEqual([100, 1100]);
  expect(clock.pendingTimers).toBe(1);
});

it('does not hear of "now" before it runs, or while it probes', async () => {
  const { clock, probed, state, prober: working } = prober();
  let answer: (outcome: ProbeOutcome) => void = () => {};
  state.answer = () => new Promise((resolve) => (answer = resolve));
  await clock.advance(500);
  working.probeNow();
  answer({ ok: false, reason: 'refused' });
  await clock.advance(999);
  expect(probed).toEqual([500]);
  const idle = new Prober({
    clock,
    initialMs: 1,
    maxMs: 1,
    probe: () => Promise.resolve({ ok: true }),
    onPlanned: () => {},
  });
  expect(() => idle.probeNow()).not.toThrow();
});

it('ends with the reason of its signal while it waits', async () => {
  const { clock, probed, state, life } = prober();
  life.abort('over');
  await clock.advance(10_000);
  expect(state.ended).toBe('over');
  expect(probed).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});

it('ends with the reason of its signal between two probes', async () => {
  const { clock, probed, state, life } = prober();
  await clock.advance(600);
  life.abort(new Error('over'));
  await clock.advance(10_000);
  expect(state.ended).toBe('Error: over');
  expect(probed).toEqual([500]);
});
