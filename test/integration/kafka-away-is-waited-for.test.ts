/** Invariants 3 and 4 against a real Kafka; longer outages are in test/chaos. */
import { it } from 'vitest';
import { surviveKafkaOutages } from '../chaos/kafka-outage.ts';
import { describeWithJava } from '../support/describe-with-kafka.ts';

describeWithJava('a Kafka that is away', () => {
  it('at start, for want of a topic, for ten seconds amid the work, and at the end', async () => {
    await surviveKafkaOutages({ outageMs: 10_000, outages: 1 });
  }, 180_000);
});
