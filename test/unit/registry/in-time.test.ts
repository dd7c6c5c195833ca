import { expect, it } from 'vitest';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { inTime } from '../../../src/registry/in-time.ts';

it('is what the work comes to, if that is in time, and leaves no timer', async () => {
  const clock = new ManualClock();
  const result = inTime(
    clock.sleep(99).then(() => 'done'),
    'late',
    100,
    clock,
  );
  await clock.advance(99);
  await expect(result).resolves.toBe('done');
  expect(clock.pendingTimers).toBe(0);
});

it('is something else when the work takes longer', async () => {
  const clock = new ManualClock();
  const result = inTime(
    clock.sleep(101).then(() => 'done'),
    'late',
    100,
    clock,
  );
  await clock.advance(100);
  await expect(result).resolves.toBe('late');
});

it('fails as the work fails, and leaves no timer', async () => {
  const clock = new ManualClock();
  const result = inTime(Promise.reject(new Error('no')), 'late', 100, clock);
  await expect(result).rejects.toThrow('no');
  expect(clock.pendingTimers).toBe(0);
});

it('does not care how work that was late fails', async () => {
  const clock = new ManualClock();
  const failing = clock.sleep(200).then(() => Promise.reject(new Error('no')));
  const result = inTime(failing, 'late', 100, clock);
  await clock.advance(100);
  await expect(result).resolves.toBe('late');
  await clock.advance(1000);
  await expect(failing).rejects.toThrow('no');
});
