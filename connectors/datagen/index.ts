/** Random records for tests and demonstrations, with the settings of Confluent's datagen. */
import { definePlugin } from 'holdfast/sdk';
import { DatagenConnector } from './source-connector.ts';
import { VERSION } from './version.ts';

export default definePlugin({
  name: 'datagen',
  version: VERSION,
  connectors: [
    {
      className: 'io.confluent.kafka.connect.datagen.DatagenConnector',
      type: 'source',
      create: DatagenConnector,
    },
  ],
});
