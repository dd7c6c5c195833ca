/**
 * Random stories of registries in trouble, in virtual time. Unless told, they are the same ones each time, so that a change is to blame for
 * what fails; `npm run test:schedules` plays others, longer ones, with a seed of its own. The seed is printed, and `HOLDFAST_TEST_SEED` plays
 * it again; `HOLDFAST_SCHEDULES` is how many, `HOLDFAST_SCHEDULE_STEPS` how long. `HOLDFAST_SHRINK=1` looks for a shorter story that fails.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testSeed } from '../../support/seeded-random.ts';
import {
  type Contradiction,
  contradictorySchedules,
  faultSchedules,
  type Schedule,
  type Step,
} from './fault-schedules/fault-schedule.ts';
import { type ScheduleOutcome, ScheduleRun } from './fault-schedules/schedule-run.ts';

const isLongRun = process.env['HOLDFAST_SCHEDULES'] !== undefined;
const seed = isLongRun || process.env['HOLDFAST_TEST_SEED'] !== undefined ? testSeed() : 888284202;
const runs = Number(process.env['HOLDFAST_SCHEDULES'] ?? 100);
const steps = { min: 3, max: Number(process.env['HOLDFAST_SCHEDULE_STEPS'] ?? 25) };
/** The long run takes hours. */
const TIME_LIMIT_MS = isLongRun ? 12 * 3_600_000 : 600_000;
const PROGRESS_EVERY = 100;

async function playAll(name: string, schedules: fc.Arbitrary<Schedule<Step | Contradiction>>): Promise<void> {
  const outcomes: ScheduleOutcome[] = [];
  const property = fc.asyncProperty(schedules, async (schedule) => {
    const outcome = await ScheduleRun.play(schedule);
    outcomes.push(outcome);
    if (isLongRun && outcomes.length % PROGRESS_EVERY === 0) console.log(`${name}: ${outcomes.length} of ${runs}`);
    expect(outcome.violations).toEqual([]);
  });
  if (isLongRun) console.log(`${name}: HOLDFAST_TEST_SEED=${seed}`);
  await fc.assert(property, { seed, numRuns: runs, endOnFailure: process.env['HOLDFAST_SHRINK'] !== '1' });
  const most = (of: (outcome: ScheduleOutcome) => number): number => Math.max(...outcomes.map(of));
  const sum = (of: (outcome: ScheduleOutcome) => number): number => outcomes.reduce((n, o) => n + of(o), 0);
  console.log(
    `${name}: HOLDFAST_TEST_SEED=${seed}, ${outcomes.length} schedules, ${sum((o) => o.tasks)} tasks, ${sum((o) => o.records)} further records, ${sum((o) => o.requests)} requests, ` +
      `settled within ${most((o) => o.settledAfterMs)} ms, at most ${most((o) => o.peakPerSecond)} requests per second, ` +
      `${sum((o) => o.integrityErrors)} integrity errors`,
  );
}

describe('whatever happens to a registry', () => {
  it(
    'every question gets its right answer once the faults end, and none before gets a wrong one',
    async () => {
      await playAll('faults', faultSchedules(steps));
    },
    TIME_LIMIT_MS,
  );

  it(
    'no id means two things to a worker, though the registry contradicts itself',
    async () => {
      await playAll('contradictions', contradictorySchedules(steps));
    },
    TIME_LIMIT_MS,
  );
});
