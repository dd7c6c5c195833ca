import { describe, expect, it } from 'vitest';
import type { Tolerance } from '../support/avro-pipelines.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { freezeAll, killAll, startAll, tellOutageStory, thawAll } from '../support/registry-outage-story.ts';

const OUTAGE_MS = 30_000;

const tolerances: readonly Tolerance[] = ['none', 'all'];

function stories(bootstrapServers: () => string | undefined): void {
  describe.each(tolerances)('the whole registry is away for 30 s, errors.tolerance=%s', (tolerance) => {
    it.each([
      { how: 'refused', takeAway: killAll, bringBack: startAll },
      { how: 'hung', takeAway: freezeAll, bringBack: thawAll },
    ])('$how: known schemas flow on, new ones park, nothing is lost, repeated or dead-lettered', async (fault) => {
      const servers = bootstrapServers();
      const where = servers === undefined ? {} : { bootstrapServers: servers };
      const report = await tellOutageStory({ tolerance, outageMs: OUTAGE_MS, ...fault, ...where });
      console.log(`${fault.how}, errors.tolerance=${tolerance}: ${JSON.stringify(report)}`);
      expect(report.longestGapMs).toBeLessThan(2_000);
      expect(report.throughOutage).toBeGreaterThan(2_000);
      expect(report.slowestRestAnswerMs).toBeLessThan(1_000);
      expect(report.firstNewRecordMs).toBeLessThan(3_000);
    });
  });
}

describe('invariant 3 on the embedded broker', () => stories(() => undefined));
describeWithKafka('invariant 3 on a real Kafka', (kafka) => stories(() => kafka().bootstrapServers));
