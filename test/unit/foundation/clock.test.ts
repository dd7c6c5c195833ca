import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';

describe('ManualClock', () => {
  it('fires timers in order of time, then of setting, at their time', () => {
    const clock = new ManualClock({ startMs: 1000 });
    const seen: string[] = [];
    clock.setTimer(() => seen.push(`late ${clock.now()}`), 20);
    clock.setTimer(() => seen.push(`first ${clock.now()}`), 10);
    clock.setTimer(() => seen.push(`second ${clock.now()}`), 10);
    clock.advanceSync(15);
    expect(seen).toEqual(['first 1010', 'second 1010']);
    expect(clock.now()).toBe(1015);
    expect(clock.nextTimerInMs).toBe(5);
  });

  it('lets what awaits a timer run, and set further ones, before the next fires', async () => {
    const clock = new ManualClock();
    const at: number[] = [];
    const loop = (async () => {
      for (let turn = 0; turn < 3; turn++) {
        await clock.sleep(10);
        at.push(clock.monotonic());
      }
    })();
    await clock.advance(35);
    await loop;
    expect(at).toEqual([10, 20, 30]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('takes a cancelled timer back', async () => {
    const clock = new ManualClock();
    let fired = 0;
    clock.setTimer(() => fired++, 5).cancel();
    await clock.advance(10);
    expect(fired).toBe(0);
  });

  it('may be set, which moves no timer', () => {
    const clock = new ManualClock({ startMs: 1000 });
    const fired: number[] = [];
    clock.setTimer(() => fired.push(clock.now()), 10);
    clock.step(-500);
    expect([clock.now(), clock.monotonic(), clock.nextTimerInMs]).toEqual([500, 0, 10]);
    clock.advanceSync(10);
    expect(fired).toEqual([510]);
  });

  it('gives a sleep up when its signal is aborted, and leaves no timer', async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const sleep = clock.sleep(1000, controller.signal);
    const reason = new Error('stop');
    controller.abort(reason);
    await expect(sleep).rejects.toBe(reason);
    expect(clock.pendingTimers).toBe(0);
    await expect(clock.sleep(1, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('systemClock', () => {
  it('sleeps, and wakes at an abort', async () => {
    const before = systemClock.monotonic();
    await systemClock.sleep(2);
    expect(systemClock.monotonic() - before).toBeGreaterThanOrEqual(2);
    const controller = new AbortController();
    const sleep = systemClock.sleep(60_000, controller.signal);
    controller.abort(new Error('stop'));
    await expect(sleep).rejects.toThrow('stop');
  });

  it('fires no timer before its time, by its own reading', async () => {
    const early: number[] = [];
    for (let n = 0; n < 20; n++) {
      const delayMs = 3 + n / 7;
      await new Promise<void>((resolve) => {
        // Work in the same turn, as before most timers: Node counts from before it.
        const beganAt = systemClock.monotonic();
        while (systemClock.monotonic() - beganAt < 1.5);
        const at = systemClock.monotonic() + delayMs;
        systemClock.setTimer(() => {
          const leftMs = at - systemClock.monotonic();
          if (leftMs > 0.001) early.push(leftMs);
          resolve();
        }, delayMs);
      });
    }
    expect(early).toEqual([]);
  });

  it('can take a timer back that Node called too early', async () => {
    let fired = false;
    const beganAt = systemClock.monotonic();
    while (systemClock.monotonic() - beganAt < 1.5);
    const timer = systemClock.setTimer(() => (fired = true), 3.9);
    await new Promise((resolve) => setTimeout(resolve, 3));
    timer.cancel();
    const wasFired = fired;
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(fired).toBe(wasFired);
  });

  it('does not fire at once for a delay that Node can’t hold', async () => {
    let fired = false;
    const timer = systemClock.setTimer(() => (fired = true), 2 ** 31 + 5);
    await systemClock.sleep(5);
    timer.cancel();
    expect(fired).toBe(false);
  });
});
