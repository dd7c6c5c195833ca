import { describe, expect, it } from 'vitest';
import type { Tolerance } from '../support/avro-pipelines.ts';
import { freezeAll, killAll, startAll, tellOutageStory, thawAll } from '../support/registry-outage-story.ts';

const OUTAGE_MS = 30_000;

const tolerances: readonly Tolerance[] = ['none', 'all'];

describe.each(tolerances)('invariant 3: the whole registry is away for 30 s, errors.tolerance=%s', (tolerance) => {
  it.each([
    { how: 'refused', takeAway: killAll, bringBack: startAll },
    { how: 'hung', takeAway: freezeAll, bringBack: thawAll },
  ])('$how: known schemas flow on, new ones park, nothing is lost, repeated or dead-lettered', async (fault) => {
    const report = await tellOutageStory({ tolerance, outageMs: OUTAGE_MS, ...fault });
    console.log(`${fault.how}, errors.tolerance=${tolerance}: ${JSON.stringify(report)}`);
    expect(report.longestGapMs).toBeLessThan(2_000);
    expect(report.throughOutage).toBeGreaterThan(2_000);
    expect(report.slowestRestAnswerMs).toBeLessThan(1_000);
    expect(report.firstNewRecordMs).toBeLessThan(3_000);
  });
});
