/** The connector that backs up a schema registry for as long as a worker runs. */
import { definePlugin } from '../../sdk/plugin.ts';
import { SchemaBackupConnector, VERSION } from './source-connector.ts';

export default definePlugin({
  name: 'schema-backup',
  version: VERSION,
  connectors: [
    {
      className: 'io.holdfast.schemas.SchemaBackup',
      aliases: ['holdfast.SchemaBackup'],
      type: 'source',
      create: SchemaBackupConnector,
    },
  ],
});
