import { describe, expect, it } from 'vitest';
import type { Tolerance } from '../../support/avro-pipelines.ts';
import { freezeAll, killAll, startAll, tellOutageStory, thawAll } from '../../support/registry-outage-story.ts';
import { TASK_ISOLATION } from '../../support/task-isolation.ts';

/** The same story with 30 s and all defaults is told in test/chaos. */
const OUTAGE_MS = 6_000;

const tolerances: readonly Tolerance[] = ['none', 'all'];

// Most of the time goes into waiting: all four at the same time. But one worker with threads is enough at a time.
const describeAll = TASK_ISOLATION === 'inline' ? describe.concurrent : describe;

describeAll.each(tolerances)('the whole registry is away for 6 s, errors.tolerance=%s', (tolerance) => {
  it.each([
    { how: 'refused', takeAway: killAll, bringBack: startAll },
    // With the default of 5 s the first questions of all would be under way for the whole outage.
    {
      how: 'hung',
      takeAway: freezeAll,
      bringBack: thawAll,
      settings: { 'value.converter.http.read.timeout.ms': '1000' },
    },
  ])('$how: known schemas flow on, new ones park, nothing is lost, repeated or dead-lettered', async (fault) => {
    const report = await tellOutageStory({ tolerance, outageMs: OUTAGE_MS, ...fault });
    // How quick it is, is asked in test/chaos, where nothing else runs: here, that nobody waits for the end of the outage.
    expect(report.longestGapMs).toBeLessThan(OUTAGE_MS - 2_000);
    expect(report.throughOutage).toBeGreaterThan(50);
    expect(report.slowestRestAnswerMs).toBeLessThan(OUTAGE_MS - 2_000);
    expect(report.firstNewRecordMs).toBeLessThan(15_000);
  });
});
