import { createKafkaBroker } from '../../../src/broker/kafka/kafka-broker.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { describeBrokerPorts } from '../../support/broker-port-suite.ts';
import { describeWithKafka } from '../../support/describe-with-kafka.ts';

describeWithKafka('a real Kafka', (kafka) => {
  describeBrokerPorts('a real Kafka', async () => {
    const { bootstrapServers } = kafka();
    const broker = createKafkaBroker({ bootstrapServers, logger: silentLogger, clock: systemClock });
    return { broker, close: () => broker.close() };
  });
});
