/** Invariant 7 and at least once, while Kafka hangs; the long version is in test/chaos. */
import { it } from 'vitest';
import { actWhileKafkaHangs } from '../chaos/kafka-hangs.ts';
import { describeWithJava } from '../support/describe-with-kafka.ts';

describeWithJava('a Kafka that hangs', () => {
  it('keeps neither operations nor reads waiting, and loses nothing', async () => {
    await actWhileKafkaHangs({ hangMs: 6_000, rounds: 1 });
  }, 180_000);
});
