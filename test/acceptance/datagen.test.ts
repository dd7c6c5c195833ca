import { describe, it } from 'vitest';
import plugin from '../../connectors/datagen/index.ts';
import { connectorAcceptance } from '../../src/testing/connector-acceptance.ts';

for (const quickstart of ['orders', 'users', 'pageviews']) {
  connectorAcceptance(
    { describe, it },
    {
      plugin,
      className: 'io.confluent.kafka.connect.datagen.DatagenConnector',
      type: 'source',
      prepare: () => ({
        config: { 'kafka.topic': 't', quickstart, 'max.interval': '1', 'random.seed': '11', iterations: '20' },
        expected: 20,
      }),
    },
  );
}
