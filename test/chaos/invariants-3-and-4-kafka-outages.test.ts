import { it } from 'vitest';
import { describeWithJava } from '../support/describe-with-kafka.ts';
import { surviveKafkaOutages } from './kafka-outage.ts';

describeWithJava('a Kafka that is away', () => {
  it.each(['none', 'all'] as const)(
    'for thirty seconds, five times, costs no record under errors.tolerance=%s',
    async (tolerance) => {
      await surviveKafkaOutages({ outageMs: 30_000, outages: 5, tolerance });
    },
    900_000,
  );
});
