/** Invariants 1 and 2 under kill -9; the long version is test/chaos/invariants-1-and-2-killed-worker.test.ts. */
import { describe } from 'vitest';
import { itSurvivesKills } from '../chaos/worker-kills.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { testSeed } from '../support/seeded-random.ts';

const DIRECTIONS = ['source', 'sink', 'both'] as const;
const seed = testSeed();

function kills(kafka: () => string | null): void {
  for (const direction of DIRECTIONS) {
    itSurvivesKills(`kill -9 of a worker loses and reorders nothing: ${direction}`, 120_000, () => ({
      direction,
      kills: 2,
      linesPerRound: 20_000,
      seed,
      kafka: kafka(),
    }));
  }
}

describe('on the embedded broker', () => kills(() => null));
describeWithKafka('on a real Kafka', (kafka) => kills(() => kafka().bootstrapServers));
