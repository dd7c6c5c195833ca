/** Invariants 3 and 4 against a real Kafka; longer outages are in test/chaos. */
import { it } from 'vitest';
import { surviveKafkaOutages } from '../chaos/kafka-outage.ts';
import { describeWithJava } from '../support/describe-with-kafka.ts';

describeWithJava('a Kafka that is away', () => {
  it('at start, for want of a topic, for ten seconds amid the work, and at the end', async () => {
    await surviveKafkaOutages({ outageMs: 10_000, outages: 1, tolerance: 'none' });
  }, 180_000);

  it('is no reason to skip or dead-letter a record, or to leave a topic uncreated', async () => {
    await surviveKafkaOutages({ outageMs: 4_000, outages: 1, tolerance: 'all' });
  }, 180_000);
});
