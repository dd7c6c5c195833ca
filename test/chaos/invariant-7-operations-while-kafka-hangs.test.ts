import { it } from 'vitest';
import { describeWithJava } from '../support/describe-with-kafka.ts';
import { actWhileKafkaHangs } from './kafka-hangs.ts';

describeWithJava('a Kafka that hangs', () => {
  it('is no reason for an operator to wait or to lose anything', async () => {
    await actWhileKafkaHangs({ hangMs: 15_000, rounds: 5 });
  }, 900_000);
});
