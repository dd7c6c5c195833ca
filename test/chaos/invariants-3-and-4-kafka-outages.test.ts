import { it } from 'vitest';
import { describeWithJava } from '../support/describe-with-kafka.ts';
import { surviveKafkaOutages } from './kafka-outage.ts';

describeWithJava('a Kafka that is away', () => {
  it('for thirty seconds, ten times, costs no record and no order', async () => {
    await surviveKafkaOutages({ outageMs: 30_000, outages: 10 });
  }, 900_000);
});
