import { expect, it } from 'vitest';
import { type Logger, silentLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { type JobPriority, PacedJobs } from '../../../src/registry/paced-jobs.ts';

function pacedJobs(perSecond: number, logger: Logger = silentLogger) {
  const clock = new ManualClock();
  const began: [string, number][] = [];
  const life = new AbortController();
  let mayRun = true;
  const jobs = new PacedJobs({ clock, logger, perSecond, mayRun: () => mayRun, signal: life.signal });
  const add = (key: string, priority: JobPriority, run: () => Promise<void> = async () => {}): void => {
    jobs.add(key, priority, async () => {
      began.push([key, clock.monotonic()]);
      await run();
    });
  };
  const order = (): string[] => began.map(([key]) => key);
  return { clock, began, order, life, jobs, add, allow: (may: boolean) => (mayRun = may) };
}

it('begins no more jobs per second than it may', async () => {
  const { clock, began, jobs, add } = pacedJobs(4);
  for (const key of ['a', 'b', 'c', 'd', 'e']) add(key, 'sample');
  await clock.advance(2000);
  expect(began).toEqual([
    ['a', 0],
    ['b', 250],
    ['c', 500],
    ['d', 750],
    ['e', 1000],
  ]);
  expect(jobs.size).toBe(0);
});

it('goes on when something is added after all was done', async () => {
  const { clock, order, add } = pacedJobs(10);
  add('a', 'sample');
  await clock.advance(1000);
  add('b', 'sample');
  await clock.advance(1000);
  expect(order()).toEqual(['a', 'b']);
});

it('takes the most pressing first, also of what is added at the same moment', async () => {
  const { clock, order, add } = pacedJobs(10);
  add('sample', 'sample');
  add('look', 'second-look');
  add('suspect', 'suspect');
  await clock.advance(1000);
  expect(order()).toEqual(['suspect', 'look', 'sample']);
});

it('does what is waiting under one key once, at the better of its turns', async () => {
  const { clock, order, jobs, add } = pacedJobs(10);
  add('other', 'second-look');
  add('twice', 'sample');
  add('twice', 'suspect');
  add('twice', 'sample');
  add('twice', 'second-look');
  expect(jobs.size).toBe(2);
  await clock.advance(1000);
  expect(order()).toEqual(['twice', 'other']);
});

it('keeps the turn of what is added again', async () => {
  const { clock, order, add } = pacedJobs(10);
  add('first', 'suspect');
  add('second', 'suspect');
  add('first', 'suspect');
  await clock.advance(1000);
  expect(order()).toEqual(['first', 'second']);
});

it('begins nothing while it would be in vain, and looks again every second', async () => {
  const { clock, began, add, allow } = pacedJobs(10);
  allow(false);
  add('a', 'suspect');
  await clock.advance(2500);
  expect(began).toEqual([]);
  allow(true);
  await clock.advance(600);
  expect(began).toEqual([['a', 3000]]);
});

it('tells of a job that fails, and goes on with the next', async () => {
  const told: unknown[] = [];
  const logger: Logger = { ...silentLogger, error: (_message, fields) => void told.push(fields) };
  const { clock, order, add } = pacedJobs(10, logger);
  const failure = new Error('no such luck');
  add('a', 'suspect', () => Promise.reject(failure));
  add('b', 'suspect');
  await clock.advance(1000);
  expect(order()).toEqual(['a', 'b']);
  expect(told).toEqual([{ code: 'holdfast.registry.fault', err: failure }]);
});

it('begins nothing more when it was ended, and says nothing of what was broken off by that', async () => {
  const told: unknown[] = [];
  const logger: Logger = { ...silentLogger, error: (message) => void told.push(message) };
  const { clock, order, add, life } = pacedJobs(10, logger);
  add('a', 'suspect', async () => {
    life.abort();
    throw new Error('broken off');
  });
  add('b', 'suspect');
  await clock.advance(1000);
  expect(order()).toEqual(['a']);
  expect(told).toEqual([]);
});

it('leaves out the least pressing when there is too much to do', async () => {
  const { jobs, add, clock, order } = pacedJobs(1000);
  for (let n = 0; n < 20_000; n++) add(`sample ${n}`, 'sample');
  add('one too many', 'sample');
  expect(jobs.size).toBe(20_000);
  add('suspect', 'suspect');
  expect(jobs.size).toBe(20_000);
  await clock.advance(1);
  expect(order().slice(0, 2)).toEqual(['suspect', 'sample 1']);
});

it('takes from a source in the turn of its priority, one at a time, when it is due', async () => {
  const { clock, began, jobs, add } = pacedJobs(10);
  const due: string[] = ['x', 'y'];
  jobs.feed('second-look', {
    get isDue() {
      return due.length > 0;
    },
    take: () => {
      const key = due.shift() as string;
      return async () => {
        began.push([key, clock.monotonic()]);
      };
    },
  });
  add('sample', 'sample');
  add('look', 'second-look');
  add('suspect', 'suspect');
  await clock.advance(150);
  add('suspect too', 'suspect');
  await clock.advance(1000);
  expect(began.map(([key]) => key)).toEqual(['suspect', 'look', 'suspect too', 'x', 'y', 'sample']);
  due.push('z');
  await clock.advance(1000);
  expect(began).toHaveLength(6);
  jobs.wake();
  jobs.wake();
  await clock.advance(1000);
  expect(began.map(([key]) => key).slice(6)).toEqual(['z']);
});
