import { describe } from 'vitest';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { testSeed } from '../support/seeded-random.ts';
import { itSurvivesKills } from './worker-kills.ts';

const DIRECTIONS = ['source', 'sink', 'both'] as const;
const seed = testSeed();

function kills(kafka: () => string | null): void {
  for (const direction of DIRECTIONS) {
    itSurvivesKills(`ten kills lose and reorder nothing: ${direction}`, 600_000, () => ({
      direction,
      kills: 10,
      linesPerRound: 60_000,
      seed,
      kafka: kafka(),
    }));
  }
}

describe('on the embedded broker', () => kills(() => null));
describeWithKafka('on a real Kafka', (kafka) => kills(() => kafka().bootstrapServers));
