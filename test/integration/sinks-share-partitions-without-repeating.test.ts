/** Invariants 2 and 7 through rebalances of a real Kafka's group; more cycles are in test/chaos. */
import { it } from 'vitest';
import { surviveRebalances } from '../chaos/sink-rebalances.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { testSeed } from '../support/seeded-random.ts';

describeWithKafka('two workers with one sink', (kafka) => {
  it('share its partitions through a join, a graceful leave and a kill', async () => {
    await surviveRebalances({ kafka: kafka().bootstrapServers, cycles: 1, seed: testSeed() });
  }, 120_000);
});
