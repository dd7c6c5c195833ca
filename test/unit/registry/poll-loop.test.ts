import { expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { PollLoop } from '../../../src/registry/poll-loop.ts';

function loop(intervalMs: () => number | null, takesMs = 0) {
  const clock = new ManualClock();
  const began: number[] = [];
  const failures: unknown[] = [];
  let fails: Error | undefined;
  const life = new AbortController();
  const polls = new PollLoop({
    clock,
    intervalMs,
    work: async (signal) => {
      began.push(clock.monotonic());
      if (fails !== undefined) throw fails;
      if (takesMs > 0) await clock.sleep(takesMs, signal);
    },
    failed: (error) => failures.push(error),
  });
  const running = polls.run(life.signal);
  return { clock, began, failures, life, polls, running, fail: (error: Error | undefined) => (fails = error) };
}

it('polls at once, then at the interval that holds at the time', async () => {
  let interval = 1000;
  const { clock, began } = loop(() => interval);
  await clock.advance(2500);
  interval = 100;
  await clock.advance(700);
  expect(began).toEqual([0, 1000, 2000, 3000, 3100, 3200]);
});

it('has one look under way at a time, and counts the interval from its end', async () => {
  const { clock, began } = loop(() => 1000, 5000);
  await clock.advance(13_000);
  expect(began).toEqual([0, 6000, 12_000]);
});

it('looks at once when it is nudged, and after a look under way once more, however often it was nudged meanwhile', async () => {
  const { clock, began, polls } = loop(() => 1000, 200);
  await clock.advance(500);
  polls.nudge();
  await clock.advance(100);
  polls.nudge();
  polls.nudge();
  await clock.advance(1000);
  expect(began).toEqual([0, 500, 700]);
});

it('looks only when it is nudged if there is no interval', async () => {
  const { clock, began, polls } = loop(() => null);
  await clock.advance(100_000);
  expect(began).toEqual([0]);
  polls.nudge();
  await clock.advance(0);
  expect(began).toEqual([0, 100_000]);
  expect(clock.pendingTimers).toBe(0);
});

it('does not keep the process alive', async () => {
  const clock = new ManualClock();
  const options: unknown[] = [];
  const life = new AbortController();
  const polls = new PollLoop({
    clock: {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      sleep: (ms, signal) => clock.sleep(ms, signal),
      setTimer: (run, ms, how) => {
        options.push(how);
        return clock.setTimer(run, ms);
      },
    },
    intervalMs: () => 1000,
    work: () => Promise.resolve(),
    failed: () => {},
  });
  const running = polls.run(life.signal);
  await clock.advance(0);
  expect(options).toEqual([{ unref: true }]);
  life.abort();
  await running;
});

it('goes on after a failure, and tells of it', async () => {
  const { clock, began, failures, fail } = loop(() => 1000);
  await clock.advance(500);
  fail(new Error('no'));
  await clock.advance(1000);
  fail(undefined);
  await clock.advance(1000);
  expect(failures).toEqual([new Error('no')]);
  expect(began).toEqual([0, 1000, 2000]);
});

it.each([0, 5000])('ends with the signal, without a word about what was broken off (%i ms)', async (takesMs) => {
  const { clock, began, failures, life, running } = loop(() => 1000, takesMs);
  await clock.advance(100);
  life.abort(new Error('over'));
  await running;
  await clock.advance(10_000);
  expect(began).toEqual([0]);
  expect(failures).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});
