import { it } from 'vitest';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { testSeed } from '../support/seeded-random.ts';
import { surviveRebalances } from './sink-rebalances.ts';

describeWithKafka('two workers with one sink', (kafka) => {
  it('share its partitions through ten joins, leaves and kills', async () => {
    await surviveRebalances({ kafka: kafka().bootstrapServers, cycles: 10, seed: testSeed() });
  }, 600_000);
});
